"""One status of a node on /diagnostics: at once when it changes, and every second."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from landward_ros import names, qos
from landward_ros.ticker import steady_timer

OK = DiagnosticStatus.OK
WARN = DiagnosticStatus.WARN
ERROR = DiagnosticStatus.ERROR
STALE = DiagnosticStatus.STALE


def status_message(
    level: bytes, name: str, message: str, hardware_id: str = "", values: Mapping[str, str] | None = None
) -> DiagnosticStatus:
    """A DiagnosticStatus.

    Args:
        level: OK, WARN, ERROR or STALE.
        name: what is reported on.
        message: one line; a fault's name comes first.
        hardware_id: the robot.
        values: further facts by name.
    """
    pairs = [KeyValue(key=key, value=str(value)) for key, value in (values or {}).items()]
    return DiagnosticStatus(level=level, name=name, message=message, hardware_id=hardware_id, values=pairs)


class Reporter:
    """Publishes one status of a node, named "<node with namespace>: <name>" as diagnostic_updater does.

    Args:
        node: that reports.
        name: what is reported on, such as "drive".
        hardware_id: the robot, such as "go1".
    """

    def __init__(self, node: Node, name: str, hardware_id: str) -> None:
        self._node = node
        self._name = f"{node.get_fully_qualified_name()}: {name}"
        self._hardware_id = hardware_id
        self._publisher = node.create_publisher(DiagnosticArray, names.DIAGNOSTICS, qos.DIAGNOSTICS)
        self._status = status_message(OK, self._name, "starting", hardware_id)
        self._timer = steady_timer(node, 1.0, self.publish)

    @property
    def status(self) -> DiagnosticStatus:
        """What is reported now."""
        return self._status

    def set(self, level: bytes, message: str, values: Mapping[str, str] | None = None) -> bool:
        """Report this from now on.

        Published at once where level or message changed; changed values alone wait for the next second.

        Returns:
            Whether level or message changed.
        """
        before = self._status
        self._status = status_message(level, self._name, message, self._hardware_id, values)
        changed = (before.level, before.message) != (level, message)
        if changed:
            self.publish()
        return changed

    def publish(self) -> None:
        """Send the status now."""
        array = DiagnosticArray(status=[self._status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
