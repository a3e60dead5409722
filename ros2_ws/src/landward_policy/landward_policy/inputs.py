"""A policy's named SI inputs, assembled from the samples of a robot's topics by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from landward.errors import LandwardError, SpecMismatchError
from landward.spec import ObservationTerm, PolicySpec
from landward_policy.sample_buffer import SampleBuffer
from landward_ros import names
from landward_ros.samples import JointSample

VELOCITY_COMMAND = ("vx", "vy", "wz")
"""Elements of a command that cmd_vel carries: forward, left [m/s], turn to the left [rad/s]."""
_XYZ = ("x", "y", "z")
_WXYZ = ("w", "x", "y", "z")


class InputsLostError(LandwardError):
    """A measurement that the policy needs is missing, too old, or not a number."""


class VelocityCommand(NamedTuple):
    """What an operator asked for."""

    stamp: float
    """ROS time [s]."""
    velocity: np.ndarray
    """(3,): vx, vy [m/s], wz [rad/s] in the base frame."""


@dataclass(frozen=True)
class Ages:
    """Bounds on the age of what the policy is fed [s]."""

    sensor: float
    """A sensor whose newest sample is older is lost."""
    command: float
    """A command that is older counts as zero: the operator no longer asks for anything."""
    sensor_period: float
    """Between two samples of a sensor; tolerance of the age that the policy was trained with."""


@dataclass(frozen=True)
class _Kind:
    """Where a kind of observation comes from."""

    topic: str
    names: tuple[str, ...]
    """Elements in the order of `read`; empty for the robot's joints."""
    read: Callable[[Any], np.ndarray]


_KINDS = {
    "joint_position": _Kind(names.JOINT_STATES, (), lambda sample: sample.position),
    "joint_velocity": _Kind(names.JOINT_STATES, (), lambda sample: sample.velocity),
    "joint_effort": _Kind(names.JOINT_STATES, (), lambda sample: sample.effort),
    "angular_velocity": _Kind(names.IMU, _XYZ, lambda sample: sample.angular_velocity),
    "projected_gravity": _Kind(names.IMU, _XYZ, lambda sample: sample.gravity),
    "orientation": _Kind(names.IMU, _WXYZ, lambda sample: sample.orientation),
    "command": _Kind(names.CMD_VEL, VELOCITY_COMMAND, lambda sample: sample.velocity),
}


@dataclass
class _Input:
    """One input of the policy and where it is kept."""

    name: str
    read: Callable[[Any], np.ndarray]
    order: np.ndarray
    """(n,) index into what `read` gives, for every element of the policy's input."""
    buffer: SampleBuffer
    delay: tuple[float, float]
    """Shortest and longest age that the policy was trained with [s]."""
    value: np.ndarray
    """(1, n), what the policy reads."""
    late: int = 0
    """How often the sample was older than the longest delay, by more than a sensor period."""


class Assembled(NamedTuple):
    """The inputs of one inference."""

    values: dict[str, np.ndarray]
    """Input name -> (1, n), SI; the arrays are overwritten by the next inference."""
    joints: JointSample
    """The newest joint states."""
    command_expired: bool
    """The operator is silent: the command was set to zero."""


