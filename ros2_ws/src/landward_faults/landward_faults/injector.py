"""The injector: sits on the wires between the real nodes, does what a fault does, and watches what follows.

Robot -> policy and monitor, policy -> monitor and the clock go through it; it plays the operator (dead man's
switch, emergency stop, velocity command). Without a fault it passes messages on as the bytes they came in.

    raw/joint_states, raw/imu/data               from the robot   ->  joint_states, imu/data        monitor
                                                                      told/joint_states, told/...   policy
    raw/clock                                    from the robot   ->  /clock
    raw/policy/joint_command                     from the policy  ->  policy/joint_command          monitor
    joint_command, safety/status, /diagnostics   watched
"""

from __future__ import annotations

import contextlib
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Bool

from landward.constraint import Constraint
from landward_faults import mutations
from landward_faults.judge import LimitCheck, Trial, damps
from landward_faults.kinds import CLAMPED, CLOCK, COMMAND, IMU, JOINTS, OPERATOR, PASSED, PROCESS, Fault
from landward_faults.named import Counters, Words, reasons
from landward_ros import convert, names, qos
from landward_ros.samples import NS, JointSample, MessageError
from robots.robot import Robot

RAW = "raw/"
"""Prefix of the topics that end at the injector."""
TOLD = "told/"
"""Prefix of the measurements that the policy gets: a fault may be on the monitor's wire alone."""
OPERATOR_PERIOD = 0.04
"""Between two messages of the operator: the dead man's switch, the velocity command [s]."""
_QUICK = 0.02
"""Longer than this, a callback was held up [s]."""
_FIRST = 1.0
"""A robot that was started tells an earlier time than this first [s]."""
_SILENT = DiagnosticStatus(level=DiagnosticStatus.STALE)


