"""A subscription that hands over everything that waits, and keeps it as it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

from landward_ros.samples import MessageError


class Inbox:
    """Reads a topic message by message, without a message of the queue left behind.

    Where the process was held up, several messages wait. The executor would hand them over one by one, timers
    in between, and the oldest would look like a stale sensor although newer ones are there.

    Args:
        node: that subscribes.
        kind: type of the message.
        topic: relative name.
        profile: quality of service.
        read: makes what is handed over of a serialised message; refuses one with MessageError.
        handle: called with (what was read or None, why it was refused, whether newer ones wait).
        keep: called with (resolved topic, CDR) first.
    """

    def __init__(
        self,
        node: Node,
        kind: type,
        topic: str,
        profile: QoSProfile,
        read: Callable[[bytes], Any],
        handle: Callable[[Any, str, bool], None],
        keep: Callable[[str, bytes], None],
    ) -> None:
        self._kind, self._read, self._handle, self._keep = kind, read, handle, keep
        self._depth = profile.depth
        self._subscription: Any = node.create_subscription(kind, topic, self._arrived, profile, raw=True)
        self.topic: str = self._subscription.topic_name

    def drain(self) -> None:
        """Hand over everything that waits."""
        self._hand_over(self._waiting())

    def _arrived(self, cdr: bytes) -> None:
        self._hand_over([cdr, *self._waiting()])

    def _waiting(self) -> list[bytes]:
        taken: list[bytes] = []
        handle = self._subscription.handle
        with handle:
            # No more than the queue holds: a flood must not keep the monitor in here.
            while len(taken) < self._depth and (item := handle.take_message(self._kind, True)) is not None:
                taken.append(item[0])
        return taken

    def _hand_over(self, messages: list[bytes]) -> None:
        for index, cdr in enumerate(messages):
            self._keep(self.topic, cdr)
            backlog = index < len(messages) - 1
            try:
                found = self._read(cdr)
            except MessageError as error:
                self._handle(None, str(error), backlog)
            else:
                self._handle(found, "", backlog)