class Inputs:
    """Collects samples, and gives a policy its inputs in the spec's own order, units and age.

    A sensor is alive as long as its newest sample is younger than `Ages.sensor`. A term with a delay in the
    spec is read from the newest sample that is at least as old as its shortest delay, because the policy
    was trained on readings of that age.
    """

    def __init__(self, spec: PolicySpec, joint_names: Sequence[str], ages: Ages) -> None:
        """Find the source of every input.

        Args:
            spec: of the policy.
            joint_names: the robot's joints, in the order of the joint samples.
            ages: bounds on the age of samples.

        Raises:
            SpecMismatchError: no topic carries an input; the message lists all such inputs.
        """
        problems = [problem for term in spec.inputs if (problem := _problem(term, joint_names))]
        if problems:
            raise SpecMismatchError("the policy's inputs cannot be assembled:\n  " + "\n  ".join(problems))
        self.ages = ages
        self.count = 0
        """How often `assemble` was successful since the last `take_late`."""
        topics = dict.fromkeys([names.JOINT_STATES, *(_KINDS[term.kind].topic for term in spec.inputs)])
        reach = {
            topic: max([t.delay[0] for t in spec.inputs if _KINDS[t.kind].topic == topic], default=0.0)
            for topic in topics
        }
        self.buffers = {topic: SampleBuffer(topic, reach[topic], ages.sensor) for topic in topics}
        """Topic -> its samples, for the topics that the policy needs; joint_states always."""
        self.sensors = tuple(topic for topic in self.buffers if topic != names.CMD_VEL)
        """Topics that must be alive."""
        self._inputs = [self._input(term, tuple(joint_names)) for term in spec.inputs]
        self._values = {entry.name: entry.value for entry in self._inputs}

    def _input(self, term: ObservationTerm, joints: tuple[str, ...]) -> _Input:
        kind = _KINDS[term.kind]
        known = kind.names or joints
        order = np.array([known.index(name) for name in term.names or known])
        value = np.zeros((1, *term.shape), term.dtype)
        return _Input(term.name, kind.read, order, self.buffers[kind.topic], term.delay, value)

    def clear(self) -> None:
        """Forget all samples, as after a jump of the clock."""
        for buffer in self.buffers.values():
            buffer.clear()

    def age(self, topic: str, now: float) -> float:
        """Age of the newest sample of a topic [s]; infinite before the first."""
        newest = self.buffers[topic].newest
        return math.inf if newest is None else now - newest.stamp

    def lost(self, now: float) -> str:
        """Which sensor is missing or too old, and by how much; empty where all are alive.

        Args:
            now: ROS time [s].
        """
        for topic in self.sensors:
            age = self.age(topic, now)
            if age <= self.ages.sensor:
                continue
            refused = self.buffers[topic].refused
            why = f"; the latest message was refused: {refused}" if refused else ""
            if age == math.inf:
                return f"no message on {topic} yet{why}"
            return f"{topic} is {age:.3f} s old, older than {self.ages.sensor:.3f} s{why}"
        return ""

    def assemble(self, now: float) -> Assembled:
        """The inputs for an inference at this moment.

        Args:
            now: ROS time [s].

        Raises:
            InputsLostError: a sensor is missing, too old, or gives NaN; the message names it.
        """
        lost = self.lost(now)
        joints = self.buffers[names.JOINT_STATES].newest
        if lost or joints is None:
            raise InputsLostError(lost)
        expired = False
        late = now - self.ages.sensor_period
        for entry in self._inputs:
            if entry.buffer.topic == names.CMD_VEL and self.age(names.CMD_VEL, now) > self.ages.command:
                entry.value[...] = 0.0
                expired = True
                continue
            # Without a delay it is the newest, even if the sensor's clock is a little ahead of ours.
            held = entry.delay[0] > 0.0
            sample = entry.buffer.at(now - entry.delay[0]) if held else entry.buffer.newest
            if sample is None:
                raise InputsLostError(
                    f"the policy was trained with {entry.name} at least {entry.delay[0]:.3f} s old and "
                    f"{entry.buffer.topic} has no sample of that age yet"
                )
            entry.late += sample.stamp < late - entry.delay[1]
            entry.value[0] = entry.read(sample)[entry.order]
            if not np.isfinite(entry.value).all():
                raise InputsLostError(f"{entry.name} from {entry.buffer.topic} is not finite: {_bad(entry)}")
        self.count += 1
        return Assembled(self._values, joints, expired)

    def take_late(self) -> dict[str, float]:
        """Share of the inferences since the last call that ran on older readings than any in training.

        Returns:
            Input name -> share, 0 to 1, where it is not 0. A sensor period of tolerance is granted. The
            command is not counted: it stands until the next one.
        """
        count, self.count = max(self.count, 1), 0
        shares = {e.name: e.late / count for e in self._inputs if e.late and e.buffer.topic != names.CMD_VEL}
        for entry in self._inputs:
            entry.late = 0
        return shares


def _problem(term: ObservationTerm, joints: Sequence[str]) -> str:
    """Why a term cannot be assembled; empty where it can."""
    where = f"input {term.name} ({term.kind})"
    kind = _KINDS.get(term.kind)
    if kind is None:
        return f"{where}: no topic carries this kind; this node assembles {', '.join(_KINDS)}"
    known = kind.names or tuple(joints)
    if not term.names and (kind.topic == names.CMD_VEL or not kind.names):
        return f"{where}: its elements have no names, so their order is unknown; {kind.topic} has {known}"
    unknown = [name for name in term.names if name not in known]
    if unknown:
        return f"{where}: {kind.topic} carries no {', '.join(unknown)}; it has {', '.join(known)}"
    if term.shape != (len(term.names or known),):
        return f"{where}: its shape is {term.shape}, {kind.topic} gives ({len(term.names or known)},)"
    return ""


def _bad(entry: _Input) -> str:
    index = int(np.argmin(np.isfinite(entry.value[0])))
    return f"element {index} is {entry.value[0, index]}"
