"""From samples to commands: the policy, its inputs and the states together, without any ROS."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

import numpy as np

from landward.errors import LandwardError, PolicyInputError
from landward.onnx_policy import OnnxPolicy
from landward.runs import find_policy
from landward_policy.inputs import Ages, Inputs, InputsLostError
from landward_policy.machine import Machine, Mode
from landward_ros import names
from robots import get_robot
from robots.fit import check_policy_fits

STAND_TOLERANCE = 0.3
"""Joints further from the standing pose than this keep the robot from walking [rad]: more than legs sag under
the robot's weight, less than any other pose is away."""

INPUT_LOST = "input_lost"
"""Fault: a measurement is missing, too old, or not a number."""
POLICY_INPUT = "policy_input"
"""Fault: the policy was fed, or gave, a NaN or infinite number."""
MONITOR_SILENT = "monitor_silent"
"""Fault: the safety monitor is not heard any more."""
CLOCK = "clock"
"""Fault: ROS time went backwards."""
INTERNAL = "internal"
"""Fault: an error in this node."""


class MonitorSilentError(LandwardError):
    """The safety monitor does not report."""


@dataclass(frozen=True)
class Settings:
    """What the node's parameters say; zero stands for the robot's own number."""

    robot: str
    policy: str
    """policy.onnx, or the run folder that has it."""
    control_period: float = 0.0
    """Time between two commands [s]."""
    input_age: float = 0.0
    """A sensor whose newest sample is older is lost [s]."""
    command_age: float = 0.5
    """A velocity command that is older counts as zero [s]."""
    monitor_age: float = 0.5
    """A safety monitor whose last report is older is lost; it reports ten times a second [s]."""
    threads: int = 1
    """Of ONNX Runtime."""


@dataclass(frozen=True)
class Command:
    """What to send after one tick."""

    position: np.ndarray | None
    """(J,) target in the order of the robot's joints [rad]; None asks for damping."""
    stamp_ns: int = 0
    """Stamp of the joint states that the target answers [ns]."""
    inputs: dict[str, np.ndarray] | None = None
    """What the policy was fed, where it was run; overwritten by the next tick."""
    tick: int = 0
    """Inferences since the policy's memory was reset; 0 = reset just before."""


DAMPING = Command(None)


class Controller:
    """Gives one command a tick. Whatever goes wrong while the robot moves ends in damping, with a reason."""

    def __init__(self, settings: Settings) -> None:
        """Load the policy, hold it to the robot's declaration, run it once.

        Raises:
            RegistryError: no such robot.
            RunError: there is no policy file.
            PolicyFileError: it is cut short, altered, or not a policy.
            SpecMismatchError: the policy does not fit the robot; the message lists every difference.
        """
        self.robot = robot = get_robot(settings.robot)
        safety = robot.safety
        path = find_policy(settings.policy)
        self.policy = OnnxPolicy(path, threads=settings.threads)
        spec = self.policy.spec
        self.period = settings.control_period or robot.control_period
        """Time between two commands [s]."""
        check_policy_fits(spec, robot, self.period, path)
        self.sensor_period = 1.0 / safety.sensor_rate
        ages = Ages(settings.input_age or safety.sensor_age, settings.command_age, self.sensor_period)
        self.inputs = Inputs(spec, robot.joint_names, ages)
        action = spec.actions[0]
        self._action = action.name
        self._order = np.array([action.names.index(name) for name in robot.joint_names])
        standing = np.array(robot.default_joint_pos)
        self.machine = Machine(robot.joint_names, standing, safety.stand_speed, STAND_TOLERANCE)
        self.command_expired = False
        """Whether the last inference ran on a command of zero because the operator is silent."""
        self._tick = 0
        self._monitor_age = settings.monitor_age
        self._monitor_heard: tuple[float, float] | None = None

    def monitor(self, fault: str, now: float, steady: float) -> None:
        """The safety monitor said how it is.

        Args:
            fault: what it has latched; empty where nothing.
            now: ROS time [s].
            steady: a clock that nobody sets [s].
        """
        self._monitor_heard = (now, steady)
        self.machine.monitor(fault)

    def stand(self, now: float, steady: float) -> str:
        """Stand up; "" or why not."""
        try:
            pose = self._ready(now, steady)
        except LandwardError as error:
            return f"stand refused: {error}"
        return self.machine.stand(pose, now)

    def walk(self, now: float, steady: float) -> str:
        """Hand over to the policy, with an empty memory; "" or why not."""
        try:
            pose = self._ready(now, steady)
        except LandwardError as error:
            return f"walk refused: {error}"
        before = self.machine.mode
        refusal = self.machine.walk(pose, now)
        if not refusal and before is not Mode.POLICY:
            self.policy.reset()
            self._tick = 0
        return refusal

    def passive(self, now: float, steady: float) -> str:
        """Go to damping; "" or why not. Needs no measurement."""
        return self.machine.passive()

    def fault(self, reason: str) -> None:
        """Go to damping while the robot moves; otherwise nothing is wrong with damping."""
        if self.machine.moves:
            self.machine.fault(reason)

    def tick(self, now: float, steady: float) -> Command:
        """The command of this control period.

        Args:
            now: ROS time [s].
            steady: a clock that nobody sets [s].
        """
        if not self.machine.moves:
            return DAMPING
        try:
            return self._move(now, steady)
        except MonitorSilentError as error:
            self.machine.fault(f"{MONITOR_SILENT}: {error}")
        except InputsLostError as error:
            self.machine.fault(f"{INPUT_LOST}: {error}")
        except PolicyInputError as error:
            self.machine.fault(f"{POLICY_INPUT}: {error}")
        except Exception as error:
            # Whatever it is, the robot must not go on with the last target.
            traceback.print_exception(error)
            self.machine.fault(f"{INTERNAL}: {type(error).__name__}: {error}")
        return DAMPING

    def _move(self, now: float, steady: float) -> Command:
        self._check_monitor(now, steady)
        values, joints, self.command_expired = self.inputs.assemble(now)
        if self.machine.mode is Mode.STAND:
            return Command(self.machine.target(now), joints.stamp_ns)
        target = self.policy(values)[self._action][0]
        tick, self._tick = self._tick, self._tick + 1
        return Command(target[self._order], joints.stamp_ns, values, tick)

    def _ready(self, now: float, steady: float) -> np.ndarray:
        """The measured pose (J,) [rad], once everything is there that a robot needs to move."""
        self._check_monitor(now, steady)
        return self.inputs.assemble(now).joints.position

    def _check_monitor(self, now: float, steady: float) -> None:
        """A monitor that died and came back would take up the targets of a robot that has fallen meanwhile.

        Silence counts on both clocks: simulated time may be much faster or slower than the wall's.
        """
        if self._monitor_heard is None:
            raise MonitorSilentError(f"no safety monitor is heard on {names.SAFETY_STATUS}; start it first")
        heard, heard_steady = self._monitor_heard
        silence = min(now - heard, steady - heard_steady)
        if silence > self._monitor_age:
            raise MonitorSilentError(f"the safety monitor was last heard {silence:.2f} s ago")
