"""Random faults against the monitor's core, and an independent judge of everything that it sends.

The judge knows the limits as plain numbers and keeps its own record of what was sent and measured; it shares
no code with the monitor.
"""

import math
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from landward.constraint import Constraint
from landward_ros.samples import CommandSample, ImuSample, JointSample
from landward_safety.config import MonitorConfig
from landward_safety.decision import Decision
from landward_safety.monitor import ARMED, COMMAND, IMU, JOINTS, Monitor
from tests.ros2_ws.landward_safety.scenes import PERIOD, ROBOT, START, spec

QUARTER = PERIOD / 4
LOW, HIGH = (-1.0, -2.0), (1.0, 2.0)
RATE, EFFORT, STIFFNESS, DAMPING = (10.0, 20.0), (8.0, 4.0), (20.0, 10.0), (1.0, 0.5)
SENSOR_AGE = 0.015
EPSILON = 1e-6
CONSTRAINTS = (
    Constraint("quick", "joint_vel", 6.0, "rad/s"),
    Constraint("jerky", "action_rate", 90.0, "1/s"),
    Constraint("shaken", "joint_acc", 900.0, "rad/s^2"),
    Constraint("bent", "joint_pos", 1.2, "rad", kind="hard", elements=("knee",)),
    Constraint("gust", "wind", 1.8, "m/s", kind="hard"),
)
EXPECTED = {
    "joints_nan": {"sensor_nan"},
    "imu_nan": {"sensor_nan"},
    "joints_shape": {"sensor_mismatch"},
    "joints_bad": {"sensor_mismatch"},
    "imu_bad": {"sensor_mismatch"},
    "joints_back": {"sensor_out_of_order"},
    "imu_back": {"sensor_out_of_order"},
    "joints_old": {"sensor_stale", "sensor_out_of_order"},
    "imu_old": {"sensor_stale", "sensor_out_of_order"},
    "imu_future": {"sensor_stale"},
    "far_position": {"joint_position"},
    "far_velocity": {"joint_velocity"},
    "far_torque": {"joint_torque"},
    "tilted": {"tilt"},
    "stop": {"stop"},
    "clock_back": {"clock"},
    "clock_stall": {"clock"},
    "release": {"deadman"},
}
"""What one message of this kind must latch where the robot was armed before it."""
CLOCK = ("clock_back", "clock_stall")
COMMAND_EXPECTED = {
    "target_nan": {"command_nan"},
    "target_shape": {"command_mismatch"},
    "target_bad": {"command_mismatch"},
    "target_old": {"command_stale", "command_out_of_order"},
    "target_back": {"command_out_of_order"},
}
"""The same for commands, whatever the state: a target that is none is never let pass."""
KINDS = (
    "none",
    "none",
    *EXPECTED,
    *COMMAND_EXPECTED,
    "joints_silent",
    "imu_silent",
    "all_silent",
    "command_silent",
    "command_late",
    "flood",
    "jump",
    "shiver",
    "wild",
    "fast",
    "pushed",
    "damp",
    "mute",
    "internal",
    "frozen",
)


@dataclass(frozen=True)
class Segment:
    """A kind of fault for some quarters of a control period."""

    kind: str
    quarters: int
    joint: int
    amount: float
    """In [-1, 1]."""
    recover: bool
    """Whether the operator puts the policy into passive and resets, before it begins."""


