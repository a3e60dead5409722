"""One client's RPC connection: requests in, responses out, in order."""

from __future__ import annotations

import logging
import math
import select
import socket
import time
from inspect import signature
from typing import TYPE_CHECKING, Any

from sims.carla.server.arguments import WireError
from sims.carla.server.change import BEGINNINGS
from sims.carla.server.errors import RpcError
from sims.carla.server.loop import READ, WRITE
from sims.carla.server.methods import METHODS
from sims.carla.server.methods.registry import Method, answer, refusal
from sims.carla.server.rhythm import COMING, Rhythm
from sims.carla.server.wire import MalformedError, Packed, Request, Requests, failure, response

if TYPE_CHECKING:
    from sims.carla.server.server import Server

LOG = logging.getLogger("landward.carla")
CHUNK = 1 << 16
"""[bytes] Read at once."""
BACKLOG = 4 << 20
"""[bytes] Of responses that a client does not take; it gets no more answers until it does."""

THREADS = 64
"""Of a client, at most; each of them can wait for one answer."""


class Connection:
    """Reads requests, calls methods, writes responses; a client that breaks the protocol is dropped.

    Args:
        server: whose methods are called.
        sock: connected, non-blocking.
    """

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server, self.sock = server, sock
        self.rhythm: Rhythm | None = None
        """Of the TrafficManager that the client runs."""
        self.watched = -math.inf
        """[s] When it last asked where the world's stream is, on the monotonic clock."""
        self.rest = 0.0
        """[s] How long the threads of the client are to come to rest before the present answer."""
        self._held: list[Request] = []
        """What waits for the change of the episode."""
        self._kept = 0
        """[bytes] Read since that began."""
        self._requests = Requests()
        self._out = bytearray()
        self._events = READ
        server.loop.add(sock, self.ready)

    def ready(self, events: int) -> None:
        """The socket has something, or takes something."""
        try:
            if events & WRITE:
                self._flush()
            if events & ~WRITE and self._reads:
                self._read()
            self._serve()
        except BlockingIOError:
            return
        except MalformedError as error:
            LOG.warning("a client is dropped: it sent %s", error)
            self.close()
        except OSError:
            self.close()

    def close(self) -> None:
        """Forget the client; what it made stays, as CARLA has it."""
        if self.sock.fileno() >= 0:
            self.server.loop.remove(self.sock)
            self.sock.close()
            self.server.disconnected(self)

    def _read(self) -> None:
        data = self.sock.recv(CHUNK)
        if not data:
            raise ConnectionError
        self._kept = 0 if self.server.change is None else self._kept + len(data)
        self._requests.feed(data)

    def _serve(self) -> None:
        """Answer what is complete; what follows from an answer is done after it is sent."""
        while len(self._out) < BACKLOG and (message := self._next()) is not None:
            if self.rhythm is not None and message[1] == "tick_cue":
                self._let_come(self.rhythm)
            reply = self._answer(*message)
            if self.rest > 0.0:
                self._rest()
            self._out += reply
            if self.server.deferred:
                self._flush()
                self.server.do_deferred()
        self._flush()
        wanted = (READ if self._reads else 0) | (WRITE if self._out else 0)
        if wanted != self._events and self.sock.fileno() >= 0:
            self._events = wanted
            self.server.loop.change(self.sock, wanted)

    @property
    def _reads(self) -> bool:
        """Whether the client may ask more."""
        return len(self._out) < BACKLOG and (self.server.change is None or self._kept < BACKLOG)

    def _next(self) -> Request | None:
        """The next request that may be answered now; None when there is none."""
        change = self.server.change
        if change is None:
            return self._held.pop(0) if self._held else self._requests.next()
        for place, message in enumerate(self._held):
            if not change.holds(self, message[1]):
                return self._held.pop(place)
        while (message := self._requests.next()) is not None and change.holds(self, message[1]):
            self._held.append(message)
        return message

    def _answer(self, number: int | None, name: str, parameters: list[Any]) -> bytes:
        """The packed response; empty for a notification."""
        self.server.caller = self
        reply = call(self.server, number or 0, name, parameters)
        if self.rhythm is not None:
            self.rhythm.note(name)
        if self.server.change is not None and self.server.change.ends_with(self, name, parameters):
            self.server.deferred.append(self.server.go_on)
        return b"" if number is None else reply

    def _let_come(self, rhythm: Rhythm) -> None:
        """Before a tick, answer what the TrafficManager still asks before it waits for the tick."""
        while rhythm.coming:
            message = self._next()
            if message is not None:
                self._out += self._answer(*message)
                self._flush()
            elif select.select([self.sock], [], [], COMING)[0]:
                self._read()

    def _rest(self) -> None:
        """Let the client's other threads end what they are at, and begin nothing new."""
        end, self.rest = time.monotonic() + self.rest, 0.0
        self._flush()
        while (left := end - time.monotonic()) > 0.0 and len(self._held) < THREADS:
            message = self._requests.next()
            if message is None:
                if select.select([self.sock], [], [], left)[0]:
                    self._read()
            elif message[1] in BEGINNINGS:
                self._held.append(message)
            else:
                self._out += self._answer(*message)
                self._flush()

    def _flush(self) -> None:
        if self._out:
            try:
                del self._out[: self.sock.send(self._out)]
            except BlockingIOError:
                return


def call(server: Server, number: int, name: str, parameters: list[Any]) -> bytes:
    """Call a method and pack its response.

    Args:
        server: whose method it is.
        number: of the message.
        name: of the method.
        parameters: the metadata and the arguments.
    """
    method = METHODS.get(name)
    count = len(parameters) - 1
    if method is None:
        return failure(
            number, f"rpclib: server could not find function '{name}' with argument count {count}."
        )
    try:
        result = method.call(server, *parameters[1:])
        return response(number, result if type(result) is Packed else answer(method, result))
    except RpcError as error:
        return response(number, refusal(method, str(error)))
    except WireError as error:
        return failure(number, _threw(name, count, str(error)))
    except Exception as error:  # a client must not end the server, whatever it sends
        if (expected := _arity(method, count)) is not None:
            return failure(number, expected)
        LOG.warning("%s(%d arguments) went wrong", name, count, exc_info=True)
        return failure(number, _threw(name, count, f"{type(error).__name__}: {error}"))


def _arity(method: Method, count: int) -> str | None:
    """The words of rpclib where a method does not take so many arguments."""
    try:
        signature(method.call).bind(None, *range(count))
    except TypeError:
        takes = len(signature(method.call).parameters) - 1
        return (
            f"rpclib: function '{method.name}' was called with an invalid number of arguments. "
            f"Expected: {takes}, got: {count}"
        )
    return None


def _threw(name: str, count: int, text: str) -> str:
    """The words of rpclib for an exception in a method."""
    return (
        f"rpclib: function '{name}' (called with {count} arg(s)) threw an exception. The exception contained "
        f"this information: {text}."
    )
