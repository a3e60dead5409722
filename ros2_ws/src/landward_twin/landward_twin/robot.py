"""One robot in MuJoCo behind the drives that the real one has. Knows nothing of ROS."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landward.errors import LandwardError, SimulationError
from landward_ros.watchdog import CommandWatchdog
from robots import Robot
from sims.mujoco.actuators import dc_motor_torque
from sims.mujoco.model import build_model, mujoco_module
from sims.physics import PhysicsCfg
from sims.terrain import FLAT, Terrain

Floats = NDArray[np.float64]
POSES = ("standing", "lying")
LIMIT_TOLERANCE = 1e-5
"""[rad] A position this far beyond a joint limit is rounding (float32 on the way), not a wrong command."""
SINK = 3.0
"""[s] After this long in damping mode a robot that stood has come to rest on the ground."""


@dataclass(frozen=True)
class TwinCfg:
    """What may differ from one twin to the next."""

    timestep: float = 0.002
    """Physics step [s]."""
    latency: float = 0.0
    """Delay from an accepted command to the torque that answers it [s], rounded to physics steps."""
    strength: float = 1.0
    """Factor on gains and torque limits (battery, heat)."""
    start: str = "standing"
    """Pose at the start: standing, or lying where it comes to rest when it sinks from standing in damping."""
    control_period: float | None = None
    """Commands are expected at this period [s]; None: the robot's."""


@dataclass(frozen=True)
class Reading:
    """What the robot's sensors would measure without noise. Joint arrays follow `robot.joint_names`."""

    time: float
    """Simulated time [s]."""
    joint_position: Floats
    """(J,) [rad]."""
    joint_velocity: Floats
    """(J,) [rad/s]."""
    joint_effort: Floats
    """(J,) torque applied in the last physics step [N m]."""
    orientation: Floats
    """(4,) of the base in the world, (w, x, y, z)."""
    angular_velocity: Floats
    """(3,) base frame [rad/s]."""
    linear_acceleration: Floats
    """(3,) specific force in the base frame, as an accelerometer at the base's origin measures it: at rest
    +9.81 m/s^2 along the upward direction (REP-145). Mean over the last physics step."""


@dataclass(frozen=True)
class Truth:
    """Where the robot really is."""

    position: Floats
    """(3,) base in the world [m]."""
    orientation: Floats
    """(4,) of the base in the world, (w, x, y, z)."""
    linear_velocity: Floats
    """(3,) base frame [m/s]."""
    angular_velocity: Floats
    """(3,) base frame [rad/s]."""


