"""Node `safety`: the only one that commands the robot.

    python -m landward_safety.node --ros-args -p robot:=go1 -p policy:=RUN -p black_box:=FOLDER

It answers every command of the policy in the callback that brings it, and watches for silence in between.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from landward.errors import SpecError
from landward.policy_file import PolicyFile, read_policy_file
from landward.runs import find_policy
from landward_ros import names, qos, realtime
from landward_ros.convert import JointOrder
from landward_ros.decoded import CommandReader, ImuReader, JointStateReader, decode
from landward_ros.diagnostics import ERROR, OK, WARN, Reporter, status_message
from landward_ros.encoded import damping_encoder, position_encoder
from landward_ros.process import deliver, run_node
from landward_ros.samples import NS, CommandSample, ImuSample, JointSample
from landward_ros.ticker import Ticker, steady_timer
from landward_safety import monitor as core
from landward_safety.blackbox import BlackBox
from landward_safety.config import MonitorConfig
from landward_safety.decision import Decision
from landward_safety.inbox import Inbox
from landward_safety.monitor import Monitor
from landward_safety.report import describe
from landward_safety.sim_time import SimulatedTime
from landward_safety.stall import StallWatch
from robots.fit import check_policy_fits
from robots.robot import get_robot

WATCHES = 4
"""Looks for silence in a control period; the policy's deadline is watched to the millisecond besides."""
REPORT_PERIOD = 0.1
"""Time between two safety/status [s of wall time]."""
STALLED = 1.0
"""Simulated time that stands still for so long is a fault [s of wall time]."""
USAGE = """Usage: python -m landward_safety.node --ros-args -p robot:=NAME -p policy:=PATH [-p NAME:=VALUE]

The safety monitor between a policy and a robot.

  robot              name of the robot, such as go1
  policy             run folder or policy.onnx whose spec is enforced
  control_period     time between two commands [s]; the policy's when left out
  deadman_required   whether moving needs somebody who holds the deadman switch (false)
  soft_grace         how long a soft constraint may be violated [s] (0.2)
  black_box          folder for recordings of faults; none when left out
  black_box_seconds  how much a recording holds [s] (5.0)
"""


