"""Everything that can be set in the velocity task."""

from __future__ import annotations

from dataclasses import dataclass, field

from landward.constraint import Constraint
from landward.spec import Noise
from sims.physics import PhysicsCfg
from sims.terrain_grid import TerrainCfg
from sims.velocity.height_scan import HeightScan

Range = tuple[float, float]


@dataclass
class CommandCfg:
    """The commanded velocity: uniform in a box, held, redrawn now and then."""

    vx: Range = (-0.3, 1.0)
    """Forward velocity [m/s]."""
    vy: Range = (-0.3, 0.3)
    """Leftward velocity [m/s]."""
    wz: Range = (-0.8, 0.8)
    """Yaw rate, counter-clockwise positive [rad/s]."""
    standing: float = 0.1
    """Share of draws that are exactly zero."""
    resample_s: float = 5.0
    """Mean time between two draws; each step draws with probability control_period / resample_s [s]."""
    resample_standing_s: float | None = None
    """The same while the command is zero; None: as resample_s [s]."""
    dead_zone: float = 0.0
    """A drawn command with every component below this becomes zero."""


@dataclass
class RandomisationCfg:
    """What differs from one environment to the next, drawn uniformly once for each environment."""

    enabled: bool = True
    """False: the nominal robot, no pushes; noise has its own switch."""
    friction: Range | None = (0.4, 1.5)
    """Sliding friction of the feet."""
    payload: Range | None = (-1.0, 3.0)
    """Mass added to the base [kg]."""
    strength: Range | None = (0.8, 1.1)
    """Factor on gains and effort limits."""
    gains: Range | None = (0.9, 1.1)
    """Factor on each joint's stiffness and, drawn apart, damping."""
    armature: Range | None = None
    """Factor on the rotor inertias."""
    latency: Range | None = (0.0, 0.02)
    """Command delay [s]."""
    push: float = 1.0
    """Largest velocity kick along each horizontal axis [m/s]."""
    push_s: float = 4.0
    """Mean time between kicks [s]."""


@dataclass
class ResetCfg:
    """Where an episode starts, around the default pose; ranges are symmetric and uniform."""

    joint_pos: float = 0.1
    """[rad], or a factor of the default pose where `joint_pos_is_factor`."""
    joint_pos_is_factor: bool = False
    """Whether joint_pos scales the default pose instead of being added to it."""
    joint_vel: float = 0.3
    """[rad/s]."""
    velocity: float = 0.3
    """Base velocity, linear and angular [m/s, rad/s]."""
    yaw: float = 0.0
    """Heading [rad]."""
    xy: float = 0.0
    """Place on the tile [m]."""


@dataclass
class SensorCfg:
    """Noise, scale and history of what the actor sees; half widths of uniform noise in SI units."""

    enabled: bool = True
    """False: no noise."""
    angular_velocity: float = 0.2
    """Gyroscope [rad/s]."""
    gravity: float = 0.05
    """Projected gravity from the attitude filter."""
    joint_position: float = 0.01
    """Encoders [rad]."""
    joint_velocity: float = 1.5
    """Differentiated encoders [rad/s]."""
    height_scan: float = 0.03
    """Ground height below the scan points [m]."""
    delay: Range = (0.0, 0.0)
    """Shortest and longest age of joint and IMU readings [s]."""
    history: int = 1
    """Frames of joint and IMU readings that the policy sees."""
    scale: dict[str, float | tuple[float, ...]] = field(default_factory=dict)
    """Observation term -> factor in the policy's input; 1 where not named."""


