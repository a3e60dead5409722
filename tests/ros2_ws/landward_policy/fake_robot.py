"""A robot, a monitor and an operator for the policy node, in the test's own process."""

import time

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger

from landward_ros import convert, names, qos
from landward_ros.samples import NS, ImuSample, JointSample
from tests.robots.go1_terms import JOINTS
from tests.ros2_ws.landward_policy import policies

PERIOD = 0.005
TRANSITIONS = {
    "configure": Transition.TRANSITION_CONFIGURE,
    "activate": Transition.TRANSITION_ACTIVATE,
    "deactivate": Transition.TRANSITION_DEACTIVATE,
    "cleanup": Transition.TRANSITION_CLEANUP,
}


class FakeRobot:
    """Publishes measurements at 200 Hz while it is run, and keeps what the node says.

    Args:
        node: of the test.
        namespace: of the robot.
        clock: whether it publishes simulated time as well; `now` may then be set.
    """

    def __init__(self, node, namespace="", clock=False):
        self.node, self._prefix = node, f"{namespace}/" if namespace else ""
        self.position, self.velocity = policies.STANDING.copy(), np.zeros(12)
        self.gyro = np.zeros(3)
        self.velocity_command = None
        self.monitor = (b"\x00", "ready")
        self.order = JOINTS[::-1]
        self.renamed: dict[str, str] = {}
        self.joint_stamps: set[int] = set()
        self.commands: list[JointState] = []
        self.observations: list[Float64MultiArray] = []
        self.statuses: list[DiagnosticStatus] = []
        self.diagnostics: list[DiagnosticStatus] = []
        self._next = time.monotonic()
        self._steps = 0
        self.now = 100 * NS
        self._clock = node.create_publisher(Clock, names.CLOCK, qos.CLOCK) if clock else None
        self._publish(JointState, names.JOINT_STATES, qos.SENSOR)
        self._publish(Imu, names.IMU, qos.SENSOR)
        self._publish(TwistStamped, names.CMD_VEL, qos.COMMAND)
        self._publish(DiagnosticStatus, names.SAFETY_STATUS, qos.LATCHED)
        self._listen(JointState, names.POLICY_COMMAND, qos.OBSERVATION, self.commands)
        self._listen(Float64MultiArray, names.OBSERVATION, qos.OBSERVATION, self.observations)
        self._listen(DiagnosticStatus, names.POLICY_STATUS, qos.LATCHED, self.statuses)
        node.create_subscription(
            DiagnosticArray, names.DIAGNOSTICS, lambda m: self.diagnostics.extend(m.status), qos.DIAGNOSTICS
        )

    def run(self, seconds):
        """Let time pass."""
        end = time.monotonic() + seconds
        self.run_until(lambda: time.monotonic() >= end, "time passes", seconds + 1.0)

    def run_until(self, condition, what, seconds=10.0):
        """Measure and listen until something is true."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            self._step()

    def call(self, service, kind=Trigger, **request):
        """The answer of one of the node's services."""
        client = self.node.create_client(kind, self._prefix + service)
        self.run_until(client.service_is_ready, f"{service} is there", 30.0)
        future = client.call_async(kind.Request(**request))
        self.run_until(future.done, f"{service} answers", 30.0)
        self.node.destroy_client(client)
        return future.result()

    def transition(self, name):
        """Ask for a lifecycle transition; whether it was done."""
        wanted = Transition(id=TRANSITIONS[name])
        return self.call(names.POLICY_CHANGE_STATE, ChangeState, transition=wanted).success

    @property
    def state(self):
        """The node's lifecycle state."""
        return self.call(names.POLICY_GET_STATE, GetState).current_state.label

    @property
    def damped(self):
        """Whether the newest command is damping."""
        return bool(self.commands) and not self.commands[-1].position

    def walk(self):
        """From unconfigured to walking."""
        assert self.transition("configure") and self.transition("activate")
        self.run_until(lambda: self.damped, "damping is sent")
        self.run(0.1)
        answer = self.call(names.POLICY_STAND)
        assert answer.success, answer.message
        self.run(0.1)
        answer = self.call(names.POLICY_WALK)
        assert answer.success, answer.message
        self.run_until(lambda: self.observations, "the policy runs")

    def _publish(self, kind, topic, profile):
        publisher = self.node.create_publisher(kind, self._prefix + topic, profile)
        setattr(self, "_" + topic.replace("/", "_"), publisher)

    def _listen(self, kind, topic, profile, into):
        self.node.create_subscription(kind, self._prefix + topic, into.append, profile)

    def _step(self):
        """One callback; every 5 ms a measurement first, every 100 ms the monitor and the operator."""
        if time.monotonic() >= self._next:
            self._next = max(self._next + PERIOD, time.monotonic() - PERIOD)
            self._measure()
        rclpy.spin_once(self.node, timeout_sec=max(0.0, self._next - time.monotonic()))

    def _time(self):
        if self._clock is None:
            return self.node.get_clock().now().nanoseconds
        self.now += round(PERIOD * NS)
        self._clock.publish(Clock(clock=convert.to_stamp(self.now)))
        return self.now

    def _measure(self):
        now = self._time()
        self.joint_stamps.add(now)
        index = [JOINTS.index(name) for name in self.order]
        sent = [self.renamed.get(name, name) for name in self.order]
        sample = JointSample(now / 1e9, self.position[index], self.velocity[index], np.zeros(12), now)
        self._joint_states.publish(convert.joint_state(sent, sample))
        imu = ImuSample(now / 1e9, self.gyro, policies.upright(), stamp_ns=now)
        self._imu_data.publish(convert.imu(imu, names.IMU_LINK))
        if self._steps % 20 == 0:
            level, message = self.monitor
            self._safety_status.publish(DiagnosticStatus(level=level, name="safety", message=message))
            if self.velocity_command is not None:
                self._cmd_vel.publish(convert.twist_message(now, self.velocity_command))
        self._steps += 1
