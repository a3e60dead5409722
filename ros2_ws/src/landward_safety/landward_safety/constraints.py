"""The policy's own constraints at run time: those that read what a robot measures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from landward.constraint import Constraint
from landward.spec import PolicySpec
from landward_ros.samples import ImuSample, JointSample
from landward_safety import measured
from landward_safety.measured import MeasuredState
from landward_safety.reasons import CONSTRAINT, Finding
from robots.robot import Robot


@dataclass
class _Watched:
    """One constraint and what is known about it since the robot was armed."""

    constraint: Constraint
    met: bool = False
    """Whether it was satisfied once: a robot that stands up may begin outside the bounds of walking."""
    since: float | None = None
    """Since when it has been violated without a break [s]."""
    count: int = 0
    """How many evaluations found a soft violation."""


class PolicyConstraints:
    """Evaluates a policy's constraints on what the robot measures.

    A constraint counts from the first moment on at which it is satisfied after `arm`. From then on a hard one
    must always be satisfied, and a soft one may be violated for `grace` without a break.

    Args:
        spec: of the policy.
        robot: its declaration.
        control_period: time between two commands [s].
        grace: for soft constraints [s].

    Raises:
        SpecError: the policy does not command joint positions of this robot, or a monitored constraint does
            not fit the entry that it reads.
    """

    def __init__(self, spec: PolicySpec, robot: Robot, control_period: float, grace: float) -> None:
        self._grace = grace
        self._state = MeasuredState(spec, robot, control_period)
        self._watched = [_Watched(item) for item in spec.constraints if not _unmeasured(item)]
        self.not_monitored = tuple(
            f"{item.name} (needs {', '.join(_unmeasured(item))})"
            for item in spec.constraints
            if _unmeasured(item)
        )
        """Constraints that read, refer to or are gated by something that the robot does not measure."""
        self._by_source = {
            source: [item for item in self._watched if item.constraint.reads in source]
            for source in (measured.JOINTS, measured.IMU, measured.COMMAND)
        }
        self._try_all(len(robot.joint_names))

    @property
    def monitored(self) -> tuple[str, ...]:
        """Names of the constraints that are evaluated."""
        return tuple(item.constraint.name for item in self._watched)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Names of those that have not been satisfied since the robot was armed, and so do not count yet."""
        return tuple(item.constraint.name for item in self._watched if not item.met)

    @property
    def violated(self) -> tuple[str, ...]:
        """Names of those that are violated now."""
        return tuple(item.constraint.name for item in self._watched if item.since is not None)

    def persists(self, name: str) -> bool:
        """Whether the constraint of that name is violated by the newest measurement."""
        sensed = (*self._by_source[measured.JOINTS], *self._by_source[measured.IMU])
        return any(item.since is not None and item.constraint.name == name for item in sensed)

    @property
    def counts(self) -> dict[str, int]:
        """Name -> evaluations that found it violated, since the start."""
        return {item.constraint.name: item.count for item in self._watched}

    def arm(self) -> None:
        """Begin anew: nothing measured, nothing met."""
        self._state.reset()
        for item in self._watched:
            item.met, item.since = False, None

    def joints(self, sample: JointSample, now: float) -> Finding | None:
        """Evaluate what joint_states brings; see `_evaluate`."""
        self._state.joints(sample)
        return self._evaluate(self._by_source[measured.JOINTS], now)

    def imu(self, sample: ImuSample, now: float) -> Finding | None:
        """Evaluate what imu/data brings; see `_evaluate`."""
        self._state.imu(sample)
        return self._evaluate(self._by_source[measured.IMU], now)

    def command(self, target: np.ndarray, now: float) -> Finding | None:
        """Evaluate what the policy's target brings; see `_evaluate`."""
        self._state.command(target)
        return self._evaluate(self._by_source[measured.COMMAND], now)

    def _evaluate(self, items: Iterable[_Watched], now: float) -> Finding | None:
        """The first constraint that is a fault now, or None."""
        found = None
        for item in items:
            found = self._judge(item, now) or found
        return found

    def _judge(self, item: _Watched, now: float) -> Finding | None:
        constraint, entries = item.constraint, self._state.entries
        # joint_acc and action_rate need some history; a reference may come from another topic.
        if constraint.reads not in entries or (constraint.reference and constraint.reference not in entries):
            return None
        if constraint.when and constraint.when not in entries:
            return None
        value = constraint.value(entries, self._state.names)
        if (value <= 0.0).all():
            item.met, item.since = True, None
            return None
        if not item.met:
            return None
        item.count += 1
        item.since = now if item.since is None else item.since
        lasted = now - item.since
        if constraint.kind == "soft" and lasted < self._grace:
            return None
        return Finding(CONSTRAINT + constraint.name, self._describe(constraint, value, lasted))

    def _describe(self, constraint: Constraint, value: np.ndarray, lasted: float) -> str:
        worst = int(np.argmax(value[0]))
        names = constraint.elements or self._state.names.get(constraint.reads, ())
        element = f" of {names[worst]}" if len(names) == value.shape[1] else ""
        duration = f" for {lasted:.3f} s" if constraint.kind == "soft" else ""
        return (
            f"{constraint.reads}{element} is {float(value[0, worst]):.3g} {constraint.unit} beyond "
            f"the policy's {constraint.kind} constraint{duration}"
        )

    def _try_all(self, joints: int) -> None:
        """Evaluate everything once: a constraint that does not fit is found before the robot moves."""
        zeros = np.zeros(joints)
        for stamp in (0.0, self._state.period):
            self._state.joints(JointSample(stamp, zeros, zeros, zeros))
            self._state.command(zeros)
        self._state.imu(ImuSample(0.0, np.zeros(3), np.array((1.0, 0.0, 0.0, 0.0))))
        for item in self._watched:
            item.constraint.value(self._state.entries, self._state.names)
        self.arm()


def _unmeasured(constraint: Constraint) -> list[str]:
    """Entries that the constraint needs and a robot does not measure."""
    needs = {constraint.reads, constraint.reference, constraint.when} - {""}
    # A constant that is bounded would never be evaluated: no message brings it.
    return sorted((needs - measured.MEASURED) | ({constraint.reads} & measured.CONSTANT))
