"""Was the fault handled? Pure: fed with what was seen on the topics, in seconds of ROS time."""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np

from landward_faults.kinds import CLAMPED, DAMPING, IMU, JOINTS, PASSED, ROBOT, Fault
from landward_faults.named import is_name
from landward_ros.samples import CommandSample, JointSample
from robots.robot import Robot

_TOLERANCE = 1e-6
"""Rounding of a limit's arithmetic, relative and absolute."""
POLICY_REASONS = frozenset(("input_lost", "policy_input"))
"""The policy may be the first to notice a bad measurement; it then asks for damping itself, and says so."""
TIMING = frozenset(
    ("sensor_silent", "sensor_stale", "command_silent", "command_stale", "input_lost", "monitor_silent")
)
"""Faults that a machine too busy for its rate makes by itself."""
_REMEMBERED = 8
"""Measurements that a command may have been computed from: two control periods."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of one fault."""

    kind: str
    seed: tuple[int, int]
    """Campaign seed and number: `draw(kind, *seed)` is the same fault."""
    reaction: float
    """From the fault to the safe state or the answer, in control periods; infinite where it never came."""
    named_after: float
    """From the fault to its name in /diagnostics, in control periods; infinite where it never came."""
    failures: tuple[str, ...]
    """What was wrong; empty for a fault that was handled."""

    @property
    def caught(self) -> bool:
        """Whether nothing was wrong."""
        return not self.failures


class LimitCheck:
    """Holds every command on the robot topic against the robot's limits.

    Args:
        robot: whose limits.
        control_period: time from one command to the next [s].
    """

    def __init__(self, robot: Robot, control_period: float) -> None:
        self._robot = robot
        low_high = np.array(robot.joint_limits)
        self._low, self._high = low_high[:, 0], low_high[:, 1]
        self._step = np.array(robot.safety.target_rate) * control_period
        self._gains = np.array(robot.stiffness), np.array(robot.damping)
        self._effort = np.array(robot.safety.effort)
        self._measured: collections.deque[JointSample] = collections.deque(maxlen=_REMEMBERED)
        self._last: np.ndarray | None = None
        self.checked = 0
        """Commands so far."""

    def measured(self, sample: JointSample) -> None:
        """What the monitor was told about the joints; only measurements that it can have believed."""
        self._measured.append(sample)

    @property
    def target(self) -> np.ndarray | None:
        """The last command's (J,) [rad]; None where that asked for damping."""
        return self._last

    def forget(self) -> None:
        """The robot was started again: no measurement, no target before."""
        self._measured.clear()
        self._last = None

    def command(self, command: CommandSample) -> list[str]:
        """What is wrong with a command; empty for one within all limits, and for damping."""
        self.checked += 1
        position, before = command.position, self._last
        self._last = position
        if position is None:
            return []
        if not np.all(np.isfinite(position)):
            return [self._say("is not finite", ~np.isfinite(position), position)]
        found = []
        beyond = (position < self._low - _TOLERANCE) | (position > self._high + _TOLERANCE)
        if np.any(beyond):
            found.append(self._say("is beyond its limit", beyond, position))
        return found + self._rate(position, before) + self._torque(position)

    def _rate(self, position: np.ndarray, before: np.ndarray | None) -> list[str]:
        """Against the command before, or the measured pose where there was no target."""
        poses = [np.clip(sample.position, self._low, self._high) for sample in self._measured]
        starts = [before] if before is not None else poses
        too_fast = [
            np.abs(position - start) > self._step * (1.0 + _TOLERANCE) + _TOLERANCE for start in starts
        ]
        if not too_fast or any(not np.any(mask) for mask in too_fast):
            return []
        return [self._say("moves too fast", too_fast[-1], position - starts[-1])]

    def _torque(self, position: np.ndarray) -> list[str]:
        """Torque that the drive's PD law asks for, with any of the measurements of the last two periods."""
        stiffness, damping = self._gains
        torques = [
            stiffness * (position - sample.position) - damping * sample.velocity for sample in self._measured
        ]
        too_much = [
            np.abs(torque) > self._effort * (1.0 + _TOLERANCE) + _TOLERANCE * stiffness for torque in torques
        ]
        if not too_much or any(not np.any(mask) for mask in too_much):
            return []
        return [self._say("asks for too much torque", too_much[-1], torques[-1])]

    def _say(self, what: str, mask: np.ndarray, values: np.ndarray) -> str:
        joint = int(np.argmax(mask))
        return f"the target of {self._robot.joint_names[joint]} {what} ({values[joint]:.4g})"


