"""Sensor streams: clients subscribe on a port of their own, the server pushes to all of them.

A subscriber connects, sends the number of a stream as four bytes, and from then on only reads.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Callable

from sims.carla.server.geometry import Pose
from sims.carla.server.loop import READ, WRITE, Loop
from sims.carla.server.sockets import accept

WORLD = 1
"""The stream of world snapshots."""
HEAD = struct.Struct("<IQQd6f")
"""Length of what follows the length; then sensor type, frame, time [s] and pose of the sensor."""
TOKEN = struct.Struct("<IHBB16s")
TCP = 1
SUBSCRIBERS = 2048
"""At once. Clients stay on the streams of sensors that are gone."""
PATIENCE = 10.0
"""[s] For the four bytes of a subscription; who takes longer makes room when others come."""


def token(stream: int, port: int) -> bytes:
    """How a client finds a stream; the address is left open: that of the server it talks to."""
    return TOKEN.pack(stream, port, TCP, 0, bytes(16))


class Subscriber:
    """One connection of one stream."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.since = time.monotonic()
        self.stream = 0
        """0 until the four bytes are there."""
        self.received = b""
        self.unsent = b""
        """What is left of the last message."""

    def flush(self) -> bool:
        """Send what is left, as much as goes; True when nothing is left.

        Raises:
            OSError: the connection is broken.
        """
        with contextlib.suppress(BlockingIOError):
            self.unsent = self.unsent[self.sock.send(self.unsent) :]
        return not self.unsent

    def wait(self, longest: float) -> None:
        """Send what is left, and wait for it.

        Raises:
            OSError: the connection is broken, or too slow.
        """
        poll = select.poll()
        poll.register(self.sock, select.POLLOUT)
        deadline = time.monotonic() + longest
        while not self.flush():
            left = deadline - time.monotonic()
            if left <= 0.0 or not poll.poll(1e3 * left):
                raise TimeoutError(f"the client took nothing for {longest:g} s")

    def send(self, head: bytes, payload: bytes | memoryview) -> None:
        """Send a message, or begin to; nothing may be left of the one before.

        Raises:
            OSError: the connection is broken.
        """
        try:
            sent = self.sock.sendmsg((head, payload))
        except BlockingIOError:
            sent = 0
        if sent < len(head) + len(payload):
            self.unsent = (head + bytes(payload))[sent:]


class Streams:
    """All subscriptions.

    Args:
        loop: that everything runs on.
        listener: a listening socket.
        subscribed: called with a new subscriber of the world's stream.
        longest_wait: [s] how long a step of a synchronous world waits for a slow client; then it is dropped.
    """

    def __init__(
        self,
        loop: Loop,
        listener: socket.socket,
        subscribed: Callable[[Subscriber], None],
        longest_wait: float = 2.0,
    ) -> None:
        self.loop, self.listener, self.longest_wait = loop, listener, longest_wait
        self.port: int = listener.getsockname()[1]
        self.dropped = 0
        """Messages that a slow client did not get."""
        self._subscribed = subscribed
        self._all: dict[socket.socket, Subscriber] = {}
        self._by_stream: dict[int, list[Subscriber]] = {}
        self._ended: dict[socket.socket, Subscriber] = {}
        """Of streams that are over, the oldest first; closed when there is no more room."""
        loop.add(listener, lambda events: self._accept())

    def subscribed(self, stream: int) -> bool:
        """Whether anybody listens."""
        return stream in self._by_stream

    def publish(
        self,
        stream: int,
        message: tuple[int, int, float],
        payload: bytes | memoryview,
        pose: Pose,
        wait: bool,
    ) -> None:
        """Send to all who listen.

        Args:
            stream: its number.
            message: sensor type, frame, time [s].
            payload: after the header.
            pose: (6,) of the sensor.
            wait: for a client that still has the message before; else it misses this one.
        """
        head = HEAD.pack(HEAD.size - 4 + len(payload), *message, *pose)
        for subscriber in tuple(self._by_stream.get(stream, ())):
            self.send(subscriber, head, payload, wait)

    def send(self, subscriber: Subscriber, head: bytes, payload: bytes | memoryview, wait: bool) -> None:
        """Send one message to one subscriber, who is dropped where that fails."""
        try:
            if subscriber.unsent:
                if wait:
                    subscriber.wait(self.longest_wait)
                elif not subscriber.flush():
                    self.dropped += 1
                    return
            subscriber.send(head, payload)
        except OSError:
            self._drop(subscriber)
            return
        if subscriber.unsent:
            self.loop.change(subscriber.sock, READ | WRITE)

    def end(self, stream: int) -> None:
        """Send no more on a stream, not even the rest of a message.

        Its connections stay open until the clients close them: a client whose stream is closed connects again
        at once, and goes on doing so.
        """
        for subscriber in self._by_stream.pop(stream, ()):
            subscriber.unsent = b""
            self._ended[subscriber.sock] = subscriber

    def end_sensors(self) -> bool:
        """End all streams but the world's; whether there were any."""
        sensors = [stream for stream in self._by_stream if stream != WORLD]
        for stream in sensors:
            self.end(stream)
        return bool(sensors)

    def close(self) -> None:
        """Close everything."""
        for subscriber in tuple(self._all.values()):
            self._drop(subscriber)
        self.loop.remove(self.listener)
        self.listener.close()

    def _accept(self) -> None:
        now = time.monotonic()
        for waiting in [
            each for each in self._all.values() if not each.stream and now - each.since > PATIENCE
        ]:
            self._drop(waiting)
        if len(self._all) >= SUBSCRIBERS and self._ended:
            self._drop(next(iter(self._ended.values())))
        sock = accept(self.listener, len(self._all) < SUBSCRIBERS)
        if sock is not None:
            subscriber = self._all[sock] = Subscriber(sock)
            self.loop.add(sock, lambda events: self._ready(subscriber, events))

    def _ready(self, subscriber: Subscriber, events: int) -> None:
        if subscriber.sock not in self._all:
            return
        try:
            if events & WRITE and subscriber.flush():
                self.loop.change(subscriber.sock, READ)
            if events & ~WRITE:
                self._read(subscriber)
        except BlockingIOError:
            return
        except OSError:
            self._drop(subscriber)

    def _read(self, subscriber: Subscriber) -> None:
        data = subscriber.sock.recv(4 - len(subscriber.received) if not subscriber.stream else 4096)
        if not data:
            raise ConnectionError
        if subscriber.stream:
            return  # whatever a subscriber says after its four bytes means nothing
        subscriber.received += data
        if len(subscriber.received) == 4:
            subscriber.stream = int.from_bytes(subscriber.received, "little")
            self._by_stream.setdefault(subscriber.stream, []).append(subscriber)
            if subscriber.stream == WORLD:
                self._subscribed(subscriber)

    def _drop(self, subscriber: Subscriber) -> None:
        if self._all.pop(subscriber.sock, None) is None:
            return
        self._ended.pop(subscriber.sock, None)
        listeners = self._by_stream.get(subscriber.stream, [])
        if subscriber in listeners:
            listeners.remove(subscriber)
            if not listeners:
                del self._by_stream[subscriber.stream]
        self.loop.remove(subscriber.sock)
        subscriber.sock.close()
