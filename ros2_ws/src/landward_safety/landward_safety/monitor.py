"""The state machine between a policy and a robot: every command passes it, every measurement is watched.

States: `disarmed` (the output is damping; where everything begins), `armed` (position targets pass,
clamped), `fault` (damping, latched until `reset`). The first position target that finds everything ready
arms; a damping command of the policy disarms; any finding while armed is a fault.

Pure: no ROS, no clock of its own, no thread. Times are float seconds of one clock; the caller passes `now`.
No method raises: what goes wrong inside is the fault `internal`.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable
from typing import Concatenate

import numpy as np

from landward.spec import PolicySpec
from landward_ros.samples import CommandSample, ImuSample, JointSample
from landward_safety import checks, reasons
from landward_safety.config import MonitorConfig
from landward_safety.constraints import PolicyConstraints
from landward_safety.decision import Decision
from landward_safety.limits import Limits, clamp, clamp_position
from landward_safety.reasons import Fault, Finding
from landward_safety.stream import Stream
from robots.robot import Robot

DISARMED, ARMED, FAULT = "disarmed", "armed", "fault"
JOINTS, IMU, COMMAND, DEADMAN = "joint_states", "imu/data", "policy/joint_command", "deadman"
_ROUNDING = 1e-6
"""A silence of exactly the bound is within it: simulated time comes in steps that hit it often [s]."""
_REPEAT = 0.9
"""Control periods after which `tick` repeats the damping command: a little early, never a tick too late."""


def _guarded[**P, R](
    method: Callable[Concatenate[Monitor, P], R],
) -> Callable[Concatenate[Monitor, P], R | Decision]:
    """An exception inside becomes the fault `internal`, and a new fault is always answered with damping."""

    @functools.wraps(method)
    def call(self: Monitor, *args: P.args, **kwargs: P.kwargs) -> R | Decision:
        before = self.fault
        try:
            result = method(self, *args, **kwargs)
        except Exception as error:
            return self.fail(Finding(reasons.INTERNAL, f"{method.__name__}: {type(error).__name__}: {error}"))
        if result is None and self.fault is not before:
            return self._answer(Decision(fault=self.fault))
        return result

    return call


class Monitor:
    """Watches one robot that one policy drives.

    Args:
        robot: limits, gains, joint order of all samples.
        spec: of the policy: its constraints and its action.
        config: patience.

    Raises:
        SpecError: the policy does not command joint positions of this robot, a constraint does not fit, or a
            joint has no stiffness.
    """

    def __init__(self, robot: Robot, spec: PolicySpec, config: MonitorConfig) -> None:
        safety = robot.safety
        self.config = config
        self.limits = Limits.of(robot, config.measured_margin)
        self.constraints = PolicyConstraints(spec, robot, config.control_period, config.soft_grace)
        command_age = config.command_age or safety.sensor_age + 0.5 * config.control_period
        sensor = (safety.sensor_age, reasons.SENSOR_STALE, reasons.SENSOR_OUT_OF_ORDER)
        self.streams = {
            JOINTS: Stream(JOINTS, *sensor),
            IMU: Stream(IMU, *sensor),
            COMMAND: Stream(COMMAND, command_age, reasons.COMMAND_STALE, reasons.COMMAND_OUT_OF_ORDER),
        }
        self._silence = config.silent_after * config.control_period + _ROUNDING
        self.state = DISARMED
        self.fault: Fault | None = None
        self.counters: Counter[str] = Counter()
        """Warnings, "refused_commands" and faults ("faults") since the start."""
        self.refused = ""
        """Why the newest position target did not arm; empty once one did, or the policy damps."""
        self._problems: dict[str, Finding] = {}
        self._warned_at: dict[str, float] = {}
        self._now = -math.inf
        self._joints: JointSample | None = None
        self._imu: ImuSample | None = None
        self._wants_position = False
        self._held_at: float | None = None
        self._sent: np.ndarray | None = None
        self._command_at = self._output_at = -math.inf

    # Inputs ---------------------------------------------------------------------------------------------

    @_guarded
    def joint_states(self, sample: JointSample, now: float, backlog: bool = False) -> Decision | None:
        """A measurement of the joints came.

        Args:
            sample: in the robot's joint order.
            now: [s].
            backlog: newer ones wait behind it, so its age is no finding.

        Returns:
            The takeover where this made a fault, else None.
        """
        self._advance(now)
        found = self.streams[JOINTS].arrive(sample.stamp_ns, now, backlog)
        found = found or checks.check_joints(sample, self.limits)
        violation = None
        if found is None:
            self._joints = sample
        if found is None and self.state != DISARMED:
            violation = self.constraints.joints(sample, now)
        self._sensor(JOINTS, found, violation)

    @_guarded
    def imu(self, sample: ImuSample, now: float, backlog: bool = False) -> Decision | None:
        """A measurement of the IMU came; as `joint_states`."""
        self._advance(now)
        found = self.streams[IMU].arrive(sample.stamp_ns, now, backlog)
        found = found or checks.check_imu(sample, self.limits)
        violation = None
        if found is None:
            self._imu = sample
        if found is None and self.state != DISARMED:
            violation = self.constraints.imu(sample, now)
        self._sensor(IMU, found, violation)

    @_guarded
    def bad_message(self, topic: str, detail: str, now: float) -> Decision | None:
        """A message came that does not hold what its topic promises.

        Args:
            topic: JOINTS, IMU or COMMAND.
            detail: what is wrong with it.
            now: [s].

        Returns:
            The takeover where this made a fault, else None; for a command always what to send.
        """
        self._advance(now)
        if topic != COMMAND:
            self._sensor(topic, Finding(reasons.SENSOR_MISMATCH, detail))
            return None
        self._wants_position = True
        return self._answer(self._latch(Finding(reasons.COMMAND_MISMATCH, detail)))

    @_guarded
    def command(self, sample: CommandSample, now: float) -> Decision:
        """A command of the policy came.

        Returns:
            What to send to the robot now.
        """
        self._advance(now)
        self._wants_position = sample.position is not None
        if self.state == FAULT:
            return self._answer(Decision(fault=self.fault))
        if sample.position is None:
            self.state, self.refused = DISARMED, ""
            self._command_at = now
            return self._answer(Decision())
        found = self._shape(sample.position) or checks.check_target(sample.position, self.limits.names)
        if found is None and self.state == DISARMED and (problems := self.not_ready()):
            self.refused = "; ".join(map(str, problems))
            self.counters["refused_commands"] += 1
            return self._answer(Decision(refused=self.refused))
        # Silence comes before age: it is the cause of a command that comes late and old.
        found = found or (self._watch() if self.state == ARMED else None)
        found = found or self.streams[COMMAND].arrive(sample.stamp_ns, now)
        return self._answer(self._latch(found) if found else self._drive(sample.position))

    @_guarded
    def deadman(self, held: bool, now: float) -> Decision | None:
        """The deadman switch said whether it is held.

        Returns:
            The takeover where this made a fault, else None.
        """
        self._advance(now)
        self._held_at = now if held else None
        if self.state == ARMED and (found := self._deadman_problem()):
            self._latch(found)

    @_guarded
    def tick(self, now: float) -> Decision | None:
        """Time has passed: look for silence. Call it several times a control period.

        Returns:
            What to send now: damping where a fault was found, or where the robot must hear from the monitor
            again; None where there is nothing to send.
        """
        self._advance(now)
        if self.state == ARMED:
            found = self._watch()
            return self._answer(self._latch(found)) if found else None
        if now - self._output_at < _REPEAT * self.config.control_period:
            return None
        return self._answer(Decision(fault=self.fault))

    @_guarded
    def stop(self, now: float) -> Decision:
        """Emergency stop: latches in every state."""
        self._advance(now)
        return self._answer(self._latch(Finding(reasons.STOP, "emergency stop was requested")))

    def clock_stalled(self, duration: float) -> Decision | None:
        """Simulated time stands still.

        Args:
            duration: since when, wall time [s].

        Returns:
            The takeover where the robot was armed, else None.
        """
        if self.state != ARMED:
            return None
        return self.fail(Finding(reasons.CLOCK, f"simulated time has stood still for {duration:.2f} s"))

    def fail(self, found: Finding) -> Decision:
        """Latch a finding of the caller, such as an exception outside the monitor; returns the takeover."""
        return self._answer(self._latch(found))

    def reset(self, now: float) -> str:
        """Leave the fault for `disarmed`, once its cause is gone.

        Returns:
            Empty where the monitor is not (or no longer) in a fault, else why not.
        """
        try:
            self._advance(now)
            reason = self._why_not_reset(self.fault) if self.fault else ""
        except Exception as error:
            self.fail(Finding(reasons.INTERNAL, f"reset: {type(error).__name__}: {error}"))
            return str(self.fault)
        if self.fault is not None and not reason:
            self.state, self.fault, self.refused = DISARMED, None, ""
            self.streams[COMMAND].forget()
        return reason

    # What is known --------------------------------------------------------------------------------------

    def not_ready(self) -> list[Finding]:
        """Why a position target would not arm the robot now; empty where it would."""
        problems = [*self._problems.values(), self._silent_sensor(), self._deadman_problem()]
        return [problem for problem in problems if problem]

    def recent(self, duration: float) -> tuple[str, ...]:
        """Warnings of the last so many seconds, by name."""
        return tuple(name for name, at in self._warned_at.items() if self._now - at <= duration)

    def time_left(self, now: float) -> float:
        """Time until the policy's next command is overdue [s]; infinite where the robot is not armed."""
        return self._command_at + self._silence - now if self.state == ARMED else math.inf

    @property
    def now(self) -> float:
        """The newest time that the monitor was told [s]."""
        return self._now

    # Inside ---------------------------------------------------------------------------------------------

    def _drive(self, target: np.ndarray) -> Decision:
        """Answer a position target that is well formed and in time."""
        now, period = self._now, self.config.control_period
        assert self._joints is not None and self._imu is not None  # armed or ready: both came
        first = self.state == DISARMED
        if first:
            # What was measured last decides which constraints are met from the start.
            self.constraints.arm()
            self.constraints.joints(self._joints, now)
            self.constraints.imu(self._imu, now)
        found = self.constraints.command(target, now)
        if found:
            return self._latch(found)
        measured = self._joints.position
        last = clamp_position(measured, self.limits) if first or self._sent is None else self._sent
        # A policy that sends faster than its rate moves the target no faster for that.
        elapsed = period if first else min(now - self._command_at, period)
        result = clamp(target, last, elapsed, measured, self._joints.velocity, self.limits)
        if result.position is None:
            return self._latch(Finding(reasons.COMMAND_TORQUE, result.conflict))
        warnings = result.clamps
        if not first and now - self._command_at > self.config.late_after * period:
            warnings = (*warnings, reasons.LATE_COMMAND)
        self.counters.update(warnings)
        self._warned_at.update(dict.fromkeys(warnings, now))
        self.state, self.refused = ARMED, ""
        self._sent, self._command_at = result.position, now
        return Decision(result.position.copy(), warnings)

    def _watch(self) -> Finding | None:
        """Silence of sensors, policy or deadman."""
        found = self._silent_sensor() or self._deadman_problem()
        if found:
            return found
        silence = self._now - self._command_at
        if silence <= self._silence:
            return None
        return Finding(
            reasons.COMMAND_SILENT,
            f"no command for {silence * 1e3:.1f} ms, the bound is {self._silence * 1e3:.1f} ms",
        )

    def _silent_sensor(self) -> Finding | None:
        for topic in (JOINTS, IMU):
            stream = self.streams[topic]
            age = stream.age(self._now)
            if age > stream.max_age:
                what = "nothing came yet" if math.isinf(age) else f"nothing newer than {age * 1e3:.1f} ms"
                return Finding(
                    reasons.SENSOR_SILENT, f"{topic}: {what}, the bound is {stream.max_age * 1e3:.1f} ms"
                )
        return None

    def _deadman_problem(self) -> Finding | None:
        if not self.config.deadman_required:
            return None
        if self._held_at is None:
            return Finding(reasons.DEADMAN, "the deadman switch is not held")
        age = self._now - self._held_at
        if age <= self.config.deadman_age:
            return None
        return Finding(
            reasons.DEADMAN,
            f"the deadman switch is silent for {age:.3f} s, the bound is {self.config.deadman_age:.3f} s",
        )

    def _sensor(self, topic: str, found: Finding | None, violation: Finding | None = None) -> None:
        """Remember what is wrong with a sensor; a fault where the robot is armed, as is a violation."""
        self._problems.pop(topic, None)
        if found is not None:
            self._problems[topic] = found
        found = found or violation
        if found is not None and self.state == ARMED:
            self._latch(found)

    def _shape(self, target: np.ndarray) -> Finding | None:
        if np.shape(target) == self.limits.low.shape:
            return None
        return Finding(
            reasons.COMMAND_MISMATCH,
            f"the target has shape {np.shape(target)} for {len(self.limits.names)} joints",
        )

    def _latch(self, found: Finding) -> Decision:
        """Into the fault state; the first fault stays, as it is the cause."""
        if self.fault is None:
            self.fault = Fault(found.reason, found.detail, self._now)
            self.counters["faults"] += 1
        self.state = FAULT
        return Decision(fault=self.fault)

    def _answer(self, decision: Decision) -> Decision:
        """Note that something is sent now."""
        self._output_at = self._now
        return decision

    def _advance(self, now: float) -> None:
        """Time goes on; where it went back, nothing that is known has a meaning any more."""
        before = self._now
        if math.isfinite(now):
            self._now = now
            if now >= before:
                return
        for stream in self.streams.values():
            stream.forget()
        self._warned_at.clear()
        self._held_at = self._joints = self._imu = None
        self._command_at = self._output_at = -math.inf
        if self.state == ARMED:
            self._latch(Finding(reasons.CLOCK, f"time went from {before:.6f} s to {now:.6f} s"))

    def _why_not_reset(self, fault: Fault) -> str:
        if self._wants_position:
            return "the policy's newest command is a position target; put the policy into passive first"
        problems = [*self._problems.values(), self._silent_sensor()]
        # Who lets go of the switch and resets does right: a robot that is disarmed needs no one to hold it.
        if fault.reason == reasons.DEADMAN:
            problems.append(self._deadman_problem())
        if self.constraints.persists(fault.reason.removeprefix(reasons.CONSTRAINT)):
            problems.append(Finding(fault.reason, "still violated"))
        return "; ".join(str(problem) for problem in problems if problem)