class Gauntlet:
    """A monitor, a crude robot, a policy, an operator, and the judge."""

    def __init__(self, deadman: bool) -> None:
        config = MonitorConfig(PERIOD, deadman_required=deadman, soft_grace=0.05)
        self.monitor = Monitor(ROBOT, spec(*CONSTRAINTS), config)
        self.deadman = deadman
        self.now, self.ticks, self.phase = START, 0, 0
        self.seen: Counter[str] = Counter()
        self.latched = ""
        self.q, self.qd = np.array((0.1, -0.5)), np.zeros(2)
        self.joints_stamp = self.imu_stamp = self.command_stamp = 0.0
        self.sent: np.ndarray | None = None
        self.known: JointSample | None = None
        self.command_at = self.output_at = -math.inf
        self.started = START
        self.wanted = np.array((0.1, -0.5))

    def run(self, segments: list[Segment]) -> None:
        for segment in segments:
            if segment.recover:
                self.recover()
            for index in range(segment.quarters):
                self.quarter(segment, first=index == 0)

    def recover(self) -> None:
        """Passive, two periods of healthy sensors, reset."""
        healthy = Segment("damp", 8, 0, 0.0, False)
        self.q, self.qd = np.array((0.1, -0.5)), np.zeros(2)
        for _ in range(healthy.quarters):
            self.quarter(healthy, first=False)
        self.monitor.deadman(True, self.now)
        assert self.monitor.reset(self.now) == "", "healthy, passive, and still refused"
        assert self.monitor.fault is None

    # One quarter of a control period ------------------------------------------------------------------

    def quarter(self, segment: Segment, first: bool) -> None:
        kind = segment.kind
        self.now += QUARTER * (1.0 + 0.1 * segment.amount)
        self.move(segment)
        self.operate(kind, first)
        self.measure(segment, first)
        self.phase += 1
        if kind == "flood" or (self.phase % 4 == 0 and kind not in ("command_silent",)):
            for _ in range(5 if kind == "flood" else 1):
                self.command(segment)
        late = 0.45 * PERIOD if kind == "command_late" and first else 0.0
        self.now += late
        self.hear(self.monitor.tick(self.now), "tick")
        self.ticks += 1
        self.watch()

    def move(self, segment: Segment) -> None:
        """The robot follows what it was told; sometimes something pushes it."""
        goal = self.q if self.sent is None else self.sent
        step = np.clip(goal - self.q, -0.02, 0.02)
        self.qd = step / QUARTER
        if segment.kind == "pushed":
            self.qd[segment.joint] = 9.0 * segment.amount
            step = np.where(np.arange(2) == segment.joint, 0.3 * segment.amount, step)
        if segment.kind == "fast":
            self.qd[segment.joint] = 6.0 + 3.0 * abs(segment.amount)
        self.q = np.clip(self.q + step, np.array(LOW) - 0.05, np.array(HIGH) + 0.05)

    def operate(self, kind: str, first: bool) -> None:
        armed = self.monitor.state == ARMED
        if kind == "release":
            self.hear(self.monitor.deadman(False, self.now), kind)
        elif kind != "mute":
            self.hear(self.monitor.deadman(True, self.now), kind)
        if kind == "stop" and first:
            self.hear(self.monitor.stop(self.now), kind)
        if kind == "clock_stall" and first:
            self.hear(self.monitor.clock_stalled(1.5), kind)
        if kind == "internal" and first:
            self.hear(self.monitor.joint_states("nonsense", self.now), kind)  # type: ignore[arg-type]
            assert self.monitor.fault is not None
        if kind == "clock_back" and first:
            self.now -= 1.0
            self.joints_stamp = self.imu_stamp = 0.0
            self.command_at = self.output_at = -math.inf
            self.started = self.now
            self.hear(self.monitor.tick(self.now), kind)
        once = first and (kind == "stop" or (armed and kind in CLOCK))
        if once or (armed and kind == "release" and self.deadman):
            self.must(EXPECTED[kind])

    def measure(self, segment: Segment, first: bool) -> None:
        kind, joint = segment.kind, segment.joint
        if kind == "frozen":
            return self.feed(self.joint_sample(), segment, self.joints_stamp, self.imu_stamp)
        stamp = self.now - 0.002
        joints, joints_stamp, imu_stamp = self.joint_sample(), stamp, stamp
        if kind == "joints_nan":
            array = (joints.position, joints.velocity, joints.effort)[self.phase % 3]
            array[joint] = (math.nan, math.inf, -math.inf)[self.phase % 3]
        elif kind == "far_position":
            joints.position[joint] = math.copysign(HIGH[joint] + 0.2, segment.amount)
        elif kind == "far_velocity":
            joints.velocity[joint] = math.copysign(25.0, segment.amount)
        elif kind == "far_torque":
            joints.effort[joint] = math.copysign(9.0, segment.amount)
        elif kind in ("joints_old", "joints_back"):
            joints_stamp -= 0.2 if kind == "joints_old" else 0.01
        elif kind in ("imu_old", "imu_back"):
            imu_stamp -= 0.2 if kind == "imu_old" else 0.01
        elif kind == "imu_future":
            imu_stamp += 0.1
        elif kind == "joints_shape":
            joints = replace(joints, effort=np.zeros(3))
        return self.feed(joints, segment, joints_stamp, imu_stamp)

    def joint_sample(self) -> JointSample:
        return JointSample(0.0, self.q.copy(), self.qd.copy(), np.zeros(2), 0)

    def feed(self, joints: JointSample, segment: Segment, joints_stamp: float, imu_stamp: float) -> None:
        kind, monitor, armed = segment.kind, self.monitor, self.monitor.state == ARMED
        if kind == "joints_bad":
            self.hear(monitor.bad_message(JOINTS, "no joint 'knee'", self.now), kind)
        elif kind not in ("joints_silent", "all_silent"):
            sample = replace(joints, stamp=joints_stamp, stamp_ns=round(joints_stamp * 1e9))
            self.joints_stamp = joints_stamp
            # A bad one is superseded by good ones before the robot is armed again.
            self.known = sample
            self.hear(monitor.joint_states(sample, self.now), kind)
        if kind == "imu_bad":
            self.hear(monitor.bad_message(IMU, "no orientation", self.now), kind)
        elif kind not in ("imu_silent", "all_silent"):
            roll = math.nan if kind == "imu_nan" else 0.7 if kind == "tilted" else 0.1
            quaternion = np.array((math.cos(roll / 2), math.sin(roll / 2), 0.0, 0.0))
            sample = ImuSample(imu_stamp, np.zeros(3), quaternion, None, round(imu_stamp * 1e9))
            back = kind == "imu_back" and self.imu_stamp <= imu_stamp
            self.imu_stamp = imu_stamp
            self.hear(monitor.imu(sample, self.now), kind)
            armed = armed and not back
        sensed = {*EXPECTED} - {"stop", *CLOCK, "release"}
        if kind in sensed and armed and monitor.state != ARMED:
            self.must(EXPECTED[kind] | {"command_silent", "sensor_silent"})
        if kind in sensed - {"imu_back", "joints_back"}:
            assert monitor.state != ARMED, f"{kind} went unnoticed"

    def command(self, segment: Segment) -> None:
        kind, joint = segment.kind, segment.joint
        stamp = self.now - 0.003
        if kind == "damp":
            self.hear(self.monitor.command(CommandSample(self.now, None), self.now), kind)
            self.sent = None
            return
        if kind == "target_bad":
            self.hear(self.monitor.bad_message(COMMAND, "no joint 'hip'", self.now), kind)
            self.must_not_be_armed(kind)
            return
        self.wanted = np.clip(self.wanted + 0.05 * segment.amount, (-0.9, -1.5), (0.9, 1.5))
        target = self.wanted.copy()
        if kind == "jump":
            target[joint] += 2.0 * segment.amount * (-1.0) ** (self.phase // 4)
        elif kind == "shiver":  # within every limit, but 100 /s of the action
            target[joint] = self.q[joint] + 0.5 * (-1.0) ** (self.phase // 4)
        elif kind == "wild":
            target = np.array((1e6 * segment.amount, -1e300))
        elif kind == "target_nan":
            target[joint] = (math.nan, math.inf, -math.inf)[self.phase % 3]
        elif kind == "target_shape":
            target = target[:1]
        elif kind == "target_old":
            stamp -= 0.5
        elif kind == "target_back":
            stamp = self.command_stamp - 0.001
        self.command_stamp = stamp
        armed = self.monitor.state == ARMED
        said = self.monitor.command(CommandSample(stamp, target, round(stamp * 1e9)), self.now)
        self.hear(said, kind)
        if kind in ("target_nan", "target_shape", "target_old"):
            self.must_not_be_armed(kind)
        if kind in COMMAND_EXPECTED and armed:
            self.must(COMMAND_EXPECTED[kind] | {"command_silent", "sensor_silent", "deadman"})

    # The judge ----------------------------------------------------------------------------------------

    def must(self, reasons: set[str]) -> None:
        assert self.monitor.fault is not None, f"nothing latched, expected one of {reasons}"
        assert self.monitor.fault.reason in reasons | self.earlier(), (self.monitor.fault, reasons)

    def earlier(self) -> set[str]:
        """A fault that latched before stays."""
        return {self.latched} if self.latched else set()

    def must_not_be_armed(self, kind: str) -> None:
        assert self.monitor.state != ARMED, f"{kind} went unnoticed"

    def hear(self, decision: Decision | None, source: str) -> None:
        """Judge one decision; None sends nothing."""
        fault = self.monitor.fault
        self.latched = self.latched if fault and self.latched else (fault.reason if fault else "")
        if decision is None:
            return
        self.seen.update(decision.clamped)
        if fault is not None:
            self.seen[fault.reason] += 1
            assert decision.position is None, f"a target after {fault}"
            assert decision.fault is fault
        if decision.position is None:
            self.sent, self.output_at = None, self.now
            return
        self.judge_target(decision.position, source)
        self.sent, self.command_at, self.output_at = decision.position.copy(), self.now, self.now

    def judge_target(self, position: np.ndarray, source: str) -> None:
        assert self.monitor.state == ARMED
        assert self.known is not None
        elapsed = PERIOD if self.sent is None else min(PERIOD, self.now - self.command_at)
        for joint in (0, 1):
            value, q, qd = float(position[joint]), self.known.position[joint], self.known.velocity[joint]
            last = min(max(q, LOW[joint]), HIGH[joint]) if self.sent is None else self.sent[joint]
            assert math.isfinite(value)
            assert LOW[joint] <= value <= HIGH[joint], (source, value)
            assert abs(value - last) <= RATE[joint] * elapsed + EPSILON, (source, value, last, elapsed)
            torque = STIFFNESS[joint] * (value - q) - DAMPING[joint] * qd
            assert abs(torque) <= EFFORT[joint] + EPSILON, (source, torque)

    def watch(self) -> None:
        """After a tick: an armed robot has heard from policy and sensors, another one is told to damp."""
        if self.monitor.state == ARMED:
            assert self.now - self.command_at <= 1.5 * PERIOD + EPSILON
            assert self.now - self.joints_stamp <= SENSOR_AGE + EPSILON
            assert self.now - self.imu_stamp <= SENSOR_AGE + EPSILON
        else:
            assert self.now - max(self.output_at, self.started) <= PERIOD + EPSILON, "the robot hears nothing"