class TwinRobot:
    """A robot that does what its drives would do with commands of the real robot's interface.

    A command is a position target for every joint, or None for damping: torque = -safety.damping * velocity.
    Until the first command, and after 1.5 control periods without one, the drives damp by themselves. A robot
    that fell stays where it lies until `reset`.
    """

    def __init__(self, robot: Robot, cfg: TwinCfg | None = None, terrain: Terrain = FLAT) -> None:
        """Compile the model and put the robot on the ground.

        Args:
            robot: its drives' gains and limits, its model.
            cfg: what differs from the nominal robot.
            terrain: the ground.

        Raises:
            LandwardError: settings that make no sense.
            SimulationError: the model is unusable.
        """
        self.robot, self.cfg, self.terrain = robot, cfg or TwinCfg(), terrain
        _check(self.cfg)
        self._mj = mujoco_module()
        self.model = build_model(robot, _physics(self.cfg.timestep), terrain)
        self.data = self._mj.MjData(self.model)
        # Views into MuJoCo's memory; getting one from MjData costs a microsecond every time.
        self._q, self._v, self._ctrl = self.data.qpos, self.data.qvel, self.data.ctrl
        self._qpos = np.array([int(self.model.joint(n).qposadr[0]) for n in robot.joint_names])
        self._dof = np.array([int(self.model.joint(n).dofadr[0]) for n in robot.joint_names])
        strength = self.cfg.strength
        self._stiffness, self._damping = strength * _array(robot.stiffness), strength * _array(robot.damping)
        self._stall, self._limit = (
            strength * _array(robot.saturation_effort),
            strength * _array(robot.effort_limit),
        )
        self._no_load, self._safe_damping = _array(robot.velocity_limit), _array(robot.safety.damping)
        self._low, self._high = _array(robot.joint_limits).T
        self._lag = round(self.cfg.latency / self.cfg.timestep)
        self._watchdog = CommandWatchdog(self.cfg.control_period or robot.control_period)
        self.steps = 0
        """Physics steps done since the start; `reset` does not turn time back."""
        self.command_lost = False
        """Whether commands have stopped coming, so that the drives damp by themselves."""
        self._pending: deque[tuple[int, Floats | None]] = deque()
        self._target: Floats | None = None
        self._acceleration = np.zeros(3)
        self._lying: Floats | None = None
        self.reset()

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        return self.steps * self.cfg.timestep

    @property
    def target(self) -> Floats | None:
        """The command in force, (J,) [rad]; None: damping."""
        return self._target

    @property
    def waiting(self) -> bool:
        """Whether no command has come yet."""
        return not self._watchdog.started

    @property
    def longest_silence(self) -> float:
        """Time without a command after which the drives damp [s]."""
        return self._watchdog.limit

    def refusal(self, position: Floats) -> str:
        """Why the drives would not take this position target, as their firmware would judge; "" if they do.

        Args:
            position: (J,) [rad].
        """
        names = self.robot.joint_names
        if position.shape != (len(names),):
            return f"{position.shape} positions for {len(names)} joints"
        bad = np.flatnonzero(~np.isfinite(position))
        if len(bad):
            return f"target of {names[bad[0]]} is {position[bad[0]]}"
        beyond = (position < self._low - LIMIT_TOLERANCE) | (position > self._high + LIMIT_TOLERANCE)
        bad = np.flatnonzero(beyond)
        if len(bad):
            i = bad[0]
            limits = f"[{self._low[i]:g}, {self._high[i]:g}]"
            return f"target of {names[i]} is {position[i]:.4f} rad, outside {limits}"
        return ""

    def command(self, position: Floats | None) -> None:
        """Accept a command; it comes into force after the latency.

        Args:
            position: (J,) targets [rad], or None for damping.

        Raises:
            LandwardError: the drives refuse it (see `refusal`); the command in force stays.
        """
        if position is not None:
            position = np.array(position, np.float64)
            reason = self.refusal(position)
            if reason:
                raise LandwardError(f"robot {self.robot.name} refuses the command: {reason}")
        self._watchdog.command(self.time)
        self.command_lost = False
        self._pending.append((self.steps + self._lag, position))

    def damp(self) -> None:
        """Damp at once, by the drives' own decision: no latency, commands on their way are forgotten."""
        self._pending.clear()
        self._target = None

    def step(self, count: int = 1) -> None:
        """Advance by `count` physics steps.

        Raises:
            SimulationError: the state is no longer finite.
        """
        for _ in range(count):
            self._step()
        if not math.isfinite(self._acceleration.sum()):
            raise SimulationError(f"the twin of {self.robot.name} diverged at {self.time:.3f} s: restart it")

    def _step(self) -> None:
        while self._pending and self._pending[0][0] <= self.steps:
            self._target = self._pending.popleft()[1]
        if self._watchdog.expired(self.time):
            self.command_lost = self._watchdog.started
            self.damp()
        self._ctrl[:] = self._torque(self._q[self._qpos], self._v[self._dof])
        before = self._v[:3].copy()
        self._mj.mj_step(self.model, self.data)
        self.steps += 1
        self._acceleration = (self._v[:3] - before) / self.cfg.timestep

    def _torque(self, position: Floats, velocity: Floats) -> Floats:
        if self._target is None:
            wanted = -self._safe_damping * velocity
        else:
            wanted = self._stiffness * (self._target - position) - self._damping * velocity
        return dc_motor_torque(wanted, velocity, self._stall, self._no_load, self._limit)

    def reset(self, pose: str | None = None) -> None:
        """Put the robot back to the start, at rest, in damping; commands on their way are forgotten.

        Args:
            pose: default the one of the configuration.
        """
        pose = pose or self.cfg.start
        if pose == "lying" and self._lying is None:
            self._lying = self._sink()
        self._place(self._lying if pose == "lying" and self._lying is not None else self._standing())

    def _standing(self) -> Floats:
        qpos = self.model.qpos0.copy()
        ground = float(self.terrain.height_at(np.zeros(2)))
        qpos[:7] = 0.0, 0.0, ground + self.robot.standing_height, 1.0, 0.0, 0.0, 0.0
        qpos[self._qpos] = self.robot.default_joint_pos
        return qpos

    def _sink(self) -> Floats:
        """Where a standing robot comes to rest in damping mode: the pose in which it starts its day."""
        steps = self.steps
        self._place(self._standing())
        self.step(round(SINK / self.cfg.timestep))
        self.steps = steps
        return self._q.copy()

    def _place(self, qpos: Floats) -> None:
        self.damp()
        self._mj.mj_resetData(self.model, self.data)
        self._q[:] = qpos
        self._mj.mj_forward(self.model, self.data)
        self._acceleration = np.zeros(3)

    def push(self, velocity: Floats) -> None:
        """Kick the base.

        Args:
            velocity: (2,) added to its horizontal velocity, world frame [m/s].
        """
        self._v[:2] += velocity

    def read(self) -> Reading:
        """What perfect sensors measure now."""
        return Reading(
            time=self.time,
            joint_position=self._q[self._qpos],
            joint_velocity=self._v[self._dof],
            joint_effort=self.data.actuator_force.copy(),
            orientation=self._q[3:7].copy(),
            angular_velocity=self._v[3:6].copy(),
            linear_acceleration=self._in_base(self._acceleration - self.model.opt.gravity),
        )

    def truth(self) -> Truth:
        """Where the robot is now."""
        return Truth(
            position=self._q[:3].copy(),
            orientation=self._q[3:7].copy(),
            linear_velocity=self._in_base(self._v[:3]),
            angular_velocity=self._v[3:6].copy(),
        )

    def _in_base(self, vector: Floats) -> Floats:
        """A world vector (3,) in the frame of the base."""
        inverse, result = np.empty(4), np.empty(3)
        self._mj.mju_negQuat(inverse, self._q[3:7])
        self._mj.mju_rotVecQuat(result, vector, inverse)
        return result


