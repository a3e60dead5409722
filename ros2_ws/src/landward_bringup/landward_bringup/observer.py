"""What the supervisor sees of a deployment on the ROS graph: who is there, and how the robot does.

It looks now and then and otherwise sleeps, so that watching costs the robot nothing: every subscription keeps
the newest message alone, and it is taken only when somebody looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions

from landward_bringup.description import Deployment, DeploymentError
from landward_ros import names, qos

_NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
_TURNS = 16
"""Callbacks at most in one look."""


@dataclass(frozen=True)
class View:
    """The robot as it was last seen."""

    policy: str = "not there yet"
    safety: str = ""
    """What the monitor reports, where it is not all right."""
    velocity: tuple[float, float, float] | None = None
    """vx, vy [m/s], yaw rate [rad/s] of the base."""
    command: tuple[float, float, float] | None = None
    """The same, as commanded."""


class Observer:
    """A node that watches a deployment. Use it as a context manager."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._context = rclpy.Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = Node("deploy", context=self._context, namespace=f"/{deployment.namespace}")
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self.view = View()
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
        space = f"/{self._deployment.namespace}"
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
        return self.view

    def _watch(self, kind: type, topic: str, profile: QoSProfile, read: Callable[[Any], None]) -> None:
        self._node.create_subscription(kind, topic, read, profile)

    def _policy(self, message: DiagnosticStatus) -> None:
        self.view = replace(self.view, policy=message.message)

    def _safety(self, message: DiagnosticStatus) -> None:
        text = "" if message.level == DiagnosticStatus.OK else message.message
        self.view = replace(self.view, safety=text)

    def _odometry(self, message: Odometry) -> None:
        twist = message.twist.twist
        self.view = replace(self.view, velocity=(twist.linear.x, twist.linear.y, twist.angular.z))

    def _command(self, message: TwistStamped) -> None:
        twist = message.twist
        self.view = replace(self.view, command=(twist.linear.x, twist.linear.y, twist.angular.z))
