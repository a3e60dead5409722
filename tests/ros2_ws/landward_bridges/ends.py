"""The other end of a driver's topics: a node that records what the driver publishes."""

import time

import rclpy
from diagnostic_msgs.msg import DiagnosticArray

from landward_ros import names, qos


class OtherEnd:
    """Wraps a node of the test.

    Args:
        node: whose topics these are.
    """

    def __init__(self, node):
        self.node = node
        self.statuses = []
        node.create_subscription(DiagnosticArray, names.DIAGNOSTICS, self._on_diagnostics, qos.DIAGNOSTICS)

    def spin(self, until, seconds=30.0, period=0.0, act=None):
        """Handle messages until something is true, calling `act` every `period` [s]; whether it came true."""
        end, due = time.monotonic() + seconds, 0.0
        while not until():
            now = time.monotonic()
            if now > end:
                return False
            if act is not None and now >= due:
                act()
                due = now + period
            rclpy.spin_once(self.node, timeout_sec=0.005)
        return True

    def connect(self, publishers=(), subscriptions=()):
        """Wait until the driver is at the other end of these."""
        assert self.spin(
            lambda: (
                all(p.get_subscription_count() for p in publishers)
                and all(self.node.count_publishers(s.topic_name) for s in subscriptions)
            )
        ), "the driver was not found"

    def says(self, fault):
        """Whether /diagnostics has named it."""
        return any(status.message.startswith(fault) for status in self.statuses)

    def _on_diagnostics(self, msg):
        self.statuses.extend(msg.status)