def _physics(timestep: float) -> PhysicsCfg:
    """The fine physics of `landward eval`, in which no policy was trained; every link touches the ground."""
    return PhysicsCfg(
        timestep=timestep,
        substeps=1,
        cone="elliptic",
        iterations=50,
        ls_iterations=50,
        actuator="dc_motor",
        contact_bodies="all",
    )


def _array(values: tuple[float, ...] | tuple[tuple[float, float], ...]) -> Floats:
    return np.array(values, np.float64)


def _check(cfg: TwinCfg) -> None:
    if not 0 < cfg.timestep <= 0.005:
        raise LandwardError(f"timestep is {cfg.timestep} s: the twin's physics needs 0 < timestep <= 0.005")
    if not (math.isfinite(cfg.latency) and 0 <= cfg.latency <= 1):
        raise LandwardError(f"latency is {cfg.latency} s: use 0 to 1")
    if not (math.isfinite(cfg.strength) and 0 < cfg.strength <= 10):
        raise LandwardError(f"strength is {cfg.strength}: use a positive factor, 1 for the nominal robot")
    period = cfg.control_period
    if period is not None and not (math.isfinite(period) and period > 0):
        raise LandwardError(f"control_period is {period} s: it must be positive, such as 0.02")
    if cfg.start not in POSES:
        raise LandwardError(f"start is {cfg.start!r}: use {' or '.join(POSES)}")