@dataclass
class RewardCfg:
    """Weights per second; a term of weight 0 is not computed. Formulas: sims/velocity/rewards.py."""

    lin_vel: float = 2.0
    """Tracking of the horizontal velocity."""
    ang_vel: float = 1.0
    """Tracking of the yaw rate."""
    sigma: float = 0.25
    """Width of both tracking terms, exp(-error^2 / sigma)."""
    trot: float = 0.0
    """Exactly one diagonal pair of feet on the ground, when moving."""
    stand: float = 0.0
    """All feet on the ground, when told to stand."""
    air_time: float = 0.0
    """Seconds in the air beyond `air_time_zero` at each touchdown, when moving."""
    air_time_zero: float = 0.25
    """Swing duration that is worth nothing [s]."""
    swing_height: float = 0.0
    """Swing peak over `swing_height_full`, less `swing_height_zero`, at each touchdown, when moving."""
    swing_height_full: float = 0.07
    """Swing peak that earns the full term [m]."""
    swing_height_zero: float = 0.6
    """Share of the full swing that is worth nothing."""
    vertical_velocity: float = 0.0
    """Square of the base's vertical velocity."""
    roll_pitch_rate: float = 0.0
    """Square of roll and pitch rate."""
    tilt: float = 0.0
    """Square of the horizontal part of projected gravity."""
    torque: float = 0.0
    """Square of the joint torques."""
    action_rate: float = 0.0
    """Square of the change of the raw action."""
    pose: float = 0.0
    """Square of the distance from the default pose."""
    standing_pose: float = 0.0
    """Absolute distance from the default pose, when told to stand."""
    standing_joint_velocity: float = 0.0
    """Square of the joint velocity, when told to stand."""
    shaping_start: float = 1.0
    """Factor on all but tracking, trot and stand at the first step ..."""
    shaping_steps: float = 0.0
    """... growing linearly to 1 over this many environment steps."""


@dataclass
class TerminationCfg:
    """What counts as a fall."""

    tilt: float = 1.0471975511965976
    """Angle between the base's z axis and the vertical [rad]."""
    height: bool = True
    """Base below the robot's fall_height above the ground."""
    body_contact: float | None = None
    """Force on a watched link [N]; None: contact is no fall."""


@dataclass
class VelocityCfg:
    """The velocity task of one robot on one kind of ground."""

    robot: str = "go1"
    """Name of the robot."""
    engine: str = "mujoco"
    """Engine that computes the physics; sims/engines.py lists them."""
    device: str = "cpu"
    """Where it computes: cpu, cuda or cuda:N."""
    threads: int = 0
    """CPU threads of the engine, 0 for all."""
    episode_s: float = 10.0
    """Time limit of an episode [s]."""
    action_scale: float = 0.25
    """Joint target = default pose + scale * action [rad]."""
    action_clip: float | None = 8.0
    """Bound on the raw action; None for none."""
    moving: float = 0.1
    """A command with a component above this asks for motion [m/s, rad/s]."""
    physics: PhysicsCfg = field(default_factory=PhysicsCfg)
    """Numerical settings."""
    commands: CommandCfg = field(default_factory=CommandCfg)
    """Commanded velocities."""
    randomisation: RandomisationCfg = field(default_factory=RandomisationCfg)
    """Differences between environments, and pushes."""
    resets: ResetCfg = field(default_factory=ResetCfg)
    """Start states."""
    sensors: SensorCfg = field(default_factory=SensorCfg)
    """What the actor sees."""
    rewards: RewardCfg = field(default_factory=RewardCfg)
    """Reward weights."""
    terminations: TerminationCfg = field(default_factory=TerminationCfg)
    """Falls."""
    terrain: TerrainCfg | None = None
    """Rough ground; None for the plane."""
    height_scan: HeightScan | None = None
    """Points around the robot whose ground height the actor sees; None: it walks blind."""
    constraints: tuple[Constraint, ...] = ()
    """Limits that training, evaluation and the robot's monitor share."""
    targets: dict[str, float] = field(default_factory=dict)
    """What a trained policy must reach in `landward eval`: metric -> limit."""

    def noise(self, half_width: float) -> Noise | None:
        """Uniform noise, or None where it is switched off."""
        return Noise("uniform", half_width) if self.sensors.enabled and half_width > 0 else None