class SafetyNode(Node):
    """Feeds the monitor from topics and publishes what it decides.

    Raises:
        LandwardError: an unknown robot, no policy, a policy that does not fit the robot, a parameter out of
            range, or a black box that cannot be written.
    """

    def __init__(self) -> None:
        super().__init__(names.SAFETY_NODE)
        self._robot = get_robot(self._text("robot", "a robot such as go1"))
        self._policy = self._read_policy()
        self._config = self._read_config()
        self._monitor = Monitor(self._robot, self._policy.spec, self._config)
        joints = self._robot.joint_names
        self._position, self._damping = position_encoder(joints), damping_encoder(joints)
        self._output = self.create_publisher(JointState, names.ROBOT_COMMAND, qos.COMMAND)
        self._status = self.create_publisher(DiagnosticStatus, names.SAFETY_STATUS, qos.LATCHED)
        self._reporter = Reporter(self, "safety", self._robot.name)
        self._inboxes = self._subscribe()
        self._recordings: SimpleQueue[tuple[bool, str]] = SimpleQueue()
        self._black_box = self._open_black_box()
        self._ticker = Ticker(self, self._config.control_period / WATCHES)
        self._simulated: SimulatedTime | None = SimulatedTime(self) if self._ticker.simulated else None
        self._stall = StallWatch(STALLED)
        self._reported: tuple[str, object] = ("", None)
        self._report_at, self._held_up, self._stepped = 0.0, 0.0, time.monotonic()
        self._rivals = 0
        steady_timer(self, 1.0, self._count_rivals)
        self.create_service(Trigger, names.SAFETY_STOP, self._on_stop)
        self.create_service(Trigger, names.SAFETY_RESET, self._on_reset)

    # The loop -------------------------------------------------------------------------------------------

    def step(self) -> float:
        """Look for silence where it is time to; called between callbacks.

        Returns:
            Longest time until it wants to be called again [s].
        """
        now, wall = self._now_ns(), time.monotonic()
        self._held_up, self._stepped = max(self._held_up, wall - self._stepped), wall
        if self._simulated is not None and (stalled := self._stall.look(now, wall)):
            self._send(self._monitor.clock_stalled(stalled))
        if self._ticker.poll() or self._monitor.time_left(now / NS) <= 0.0:
            # Nothing that has arrived is silent: what waits in the queues comes first.
            for inbox in self._inboxes:
                inbox.drain()
            self._send(self._monitor.tick(self._now()))
        if wall - self._report_at >= REPORT_PERIOD:
            self._report(wall)
        return min(self._ticker.remaining(), max(0.0, self._monitor.time_left(now / NS)))

    def close(self) -> None:
        """Leave the robot damping, and finish what is being recorded."""
        self._publish_damping(self._now_ns())
        deliver(self._output)
        if self._black_box is not None:
            self._black_box.close()
            self._report_recordings()

    # Messages -------------------------------------------------------------------------------------------

    def _on_joints(self, sample: JointSample | None, refused: str, backlog: bool) -> None:
        if sample is None:
            self._send(self._monitor.bad_message(core.JOINTS, refused, self._now()))
        else:
            self._send(self._monitor.joint_states(sample, self._now(), backlog))

    def _on_imu(self, sample: ImuSample | None, refused: str, backlog: bool) -> None:
        if sample is None:
            self._send(self._monitor.bad_message(core.IMU, refused, self._now()))
        else:
            self._send(self._monitor.imu(sample, self._now(), backlog))

    def _on_command(self, sample: CommandSample | None, refused: str, backlog: bool) -> None:
        # A command is judged by the newest measurements, those included that wait behind it.
        for inbox in self._sensors:
            inbox.drain()
        if sample is None:
            self._send(self._monitor.bad_message(core.COMMAND, refused, self._now()))
        else:
            self._send(self._monitor.command(sample, self._now()), sample.stamp_ns)

    def _on_deadman(self, message: Bool | None, refused: str, backlog: bool) -> None:
        self._send(self._monitor.deadman(message is not None and bool(message.data), self._now()))

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._send(self._monitor.stop(self._now()))
        response.success, response.message = True, "stopped: the robot is damping until safety/reset"
        return response

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        reason = self._monitor.reset(self._now())
        response.success, response.message = not reason, reason or "disarmed"
        self._report(time.monotonic())
        return response

    # Output ---------------------------------------------------------------------------------------------

    def _send(self, decision: Decision | None, stamp_ns: int = 0) -> None:
        """Publish a decision at once; what it means for people comes after."""
        if decision is not None and decision.position is not None:
            self._publish(self._position.encode(stamp_ns, decision.position))
        elif decision is not None:
            self._publish_damping(self._now_ns())
        if self._reported != (self._monitor.state, self._monitor.fault):
            self._changed()

    def _publish_damping(self, now: int) -> None:
        self._publish(self._damping.encode(now))

    def _publish(self, cdr: bytes) -> None:
        self._output.publish(cdr)
        self._keep(self._output.topic_name, cdr)

    def _changed(self) -> None:
        """State or fault is another one than reported: record, log and report it."""
        fault, before = self._monitor.fault, self._reported[1]
        self._reported = (self._monitor.state, fault)
        if fault is not None and fault is not before:
            self.get_logger().error(f"takeover, {fault}")
            if self._black_box is not None:
                self._black_box.write(fault, self._facts())
        self._report(time.monotonic())

    def _report(self, wall: float) -> None:
        self._report_at = wall
        self._report_recordings()
        report = describe(self._monitor)
        level, message, values = bytes([report.level]), report.message, self._values()
        if self._rivals:
            level = max(level, WARN)
            message += f"; {self._rivals} other publishers on {self._output.topic_name}, which nobody guards"
        self._reporter.set(level, message, values)
        self._status.publish(status_message(level, names.SAFETY_NODE, message, self._robot.name, values))

    def _count_rivals(self) -> None:
        """Whoever else publishes on the robot's topic gets past the monitor."""
        self._rivals = max(0, self.count_publishers(self._output.topic_name) - 1)

    def _facts(self) -> dict[str, Any]:
        """What fault.json says besides the fault."""
        return {
            "robot": self._robot.name,
            "namespace": self.get_namespace(),
            "policy": str(self._path),
            "policy_hash": self._policy.graph_hash,
            "control_period": self._config.control_period,
            "values": self._values(),
        }

    def _values(self) -> dict[str, str]:
        """What the monitor knows, and the longest that this process was ever held up."""
        return describe(self._monitor).values | {"held_up.max": f"{self._held_up * 1e3:.1f} ms"}

    def _keep(self, topic: str, cdr: bytes) -> None:
        if self._black_box is not None:
            self._black_box.record(self._now_ns(), topic, cdr)

    def _now_ns(self) -> int:
        # As `ticker.ros_time`; /clock, too, is read when it is asked for.
        return time.time_ns() if self._simulated is None else self._simulated.now_ns()

    def _now(self) -> float:
        return self._now_ns() / NS

    # Set-up ---------------------------------------------------------------------------------------------

    def _text(self, name: str, what: str) -> str:
        value = str(self.declare_parameter(name, "").value)
        if not value:
            raise SpecError(f"the safety monitor needs the parameter {name!r}: {what}")
        return value

    def _read_policy(self) -> PolicyFile:
        self._path = find_policy(self._text("policy", "the run folder or policy.onnx that it guards"))
        return read_policy_file(self._path)

    def _read_config(self) -> MonitorConfig:
        spec = self._policy.spec
        period = float(self.declare_parameter("control_period", 0.0).value or spec.control_period)
        check_policy_fits(spec, self._robot, period, self._path)
        return MonitorConfig(
            control_period=period,
            deadman_required=bool(self.declare_parameter("deadman_required", False).value),
            soft_grace=float(self.declare_parameter("soft_grace", 0.2).value or 0.0),
        )

    def _subscribe(self) -> tuple[Inbox, ...]:
        inbox = partial(Inbox, self, keep=self._keep)
        order = JointOrder(self._robot.joint_names)
        joints, imu, command = JointStateReader(order), ImuReader(), CommandReader(order)
        held = partial(decode, Bool, names.DEADMAN)
        self._sensors = (
            inbox(JointState, names.JOINT_STATES, qos.SENSOR, joints.read, self._on_joints),
            inbox(Imu, names.IMU, qos.SENSOR, imu.read, self._on_imu),
        )
        self._commands = inbox(JointState, names.POLICY_COMMAND, qos.COMMAND, command.read, self._on_command)
        self._switch = inbox(Bool, names.DEADMAN, qos.COMMAND, held, self._on_deadman)
        return (*self._sensors, self._switch, self._commands)

    def _open_black_box(self) -> BlackBox | None:
        folder = str(self.declare_parameter("black_box", "").value)
        seconds = float(self.declare_parameter("black_box_seconds", 5.0).value or 0.0)
        self._box_reporter = Reporter(self, "black box", self._robot.name)
        if not folder:
            self._box_reporter.set(OK, "off: the parameter black_box names no folder")
            return None
        joints, imu = self._sensors
        types = {
            joints.topic: "sensor_msgs/msg/JointState",
            imu.topic: "sensor_msgs/msg/Imu",
            self._commands.topic: "sensor_msgs/msg/JointState",
            self._switch.topic: "std_msgs/msg/Bool",
            self._output.topic_name: "sensor_msgs/msg/JointState",
        }
        box = BlackBox(Path(folder), seconds, types, self._recordings.put)
        self._box_reporter.set(OK, f"keeps the last {seconds:g} s")
        return box

    def _report_recordings(self) -> None:
        """Say what became of recordings that are finished."""
        while not self._recordings.empty():
            written, what = self._recordings.get()
            if written:
                self._box_reporter.set(OK, f"wrote {what}")
            else:
                self._box_reporter.set(ERROR, f"not written: {what}")
                self.get_logger().error(f"black box not written: {what}")


def main() -> int:
    """Run the node until a signal; the exit status."""
    return run_node(SafetyNode, usage=USAGE, priority=realtime.MONITOR)


if __name__ == "__main__":
    sys.exit(main())
