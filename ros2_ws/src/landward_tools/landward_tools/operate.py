"""What every teleoperation node has: publishers, service calls, and the states of the other nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from landward_ros import convert, names, qos
from landward_tools.velocity import Limits

PERIOD = 0.02
"""[s] Of commands and deadman; the monitor wants 20 Hz or more."""
SERVICES = {
    "stand": names.POLICY_STAND,
    "walk": names.POLICY_WALK,
    "passive": names.POLICY_PASSIVE,
    "stop": names.SAFETY_STOP,
    "reset": names.SAFETY_RESET,
}
"""Action -> service."""


class Desk:
    """The operator's side of a robot's topics and services.

    Args:
        node: that owns them.
        say: shows one line to the operator.
    """

    def __init__(self, node: Node, say: Callable[[str], None]) -> None:
        self._node, self._say = node, say
        self._command = node.create_publisher(TwistStamped, names.CMD_VEL, qos.COMMAND)
        self._deadman = node.create_publisher(Bool, names.DEADMAN, qos.COMMAND)
        self._clients = {name: node.create_client(Trigger, service) for name, service in SERVICES.items()}
        self.states = {names.POLICY_STATUS: "not heard", names.SAFETY_STATUS: "not heard"}
        """Status topic -> its newest message."""
        for topic in self.states:
            node.create_subscription(DiagnosticStatus, topic, self._keep(topic), qos.LATCHED)

    def send(self, command: np.ndarray, held: bool) -> None:
        """Publish the command (3,) and the deadman."""
        stamp = self._node.get_clock().now().nanoseconds
        self._deadman.publish(Bool(data=held))
        self._command.publish(convert.twist_message(stamp, command))

    def request(self, action: str) -> None:
        """Call an action's service; the answer is shown when it comes."""
        client = self._clients[action]
        if not client.service_is_ready():
            self._say(f"{action}: nobody serves {client.srv_name}; is the robot deployed?")
            return
        future = client.call_async(Trigger.Request())
        future.add_done_callback(lambda done: self._say(_answer(action, done)))

    def _keep(self, topic: str) -> Callable[[DiagnosticStatus], None]:
        def keep(message: DiagnosticStatus) -> None:
            self.states[topic] = message.message

        return keep


def limits_of(node: Node) -> Limits:
    """Limits from parameters of their names (forward, backward, sideways, turn, acceleration, ...).

    Raises:
        SpecError: one of them makes no sense.
    """
    defaults = vars(Limits())
    return Limits(
        **{name: float(node.declare_parameter(name, value).value) for name, value in defaults.items()}
    )


def _answer(action: str, done: Any) -> str:
    error = done.exception()
    if error is not None:
        return f"{action}: failed: {error}"
    answer = done.result()
    return (
        f"{action}: {answer.message or 'done'}" if answer.success else f"{action} REFUSED: {answer.message}"
    )
