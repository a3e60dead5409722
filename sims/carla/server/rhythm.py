"""Keeping step with a TrafficManager, which may miss its start signal when a server is fast.

In synchronous mode `World.tick` waits for the snapshot, signals the TrafficManager's thread to begin, and
waits until it has finished. The client's library raises that signal without holding the mutex that the
thread waits with (seen in the 0.9.16 wheel: TrafficManagerLocal), so it is lost when the thread is just about
to wait: then both wait for ever. The thread's calls tell where it is:

    tick_cue  ->  get_vehicle_light_states, ..., apply_batch  ->  get_episode_settings  ->  waits

So a snapshot is not sent before the thread has had time to wait, and one that has missed its signal is woken
through the TrafficManager's own port.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import time

import msgpack

from sims.carla.server.wire import REQUEST, pack

LOG = logging.getLogger("landward.carla")
WAITING, WORKING, FINISHED, SIGNALLED = range(4)
"""Where its thread is: waits for a tick; works on one; has finished, and will ask for the settings; should
have begun."""
COMING = 2e-3
"""[s] At most, until a thread that has finished asks for the settings."""
SETTLING = 2e-4
"""[s] From the answer to that until the thread surely waits."""
PATIENCE = 1.0
"""[s] A thread that has not begun for so long has missed its signal."""
PORT_TIMEOUT = 0.5
"""[s] For the TrafficManager's own port."""


class Rhythm:
    """Where the thread of a connection's TrafficManager is."""

    def __init__(self) -> None:
        self.state = WAITING
        self.regular = False
        """Whether it has worked on the last tick; one that is asynchronous need not."""
        self.since = time.monotonic()
        """[s] When it came there, on the monotonic clock."""

    def note(self, method: str) -> None:
        """The connection has had a call answered."""
        if method == "tick_cue":
            self._go(SIGNALLED if self.regular else self.state)
            self.regular = False
        elif method == "get_vehicle_light_states":
            self.regular = True
            self._go(WORKING)
        elif method == "apply_batch" and self.state == WORKING:
            self._go(FINISHED)
        elif method == "get_episode_settings" and self.state in (FINISHED, SIGNALLED):
            self._go(WAITING if self.state == FINISHED else SIGNALLED)  # it asked late, or all the time

    @property
    def coming(self) -> bool:
        """Whether a call for the settings is about to come."""
        return self.state == FINISHED and time.monotonic() - self.since < COMING

    def settle(self) -> None:
        """Wait until the thread waits."""
        if self.state == WAITING:
            left = self.since + SETTLING - time.monotonic()
            if left > 0.0:
                time.sleep(left)

    def missed(self) -> bool:
        """Whether it has missed its signal; says so once."""
        late = self.state == SIGNALLED and time.monotonic() - self.since > PATIENCE
        if late:
            self._go(WORKING)
        return late

    def _go(self, state: int) -> None:
        self.state, self.since = state, time.monotonic()


def wake(host: str, port: int) -> None:
    """Wake the thread of a TrafficManager: leaving synchronous mode raises the signal again.

    Args:
        host: of the client.
        port: of its TrafficManager.
    """
    LOG.warning("the TrafficManager at port %d missed the start of a tick and is woken", port)
    with contextlib.suppress(OSError), socket.create_connection((host, port), PORT_TIMEOUT) as sock:
        for number, mode in enumerate((False, True)):
            sock.sendall(pack((REQUEST, number, "set_synchronous_mode", (mode,))))
            _receive(sock)


def _receive(sock: socket.socket) -> None:
    """Wait for one response."""
    unpacker = msgpack.Unpacker(max_buffer_size=1 << 16)
    while data := sock.recv(4096):
        unpacker.feed(data)
        for _ in unpacker:
            return
