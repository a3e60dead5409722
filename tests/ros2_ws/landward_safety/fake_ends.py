"""Robot and policy around the safety node, in the test's own process and on a clock of the test's own.

Time is simulated, so that a busy machine makes nothing late: the node knows no time but what is published
here.
"""

import time

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from landward_ros import convert, names, qos
from landward_ros.samples import NS, ImuSample, JointSample
from tests.ros2_ws.landward_policy.policies import GO1, STANDING, upright

STEP = 5_000_000
"""[ns] Between two measurements."""
PERIOD = 20_000_000
"""[ns] Between two commands."""
SETTLE = 0.004
"""[s] Real time for a message to get through, before simulated time goes on."""
WAIT = 20.0


class Ends:
    """Publishes what robot, policy and operator would, and keeps what the monitor says."""

    def __init__(self, node):
        self.node, self.ns = node, 1000 * NS
        self.position, self.velocity, self.effort = STANDING.copy(), np.zeros(12), np.zeros(12)
        self.orientation = upright()
        self.backwards = GO1.joint_names[::-1]
        self.sent: list[JointState] = []
        self.statuses: list[DiagnosticStatus] = []
        self.diagnostics: list[DiagnosticStatus] = []
        self.held: bool | None = None
        self.publishers = {
            topic: node.create_publisher(kind, topic, profile)
            for topic, kind, profile in (
                (names.CLOCK, Clock, qos.CLOCK),
                (names.JOINT_STATES, JointState, qos.SENSOR),
                (names.IMU, Imu, qos.SENSOR),
                (names.POLICY_COMMAND, JointState, qos.COMMAND),
                (names.DEADMAN, Bool, qos.COMMAND),
            )
        }
        node.create_subscription(JointState, names.ROBOT_COMMAND, self.sent.append, qos.OBSERVATION)
        node.create_subscription(DiagnosticStatus, names.SAFETY_STATUS, self.statuses.append, qos.LATCHED)
        node.create_subscription(
            DiagnosticArray, names.DIAGNOSTICS, lambda m: self.diagnostics.extend(m.status), qos.DIAGNOSTICS
        )

    def until(self, condition, what, seconds=WAIT):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            rclpy.spin_once(self.node, timeout_sec=0.01)

    def spin(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.0:
            rclpy.spin_once(self.node, timeout_sec=left)

    def connect(self, simulated=True):
        """Wait until the node hears everything that it listens to."""
        for topic, publisher in self.publishers.items():
            if topic == names.CLOCK and not simulated:
                continue
            self.until(lambda p=publisher: p.get_subscription_count() > 0, f"{topic} has a listener")
        self.until(lambda: self.statuses, "a status of the node")
        return self

    def tick(self, joints=True, imu=True, edit=None):
        """5 ms pass: clock, then measurements; `edit(message)` may spoil the joints."""
        self.ns += STEP
        clock = Clock()
        clock.clock = convert.to_stamp(self.ns)
        self.publishers[names.CLOCK].publish(clock)
        self.spin(SETTLE)
        if self.held is not None:
            self.publishers[names.DEADMAN].publish(Bool(data=self.held))
        if joints:
            order = [GO1.joint_names.index(name) for name in self.backwards]
            arrays = (self.position[order], self.velocity[order], self.effort[order])
            message = convert.joint_state(self.backwards, JointSample(self.ns / NS, *arrays, self.ns))
            if edit is not None:
                edit(message)
            self.publishers[names.JOINT_STATES].publish(message)
        if imu:
            sample = ImuSample(self.ns / NS, np.zeros(3), self.orientation, stamp_ns=self.ns)
            self.publishers[names.IMU].publish(convert.imu(sample, names.IMU_LINK))
        self.spin(SETTLE)

    def command(self, position=None, edit=None, **sensors):
        """A control period passes; the answer to the policy's command: damping where no position is given."""
        for _ in range(PERIOD // STEP):
            self.tick(**sensors)
        self.sent.clear()
        if position is None:
            message = convert.damping_command(GO1.joint_names, self.ns)
        else:
            message = convert.position_command(GO1.joint_names, self.ns, position)
        if edit is not None:
            edit(message)
        self.publishers[names.POLICY_COMMAND].publish(message)
        self.until(lambda: self.sent, "an answer to the command")
        return self.sent[-1]

    def arm(self):
        """Standing, commanded."""
        answer = self.command(STANDING)
        assert list(answer.position), self.statuses[-1].message
        return answer

    def call(self, service):
        client = self.node.create_client(Trigger, service)
        self.until(client.service_is_ready, f"{service} is there")
        future = client.call_async(Trigger.Request())
        self.until(future.done, f"{service} answers")
        self.node.destroy_client(client)
        return future.result()

    def fault(self, reason):
        """Wait until /diagnostics and safety/status name it; the values of the status."""
        for what, messages in (("/diagnostics", self.diagnostics), ("safety/status", self.statuses)):
            self.until(
                lambda m=messages: any(item.message.startswith(reason) for item in m), f"{reason} in {what}"
            )
        return values(self.statuses[-1])

    def recover(self):
        """Healthy again, the policy passive, reset."""
        self.position, self.velocity, self.effort = STANDING.copy(), np.zeros(12), np.zeros(12)
        self.orientation = upright()
        assert is_damping(self.command())
        answer = self.call(names.SAFETY_RESET)
        assert answer.success, answer.message
        self.diagnostics.clear()
        self.statuses.clear()


def is_damping(message):
    return not message.position and list(message.velocity) == [0.0] * 12 and not message.effort


def values(status):
    return {pair.key: pair.value for pair in status.values}
