"""The robot's side of benchmarks/deploy_latency.py: publishes sensors, times the answers. Not a benchmark."""

# pyright: reportMissingImports=false

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Imu, JointState
from std_srvs.srv import Trigger

from benchmarks._deploy_echo import REPLY, REQUEST
from landward.errors import LandwardError
from landward_bringup.supervisor import Ending, Job, Supervisor
from landward_ros import convert, names, qos, realtime, shared_memory, transport
from landward_ros.samples import NS, ImuSample, JointSample
from robots import Robot

ECHO_AFTER = 2.5
"""Sensor periods from the joint_states that a command answered to the next echo: nobody computes then."""
NOISE = 0.01
"""Half width of the noise on joint positions [rad] and velocities [rad/s]."""
SETTLE = 1.0
"""From the policy's first step until answers count [s]."""
STEPS = (names.SAFETY_RESET, names.POLICY_PASSIVE, names.POLICY_STAND, names.POLICY_WALK)
"""Services that lead from anywhere to walking."""
SILENT = 0.1
"""A policy that gives no target for so long does not walk any more [s]."""
BUSY = 3.0
"""It is given up where it takes this many times as long."""
PATIENCE = 60.0
"""Longest wait for a node or a service [s]."""


@dataclass(frozen=True)
class Measured:
    """Answers in the order of their requests."""

    commands: np.ndarray
    """(N, 2) time since the start, latency [s]."""
    echoes: np.ndarray
    """(M, 2) likewise."""
    missed: int
    """Control periods without a command, takeovers apart."""
    takeovers: int
    """How often the policy fell silent: on a busy machine a sensor comes late, and damping is the answer."""


class StandIn(Node):
    """Publishes a standing robot's sensors, and times what comes back."""

    def __init__(self, robot: Robot) -> None:
        super().__init__("robot")
        self.robot, self.period = robot, 1.0 / robot.safety.sensor_rate
        self.commands: dict[int, float] = {}
        """Stamp of joint_states [ns] -> latency of the first target that answered it [s]."""
        self.echoes: dict[int, float] = {}
        """Stamp of a request [ns] -> latency [s]."""
        self.counting = False
        """Whether answers count: the policy walks."""
        self.check: Callable[[], object] = lambda: None
        """Called all the time; raises where it is over."""
        self._heard = 0.0
        self._random = np.random.default_rng(0)
        self._sent: dict[int, float] = {}
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        self._next, self._echo = time.monotonic(), float("inf")
        self._joints = self.create_publisher(JointState, names.JOINT_STATES, qos.SENSOR)
        self._imu = self.create_publisher(Imu, names.IMU, qos.SENSOR)
        self._request = self.create_publisher(JointState, REQUEST, qos.SENSOR)
        self.create_subscription(JointState, names.ROBOT_COMMAND, self._on_command, qos.COMMAND)
        self.create_subscription(JointState, REPLY, self._on_echo, qos.COMMAND)

    @property
    def silent(self) -> bool:
        """Whether the policy gives no targets."""
        return time.monotonic() - self._heard > SILENT

    def connected(self) -> bool:
        """Whether everybody listens to us and speaks to us."""
        listeners = (self._joints, 2), (self._imu, 2), (self._request, 1)
        speakers = names.ROBOT_COMMAND, REPLY
        return all(topic.get_subscription_count() >= count for topic, count in listeners) and all(
            self.count_publishers(topic) for topic in speakers
        )

    def run(self, done: Callable[[], bool], seconds: float, what: str = "") -> None:
        """Be the robot until something is done, or for some seconds.

        Raises:
            LandwardError: it was not done in time, where `what` says what was waited for.
        """
        end = time.monotonic() + seconds
        while not done():
            now = time.monotonic()
            if now >= end:
                if what:
                    raise LandwardError(f"deploy_latency: no {what} within {seconds:g} s")
                return
            self.check()
            if now >= self._next:
                self._publish(now)
            elif now >= self._echo:
                self._ask_echo()
            self._executor.spin_once(timeout_sec=max(0.0, min(self._next, self._echo) - time.monotonic()))

    def call(self, kind: Any, name: str, request: Any) -> Any:
        """A service's answer, while the sensors go on."""
        client = self.create_client(kind, name)
        self.run(client.service_is_ready, PATIENCE, f"service {name}")
        future = client.call_async(request)
        self.run(future.done, PATIENCE, f"answer of {name}")
        self.destroy_client(client)
        return future.result()

    def _publish(self, now: float) -> None:
        self._next = max(self._next + self.period, now)
        joints, imu = self._sensors()
        stamp = self.get_clock().now()
        joints.header.stamp = imu.header.stamp = stamp.to_msg()
        self._sent[stamp.nanoseconds] = now
        self._joints.publish(joints)
        self._imu.publish(imu)

    def _ask_echo(self) -> None:
        self._echo = float("inf")
        joints, _ = self._sensors()
        joints.header.stamp = self.get_clock().now().to_msg()
        self._request.publish(joints)

    def _sensors(self) -> tuple[JointState, Imu]:
        """A standing robot's, not stamped yet."""
        count = len(self.robot.joint_names)
        noise = self._random.uniform(-NOISE, NOISE, (2, count))
        joints = JointSample(
            0.0, np.array(self.robot.default_joint_pos) + noise[0], noise[1], np.zeros(count)
        )
        rate = self._random.uniform(-NOISE, NOISE, 3)
        imu = ImuSample(0.0, rate, np.array((1.0, 0.0, 0.0, 0.0)), np.array((0.0, 0.0, 9.81)))
        return convert.joint_state(self.robot.joint_names, joints), convert.imu(imu, names.IMU_LINK)

    def _on_command(self, msg: JointState) -> None:
        now = self.get_clock().now().nanoseconds
        stamp = convert.to_ns(msg.header.stamp)
        # Damping answers no measurement; a command that the monitor sends again counts once.
        if not len(msg.position) or stamp in self.commands:
            return
        self._heard = time.monotonic()
        if self.counting:
            self.commands[stamp] = (now - stamp) / NS
            self._echo = self._sent[stamp] + ECHO_AFTER * self.period

    def _on_echo(self, msg: JointState) -> None:
        now = self.get_clock().now().nanoseconds
        stamp = convert.to_ns(msg.header.stamp)
        if self.counting:
            self.echoes[stamp] = (now - stamp) / NS