class Injector(Node):
    """Relays, injects, and feeds the trial that judges.

    Args:
        robot: on whose topics it works.
        control_period: of the policy [s].
        constraints: of the policy.
        rate: simulated seconds per second.
    """

    def __init__(
        self, robot: Robot, control_period: float, constraints: tuple[Constraint, ...], rate: float
    ) -> None:
        super().__init__(names.INJECTOR_NODE)
        self.robot, self.period = robot, control_period
        self.limits = LimitCheck(robot, control_period)
        self.violations: list[str] = []
        """Commands outside limits, inside and outside trials."""
        self.rate = rate
        self.now = 0.0
        """ROS time as the robot last told it [s]."""
        self._told_at = 0.0
        self.blocked = 0.0
        """Time spent in callbacks that did not return soon [s]: this process was held up, not the nodes."""
        self._reborn = False
        """Whether the robot was started again and has told no time since."""
        self.trial: Trial | None = None
        self.deadman = True
        """What the operator's hand does."""
        self.velocity = (0.0, 0.0, 0.0)
        """Velocity command while the robot walks [m/s, m/s, rad/s]."""
        self.commanded = False
        """Whether the last command on the robot topic was a position target."""
        self.safety = self.policy = _SILENT
        """Last statuses of monitor and policy."""
        self.act: Callable[[Fault], None] = lambda fault: None
        """Does what the operator or a signal does; set by the campaign."""
        self._before: JointSample | None = None
        self._begin = 0.0
        self._counters, self._words = Counters(), Words()
        self._order = convert.JointOrder(robot.joint_names)
        self._streams = {
            name: mutations.Stream(robot, control_period, constraints) for name in (JOINTS, IMU, COMMAND)
        }
        self._held: deque[tuple[float, str, bytes, bool]] = deque()
        self._clock_offset = 0.0
        self._heard_deadman = self._operated = 0.0
        self._last_command = 0.0
        self._wire()

    @property
    def instant(self) -> float:
        """ROS time now [s]: what the robot last told, and the time since, until it should tell again."""
        since = (time.monotonic() - self._told_at) * self.rate
        return self.now + min(since, 1.0 / self.robot.safety.sensor_rate)

    def inject(self, trial: Trial) -> None:
        """Inject the trial's fault once its random wait is over."""
        self._begin = self.now + trial.fault.wait * self.period
        self._held.clear()
        for stream in self._streams.values():
            stream.begin()
        self.trial = trial

    def end(self) -> None:
        """Take the fault away; nothing that was held back is delivered any more."""
        self.trial = None
        self.deadman = True
        self._clock_offset = 0.0
        self._held.clear()

    def forget(self, restarted: Sequence[str]) -> None:
        """These nodes were started again: what they said before no longer holds."""
        if names.SAFETY_NODE in restarted:
            self.safety = _SILENT
        if names.POLICY_NODE in restarted:
            self.policy = _SILENT
        if names.TWIN_NODE in restarted:
            self._restart_clock()

    def _restart_clock(self) -> None:
        """The robot's time begins at 0."""
        self.now = self._heard_deadman = self._operated = self._last_command = 0.0
        self._reborn = True
        self.limits.forget()

    def advance(self, seconds: float) -> None:
        """Let time go on without the robot, whose clock died with it."""
        self._at(self.now + seconds)

    def _wire(self) -> None:
        self._out: dict[str, Any] = {
            JOINTS: self.create_publisher(JointState, names.JOINT_STATES, qos.SENSOR),
            IMU: self.create_publisher(Imu, names.IMU, qos.SENSOR),
            COMMAND: self.create_publisher(JointState, names.POLICY_COMMAND, qos.COMMAND),
        }
        self._told: dict[str, Any] = {
            JOINTS: self.create_publisher(JointState, TOLD + names.JOINT_STATES, qos.SENSOR),
            IMU: self.create_publisher(Imu, TOLD + names.IMU, qos.SENSOR),
        }
        self._clock = self.create_publisher(Clock, names.CLOCK, qos.CLOCK)
        self._cmd_vel = self.create_publisher(TwistStamped, names.CMD_VEL, qos.COMMAND)
        self._deadman = self.create_publisher(Bool, names.DEADMAN, qos.COMMAND)
        types = {JOINTS: JointState, IMU: Imu, COMMAND: JointState}
        topics = {JOINTS: names.JOINT_STATES, IMU: names.IMU, COMMAND: names.POLICY_COMMAND}
        for stream, topic in topics.items():
            profile = qos.COMMAND if stream == COMMAND else qos.SENSOR
            self.create_subscription(
                types[stream], RAW + topic, self._relay(stream, types[stream]), profile, raw=True
            )
        self.create_subscription(Clock, RAW + "clock", self._on_clock, qos.CLOCK)
        self.create_subscription(JointState, names.ROBOT_COMMAND, self._on_robot_command, qos.COMMAND)
        self.create_subscription(DiagnosticStatus, names.SAFETY_STATUS, self._on_safety, qos.LATCHED)
        self.create_subscription(DiagnosticStatus, names.POLICY_STATUS, self._on_policy, qos.LATCHED)
        self.create_subscription(DiagnosticArray, names.DIAGNOSTICS, self._on_diagnostics, qos.DIAGNOSTICS)

    def _relay(self, stream: str, message_type: Any) -> Callable[[bytes], None]:
        def callback(raw: bytes) -> None:
            with self._busy():
                relay(raw)

        def relay(raw: bytes) -> None:
            if stream != COMMAND:
                self._is(_stamp_of(raw))
            fault = self._due(stream)
            message = None
            if stream == JOINTS:
                message = deserialize_message(raw, message_type)
                self._measured(message)
            altered = None if fault is None else self._affect(stream, fault, raw, message_type)
            if fault is None or altered is None:
                self._send(stream, raw, told=True)
                self._passed(stream, message or raw, message_type)
                self._believed(stream, message)
                return
            if not fault.everywhere and stream in self._told:
                self._told[stream].publish(raw)
            for message in altered:
                self._send(stream, message, told=fault.everywhere)
                if fault.kind.action.startswith(mutations.VIOLATE):
                    self._believed(stream, message)

        return callback

    def _due(self, stream: str) -> Fault | None:
        trial = self.trial
        if trial is None or self.now < self._begin or stream not in trial.fault.kind.streams:
            return None
        return trial.fault

    def _passed(self, stream: str, message: Any, message_type: Any) -> None:
        """Remember what went before the fault, as its alteration refers to it."""
        if self.trial is None or self.trial.began is not None or stream not in self.trial.fault.kind.streams:
            return
        message = deserialize_message(message, message_type) if isinstance(message, bytes) else message
        self._streams[stream].last_ns = mutations.stamp_ns(message)
        if stream == COMMAND:
            self._streams[stream].last_position = dict(zip(message.name, message.position, strict=False))

    def _affect(self, stream: str, fault: Fault, raw: bytes, message_type: Any) -> list[Any] | None:
        """What goes on in the place of a message; None where the fault is over and the message goes on."""
        assert self.trial is not None
        place, kind = self._streams[stream], fault.kind
        if place.number >= fault.count or (self.trial.began is None and not self._ready(stream)):
            return None
        place.number += 1
        if kind.action == "silence":
            self.trial.present(self.instant)
            return []
        if kind.action == "hold":
            self.trial.present(self.instant)
            self._held.append((self._release(fault), stream, raw, fault.everywhere))
            return []
        message = deserialize_message(raw, message_type)
        if stream == COMMAND and not message.position:
            return None  # the policy damps by now: there is no target to alter
        mutations.alter(message, fault, place)
        if kind.reaction in (CLAMPED, PASSED):
            self.trial.asked(self.instant, mutations.stamp_ns(message))
        else:
            self.trial.present(self.instant)
        return [message]

    def _send(self, stream: str, message: Any, told: bool) -> None:
        """To the monitor, and to the policy where it is told."""
        self._out[stream].publish(message)
        if stream == COMMAND:
            self._last_command = self.now
        elif told:
            self._told[stream].publish(message)

    def _ready(self, stream: str) -> bool:
        """A fault that refers to the message before it needs one, and a target to alter."""
        place = self._streams[stream]
        return place.last_ns > 0 and (stream != COMMAND or bool(place.last_position))

    def _release(self, fault: Fault) -> float:
        """When a message that is held back goes on [s]."""
        if "interval" in fault.values:
            return self._last_command + fault.values["interval"] * self.period
        return self.now + fault.values["delay"]

    def _on_clock(self, message: Clock) -> None:
        with self._busy():
            self._tell(message)

    def _tell(self, message: Clock) -> None:
        now = convert.to_ns(message.clock) / NS
        if not self._is_of_before(now):
            self._at(now)

    def _is_of_before(self, now: float) -> bool:
        """Whether a time was still on its way from a robot that has been started again since."""
        if self._reborn and now > _FIRST:
            return True
        self._reborn = False
        return False

    def _at(self, now: float) -> None:
        """Time goes on to `now`: it is passed on, and what is due is done."""
        self._is(now)
        fault = self._due(CLOCK)
        if fault is not None and self.trial is not None:
            self._clock_offset = -fault.values["back"]
            self.trial.present(self.instant)
        # Not what was told: the last words of a robot that died may come after time has gone on without it.
        told = max(0.0, self.now + self._clock_offset)
        self._clock.publish(Clock(clock=convert.to_stamp(round(told * NS))))
        while self._held and self._held[0][0] <= self.now:
            self._deliver(*self._held.popleft()[1:])
        if self.now - self._operated >= OPERATOR_PERIOD:
            self._operate()
        for stream in (OPERATOR, PROCESS):
            fault = self._due(stream)
            if fault is not None and self.trial is not None and self.trial.began is None:
                self.act(fault)

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        """Counts how long this node is held up; see `blocked`."""
        began = time.monotonic()
        yield
        taken = time.monotonic() - began
        if taken > _QUICK:
            self.blocked += taken

    def _is(self, now: float) -> None:
        """It is at least this late: no message is older than the time."""
        if now > self.now and not self._is_of_before(now):
            self.now, self._told_at = now, time.monotonic()

    def _operate(self) -> None:
        """What an operator's hand does all the time: hold the switch, and the stick where the robot walks."""
        self._operated = self.now
        if self.deadman:
            self.hold(True)
        if any(self.velocity):
            self._cmd_vel.publish(convert.twist_message(round(self.now * NS), self.velocity))

    def _deliver(self, stream: str, raw: bytes, told: bool) -> None:
        """A message that was held back goes on."""
        if self.trial is not None and self.trial.fault.kind.reaction == PASSED:
            self.trial.asked(self.instant, mutations.stamp_ns(deserialize_message(raw, JointState)))
        self._send(stream, raw, told)

    def hold(self, held: bool) -> None:
        """Say whether the dead man's switch is held."""
        self._heard_deadman = self.instant
        self._deadman.publish(Bool(data=held))

    @property
    def heard_deadman(self) -> float:
        """When the dead man's switch was last heard of [s]."""
        return self._heard_deadman

    def _believed(self, stream: str, message: Any) -> None:
        """The limit check takes what the monitor computes with: all but what it must take for a fault."""
        if stream == JOINTS and message is not None:
            with contextlib.suppress(MessageError):  # `_measured` has noted it
                self.limits.measured(self._order.read(message))

    def _measured(self, message: JointState) -> None:
        """What the joints really do."""
        try:
            sample = self._order.read(message)
        except MessageError as error:
            self.violations.append(f"the robot itself publishes {error}")
            return
        if self._is_of_before(sample.stamp):
            return
        before, self._before = self._before, sample
        if self.trial is not None and before is not None and self._damps(before, sample):
            self.trial.robot_damps(self.instant)

    def _damps(self, before: JointSample, sample: JointSample) -> bool:
        return damps(self.robot, before, sample, self.limits.target)

    def _on_robot_command(self, message: JointState) -> None:
        try:
            command = convert.read_command(self._order, message)
        except MessageError as error:
            self.violations.append(f"on the robot topic: {error}")
            return
        wrong = self.limits.command(command)
        self.violations += wrong
        self.commanded = not command.is_damping
        if self.trial is not None:
            self.trial.command(self.instant, command, wrong)

    def _on_safety(self, status: DiagnosticStatus) -> None:
        self.safety = status

    def _on_policy(self, status: DiagnosticStatus) -> None:
        self.policy = status

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {item.key: item.value for item in status.values}
            level = int.from_bytes(status.level, "little")
            fresh = self._counters.risen(status.name, values) | self._words.fresh(
                status.name, reasons(level, status.message)
            )
            if self.trial is not None:
                self.trial.reasons(self.instant, fresh)


def _stamp_of(raw: bytes) -> float:
    """The stamp of a serialised message that begins with a header [s]: after four bytes of CDR's own."""
    sec, nanosec = struct.unpack_from("<iI" if raw[1] else ">iI", raw, 4)
    return sec + nanosec / NS
