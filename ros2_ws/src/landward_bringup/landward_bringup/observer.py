"""What the supervisor sees of a deployment on the ROS graph: who is there, and how the robot does.

It looks now and then and otherwise sleeps, so that watching costs the robot nothing: every subscription keeps
the newest message alone, and it is taken only when somebody looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from dataclasses import replace
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions

from landward_bringup.description import Deployment
from landward_bringup.process import DeploymentError, yaml_value
from landward_bringup.view import Velocity, View
from landward_ros import names, qos, transport

_NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
WALKING = "policy"
"""State in the policy's status while it walks."""
_TURNS = 16
"""Callbacks at most in one look."""


class Observer:
    """A node that watches a deployment. Use it as a context manager."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._context = rclpy.Context()
        transport.choose_udp()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        words = ["--ros-args", "-p", f"use_sim_time:={yaml_value(deployment.place.simulated)}"]
        for old, new in deployment.place.remappings:
            words += ["-r", f"{old}:={new}"]
        self._node = Node(
            "deploy", context=self._context, namespace=f"/{deployment.place.namespace}", cli_args=words
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._view = View()
        self._walks = False
        self._watch(DiagnosticStatus, names.POLICY_STATUS, qos.LATCHED, self._policy)
        self._watch(DiagnosticStatus, names.SAFETY_STATUS, qos.LATCHED, self._safety)
        self._watch(Odometry, names.ODOM, _NEWEST, self._odometry)
        self._watch(TwistStamped, names.CMD_VEL, _NEWEST, self._command)

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def ready(self) -> Set[str]:
        """Names of the deployment's nodes that are discovered.

        Raises:
            DeploymentError: a node is there twice: two monitors must never command one robot.
        """
        space = f"/{self._deployment.place.namespace}"
        seen = Counter(name for name, where in self._node.get_node_names_and_namespaces() if where == space)
        wanted = {process.name for process in self._deployment.processes}
        if twice := sorted(name for name in wanted if seen[name] > 1):
            raise DeploymentError(
                f"there are two nodes {space.rstrip('/')}/{twice[0]}: another deployment runs in this "
                "namespace and ROS_DOMAIN_ID; stop it, or give this one a --namespace or a domain of its own"
            )
        return wanted & seen.keys()

    def look(self) -> View:
        """The robot as it is now."""
        for _ in range(_TURNS):
            self._executor.spin_once(timeout_sec=0.0)
        time = self._node.get_clock().now().nanoseconds * 1e-9
        view = replace(self._view, time=time)
        since = (view.walks_since or time) if self._walks else None
        self._view = replace(view, walks_since=since)
        return self._view

    def _watch(self, kind: type, topic: str, profile: QoSProfile, read: Callable[[Any], View]) -> None:
        def take(message: Any) -> None:
            self._view = read(message)

        self._node.create_subscription(kind, topic, take, profile)

    def _policy(self, message: DiagnosticStatus) -> View:
        self._walks = any(pair.key == "state" and pair.value == WALKING for pair in message.values)
        return replace(self._view, policy=message.message)

    def _safety(self, message: DiagnosticStatus) -> View:
        text = "" if message.level == DiagnosticStatus.OK else message.message
        return replace(self._view, safety=text)

    def _odometry(self, message: Odometry) -> View:
        return replace(self._view, robot=_velocity(message.twist.twist))

    def _command(self, message: TwistStamped) -> View:
        return replace(self._view, command=_velocity(message.twist))


def _velocity(twist: Twist) -> Velocity:
    return twist.linear.x, twist.linear.y, twist.angular.z