def measure(robot: Robot, policy: Path, seconds: float, folder: Path) -> Measured:
    """Start policy, monitor and echo, let the policy walk, and measure.

    Args:
        robot: that the policy is for.
        policy: policy.onnx or a run folder.
        seconds: how long to measure.
        folder: for logs.

    Raises:
        LandwardError: a node ended, or did not do what it was told.
    """
    if refused := realtime.request(realtime.ROBOT):
        print(refused, file=sys.stderr)
    transport.choose_udp()
    rclpy.init()
    node = StandIn(robot)
    try:
        with Supervisor(_jobs(robot, policy, folder), folder, lambda line: None) as supervisor:
            _go_on(supervisor.start(lambda: _there(node)))
            node.check = lambda: _go_on(supervisor.wait(0.0))
            _activate(node)
            takeovers = _measure(node, seconds)
        return _result(node, robot.control_period, takeovers)
    finally:
        node.destroy_node()
        rclpy.shutdown()
        shared_memory.remove_dead()


def _go_on(ending: Ending | None) -> None:
    if ending is not None:
        raise LandwardError(f"deploy_latency: {ending}")


def _jobs(robot: Robot, policy: Path, folder: Path) -> list[Job]:
    common = {"robot": robot.name, "policy": str(policy)}
    safety = common | {"deadman_required": "false", "black_box": str(folder)}
    return [
        Job(names.SAFETY_NODE, _node("-m", "landward_safety.node", parameters=safety)),
        Job(names.POLICY_NODE, _node("-m", "landward_policy.node", parameters=common)),
        Job("echo", _node("-m", "benchmarks._deploy_echo", parameters={})),
    ]


def _node(*words: str, parameters: Mapping[str, str]) -> tuple[str, ...]:
    given = [word for key, value in parameters.items() for word in ("-p", f"{key}:={value}")]
    return (sys.executable, *words, *(["--ros-args", *given] if given else []))


def _there(node: StandIn) -> set[str]:
    found = set(node.get_node_names())
    jobs = {names.SAFETY_NODE, names.POLICY_NODE, "echo"}
    return found & jobs


def _activate(node: StandIn) -> None:
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        request = ChangeState.Request(transition=Transition(id=transition))
        if not node.call(ChangeState, names.POLICY_CHANGE_STATE, request).success:
            raise LandwardError("deploy_latency: the policy node refuses to start; does the policy fit go1?")
    node.run(node.connected, PATIENCE, "connection of all topics")
    # What is loaded by now stays: the collector need not look at it in the middle of an answer.
    gc.collect()
    gc.freeze()


def _measure(node: StandIn, seconds: float) -> int:
    """Let the policy walk for so long, again and again where it falls silent; returns how often it did."""
    takeovers, end = -1, time.monotonic() + BUSY * seconds + PATIENCE
    while seconds > 0.0:
        takeovers += 1
        _walk(node)
        begin = time.monotonic()
        if begin > end:
            raise LandwardError(f"deploy_latency: {takeovers} takeovers, this machine is too busy to measure")
        node.counting = True
        node.run(lambda: node.silent, seconds)
        node.counting = False
        seconds -= time.monotonic() - begin
    return takeovers


def _walk(node: StandIn) -> None:
    """Take an active policy to walking, out of whatever it is in."""
    end = time.monotonic() + PATIENCE
    while not all(node.call(Trigger, name, Trigger.Request()).success for name in STEPS):
        if time.monotonic() > end:
            raise LandwardError(f"deploy_latency: the policy does not walk within {PATIENCE:g} s")
        node.run(lambda: False, SETTLE / 2)
    node.run(lambda: False, SETTLE)


def _result(node: StandIn, period: float, takeovers: int) -> Measured:
    if not node.commands or not node.echoes:
        raise LandwardError(
            f"deploy_latency: {len(node.commands)} commands and {len(node.echoes)} echoes came back"
        )
    commands = _rows(node.commands)
    gaps = np.diff(commands[:, 0])
    missed = int((np.round(gaps[gaps < SILENT] / period) - 1).clip(0).sum())
    return Measured(commands, _rows(node.echoes), missed, takeovers)


def _rows(latencies: Mapping[int, float]) -> np.ndarray:
    origin = min(latencies)
    return np.array([((stamp - origin) / NS, latency) for stamp, latency in sorted(latencies.items())])
