"""A robot of two joints whose numbers are easy to reckon with, and what it measures."""

from dataclasses import fields, replace

import numpy as np

from landward.constraint import Constraint
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from landward_ros.samples import CommandSample, ImuSample, JointSample
from landward_safety.config import MonitorConfig
from landward_safety.decision import Decision
from landward_safety.monitor import Monitor
from robots.robot import Robot
from robots.safety import Safety

PERIOD = 0.02
START = 100.0
NAMES = ("hip", "knee")
PER_JOINT = ("joint_names", "default_joint_pos", "joint_limits", "stiffness", "damping", "effort_limit")
MORE = ("velocity_limit", "saturation_effort", "armature", "joint_damping", "joint_friction")
SAFETY = Safety(
    tilt=0.5,
    target_rate=(10.0, 20.0),
    velocity=(10.0, 20.0),
    effort=(8.0, 4.0),
    position_margin=0.1,
    damping=(2.0, 2.0),
    stand_speed=1.0,
    sensor_age=0.015,
    sensor_rate=200.0,
)
ROBOT = Robot(
    name="two",
    title="Two joints",
    joint_names=NAMES,
    default_joint_pos=(0.1, -0.5),
    joint_limits=((-1.0, 1.0), (-2.0, 2.0)),
    stiffness=(20.0, 10.0),
    damping=(1.0, 0.5),
    effort_limit=(8.0, 4.0),
    velocity_limit=(10.0, 20.0),
    saturation_effort=(8.0, 4.0),
    armature=(0.01, 0.01),
    joint_damping=(0.0, 0.0),
    joint_friction=(0.0, 0.0),
    base="base",
    feet=(),
    foot_names=(),
    diagonals=(),
    bodies=(),
    watched=(),
    standing_height=0.3,
    fall_height=0.1,
    latency=(0.0, 0.0),
    mirror_joints=(("hip", "knee", 1.0), ("knee", "hip", 1.0)),
    urdf="two.urdf",
    safety=SAFETY,
    mirror_feet=(),
    sources=dict.fromkeys(
        (*PER_JOINT, *MORE, *(f"safety.{item.name}" for item in fields(SAFETY))), "made up"
    ),
)


def spec(*constraints: Constraint, names: tuple[str, ...] = NAMES) -> PolicySpec:
    """A policy of ROBOT; the action is (target - offset) / 0.5."""
    offset = tuple(ROBOT.default_joint_pos[NAMES.index(name)] for name in names)
    action = ActionTerm(
        "target", "joint_position_target", (2,), names=names, unit="rad", scale=0.5, offset=offset
    )
    observation = ObservationTerm("joint_pos", "joint_position", (2,), unit="rad", names=names)
    return PolicySpec("two-stand", "two", PERIOD, {"policy": (observation,)}, (action,), constraints)


def joints(
    at: float,
    position: tuple[float, ...] = (0.1, -0.5),
    velocity: tuple[float, ...] = (0.0, 0.0),
    effort: tuple[float, ...] = (0.0, 0.0),
) -> JointSample:
    return JointSample(at, np.array(position), np.array(velocity), np.array(effort))


def imu(at: float, roll: float = 0.0) -> ImuSample:
    quaternion = np.array((np.cos(roll / 2), np.sin(roll / 2), 0.0, 0.0))
    return ImuSample(at, np.zeros(3), quaternion)


def target(at: float, *position: float) -> CommandSample:
    return CommandSample(at, np.array(position or (0.1, -0.5)))


def damping(at: float) -> CommandSample:
    return CommandSample(at, None)


class Scene:
    """A monitor and a clock; sensors are fresh whenever time is told."""

    def __init__(self, *constraints: Constraint, **config: float) -> None:
        self.monitor = Monitor(ROBOT, spec(*constraints), replace(MonitorConfig(PERIOD), **config))
        self.now = START

    def sense(self, now: float | None = None, **measured: tuple[float, ...]) -> Decision | None:
        """Joints and IMU at `now`; what the monitor says to the joints."""
        self.now = self.now if now is None else now
        said = self.monitor.joint_states(joints(self.now, **measured), self.now)
        self.monitor.imu(imu(self.now), self.now)
        return said

    def command(self, *position: float, **measured: tuple[float, ...]) -> Decision:
        """A control period later: fresh sensors, then a command."""
        self.sense(self.now + PERIOD, **measured)
        return self.monitor.command(target(self.now, *position), self.now)

    def arm(self) -> "Scene":
        """Sensors and one target at the standing pose."""
        self.sense()
        assert self.command().position is not None
        return self

    @property
    def reason(self) -> str:
        """The latched fault's name."""
        return self.monitor.fault.reason if self.monitor.fault else ""
