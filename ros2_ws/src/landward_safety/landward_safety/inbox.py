"""A subscription that hands over everything that waits, as it came: serialised and decoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message


class Inbox:
    """Reads a topic message by message, without a message of the queue left behind.

    Where the process was held up, several messages wait. The executor would hand them over one by one, timers
    in between, and the oldest would look like a stale sensor although newer ones are there.

    Args:
        node: that subscribes.
        kind: type of the message.
        topic: relative name.
        profile: quality of service.
        handle: called with (message or None, why it cannot be decoded, whether newer ones wait).
        keep: called with (resolved topic, CDR) first.
    """

    def __init__(
        self,
        node: Node,
        kind: type,
        topic: str,
        profile: QoSProfile,
        handle: Callable[[Any, str, bool], None],
        keep: Callable[[str, bytes], None],
    ) -> None:
        self._kind, self._handle, self._keep = kind, handle, keep
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
                message = deserialize_message(cdr, self._kind)
            except Exception as error:
                self._handle(None, f"{self.topic}: cannot be decoded: {error}", backlog)
            else:
                self._handle(message, "", backlog)