class Trial:
    """One fault, from its injection to the verdict.

    Args:
        fault: what is injected.
        control_period: [s].
    """

    def __init__(self, fault: Fault, control_period: float) -> None:
        self.fault = fault
        self.period = control_period
        self.began: float | None = None
        """When the fault was present at the monitor's input [s]."""
        self._reacted: float | None = None
        self._named: float | None = None
        self._heard: set[str] = set()
        self._asked: dict[int, float] = {}
        self._slowest = -math.inf
        self._failures: list[str] = []
        self._seen_by_policy = fault.everywhere and bool({JOINTS, IMU} & set(fault.kind.streams))

    def present(self, now: float) -> None:
        """The fault is there; only the first call counts."""
        if self.began is None:
            self.began = now

    def asked(self, now: float, stamp_ns: int) -> None:
        """A faulty command of this stamp went to the monitor, which has to answer it."""
        self.present(now)
        self._asked[stamp_ns] = now

    def command(self, now: float, command: CommandSample, wrong: Sequence[str]) -> None:
        """A command came on the robot topic; `wrong` is what LimitCheck found."""
        self._failures += wrong
        reaction = self.fault.kind.reaction
        if self.began is None:
            return
        if reaction == DAMPING:
            if command.is_damping and self._reacted is None:
                self._reacted = now
            elif not command.is_damping and self._reacted is not None:
                self._fail("the monitor let go of the robot without a reset")
        elif reaction in (CLAMPED, PASSED):
            self._answer(now, command)

    def robot_damps(self, now: float) -> None:
        """The drive's torques are those of damping."""
        if self.began is not None and self.fault.kind.reaction == ROBOT and self._reacted is None:
            self._reacted = now

    def reasons(self, now: float, names: Iterable[str]) -> None:
        """These faults are in /diagnostics now, and were not before the fault."""
        if self.began is None:
            return
        found = set(names)
        self._heard |= found
        named = self.fault.kind.named_by(found)
        if self._seen_by_policy:
            named = named or not found.isdisjoint(POLICY_REASONS)
        if self._named is None and named:
            self._named = now

    @property
    def overtaken(self) -> bool:
        """Whether the monitor took over for another cause first, so that this fault could not show.

        A busy machine makes real faults of its own: a message late, a process not run. Only such causes count
        here, and a fault whose grace had not passed.
        """
        if self.began is None or self._reacted is None or self._named is not None or self._failures:
            return False
        return self._reacted < self.began + self.fault.kind.grace or not self._heard.isdisjoint(TIMING)

    @property
    def excess(self) -> float:
        """How late a reaction was [s of ROS time]; 0 where it was in time, or never came."""
        reaction = self._reaction()
        late = reaction - self.fault.kind.bound
        return max(0.0, late * self.period) if math.isfinite(reaction) else 0.0

    @property
    def finished(self) -> bool:
        """Whether reaction and name are both there."""
        return self._reacted is not None and self._named is not None and not self._asked

    def verdict(self) -> Verdict:
        """The verdict on what was seen so far."""
        kind, failures = self.fault.kind, list(self._failures)
        if self.began is None:
            return Verdict(kind.name, self.fault.seed, math.inf, math.inf, ("it could not be injected",))
        reaction = self._reaction()
        if math.isinf(reaction):
            failures.append("no answer came" if kind.reaction in (CLAMPED, PASSED) else "no safe state")
        elif reaction > kind.bound + _TOLERANCE:
            failures.append(f"the reaction took {reaction:.2f} control periods, the bound is {kind.bound:g}")
        if self._named is None:
            heard = ", ".join(sorted(word for word in self._heard if is_name(word))) or "nothing"
            failures.append(f"not named in /diagnostics: expected {' or '.join(kind.reasons)}, heard {heard}")
        named = math.inf if self._named is None else self._periods(self._named)
        return Verdict(kind.name, self.fault.seed, reaction, named, tuple(dict.fromkeys(failures)))

    def _answer(self, now: float, command: CommandSample) -> None:
        """The answer to a faulty command has its stamp; damping, which has none, answers all."""
        answered = [stamp for stamp in self._asked if command.is_damping or stamp <= command.stamp_ns]
        for stamp in answered:
            self._slowest = max(self._slowest, now - self._asked.pop(stamp))
            self._reacted = now

    def _reaction(self) -> float:
        if self.fault.kind.reaction in (CLAMPED, PASSED):
            done = self._reacted is not None and not self._asked
            return self._slowest / self.period if done else math.inf
        return math.inf if self._reacted is None else self._periods(self._reacted)

    def _periods(self, at: float) -> float:
        """From the instant from which the fault counts, in control periods; what came before it is 0."""
        assert self.began is not None
        return max(0.0, at - self.began - self.fault.kind.grace) / self.period

    def _fail(self, failure: str) -> None:
        if failure not in self._failures:
            self._failures.append(failure)


def damps(robot: Robot, before: JointSample, sample: JointSample, target: np.ndarray | None) -> bool:
    """Whether the drives damp: the torques fit -damping * velocity better than they fit the last target.

    A torque was applied at a state between two measurements, as joints that are let go turn fast; what an
    impact did in between is left over in either case, so the two laws are compared.

    Args:
        robot: with its gains and the damping of its safe state.
        before: the measurement before.
        sample: the measurement.
        target: (J,) of the last command [rad]; None where that asked for damping.
    """
    if target is None:
        return True
    safe, stiffness, damping = (
        np.array(gains) for gains in (robot.safety.damping, robot.stiffness, robot.damping)
    )
    states = (before, sample)
    damped = [-safe * each.velocity for each in states]
    held = [stiffness * (target - each.position) - damping * each.velocity for each in states]
    return _misfit(robot, damped, sample.effort) < _misfit(robot, held, sample.effort)


def _misfit(robot: Robot, laws: Sequence[np.ndarray], effort: np.ndarray) -> float:
    """Torque that lies outside what a law gives for either of two states, over all joints [N m]."""
    limit = np.array(robot.effort_limit)
    first, second = (np.clip(law, -limit, limit) for law in laws)
    low, high = np.minimum(first, second), np.maximum(first, second)
    return float(np.sum(np.maximum(0.0, np.maximum(low - effort, effort - high))))
