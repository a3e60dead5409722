"""Simulated time as it is now, not as of the last turn of the executor."""

from __future__ import annotations

from functools import partial
from typing import Any

from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from landward_ros import names, qos
from landward_ros.convert import to_ns
from landward_ros.decoded import decode
from landward_safety.inbox import Inbox


class SimulatedTime:
    """Reads /clock when it is asked.

    The clock of a node stands still until the executor gets to its /clock subscription. Where the process was
    held up, measurements that are read first would then seem to come from the future.

    Args:
        node: that needs the time.
    """

    def __init__(self, node: Node) -> None:
        self._ns = 0
        read = partial(decode, Clock, names.CLOCK)
        self._inbox = Inbox(node, Clock, names.CLOCK, qos.CLOCK, read, self._set, keep=lambda *_: None)

    def now_ns(self) -> int:
        """The newest time on /clock [ns]; 0 before the first."""
        self._inbox.drain()
        return self._ns

    def _set(self, message: Any, trouble: str, backlog: bool) -> None:
        # A message that cannot be decoded tells no time.
        if message is not None:
            self._ns = to_ns(message.clock)
