"""The one thread of the server: sockets that have something, and the moment of the next step."""

from __future__ import annotations

import math
import select
import socket
import time
from collections.abc import Callable

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
PERIOD = 0.25
"""[s] Between two looks at what no socket tells of."""
Handler = Callable[[int], None]
"""Called with the poll events of its socket."""


class Loop:
    """Waits for sockets and for one timer. Handlers run one after the other, so nothing needs a lock."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._due: float | None = None
        self._timer: Callable[[], None] = lambda: None
        self._chore: Callable[[], None] = lambda: None
        self._chore_due = math.inf
        self.running = False

    def add(self, sock: socket.socket, handler: Handler, events: int = READ) -> None:
        """Call `handler` whenever the socket is ready."""
        self._handlers[sock.fileno()] = handler
        self._poll.register(sock.fileno(), events)

    def change(self, sock: socket.socket, events: int) -> None:
        """Wait for other events of a socket."""
        self._poll.modify(sock.fileno(), events)

    def remove(self, sock: socket.socket) -> None:
        """Forget a socket, before it is closed."""
        if self._handlers.pop(sock.fileno(), None) is not None:
            self._poll.unregister(sock.fileno())

    def at(self, due: float | None, timer: Callable[[], None]) -> None:
        """Call `timer` once, at `due` [s] of the monotonic clock; None: not at all."""
        self._due, self._timer = due, timer

    def now_and_then(self, chore: Callable[[], None]) -> None:
        """Call `chore` about every `PERIOD`, whatever else happens."""
        self._chore, self._chore_due = chore, 0.0

    def run(self) -> None:
        """Serve until `running` is set false."""
        self.running = True
        while self.running:
            self.turn()

    def turn(self, longest: float = PERIOD) -> None:
        """Wait at most `longest` [s] for something, and handle it."""
        wait = longest if self._due is None else min(longest, max(0.0, self._due - time.monotonic()))
        for descriptor, events in self._poll.poll(wait):
            handler = self._handlers.get(descriptor)
            if handler is not None:
                handler(events)
        now = time.monotonic()
        if self._due is not None and now >= self._due:
            self._due = None
            self._timer()
        if now >= self._chore_due:
            self._chore_due = now + PERIOD
            self._chore()

    def close(self) -> None:
        """Give back the poll descriptor."""
        self._poll.close()
