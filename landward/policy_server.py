"""Serves a policy over a WebSocket; `landward.remote_policy` says what travels.

Nothing that a client sends is executed, every message is bounded by what the spec can need, and so are the
number of connections and of environments.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np

from landward.array_wire import pack, unpack
from landward.errors import LandwardError, PolicyInputError, RemotePolicyError, require
from landward.policy import Policy
from landward.remote_policy import OVERHEAD, PROTOCOL, RESET, TIMING, array_bytes
from landward.spec import PolicySpec

_LOG = logging.getLogger(__name__)
MAX_ENVS = 256
"""Environments that one connection may ask for."""
MAX_CONNECTIONS = 16
"""At a time; another is refused with the WebSocket code 1013 (try again later)."""
_GONE, _REFUSED, _FAILED, _BUSY = 1001, 1008, 1011, 1013
"""WebSocket close codes (RFC 6455, section 7.4.1, and IANA's registry)."""


class PolicyServer:
    """Listens as soon as it is made; `serve_forever` answers, each connection in a thread of its own."""

    def __init__(
        self,
        make_policy: Callable[[int], Policy],
        host: str = "127.0.0.1",
        port: int = 8000,
    ) -> None:
        """Bind the port; the policy is made once to learn its spec.

        Args:
            make_policy: number of environments -> a policy with a memory of its own.
            host: address to listen on; 0.0.0.0 lets other machines in, and there is no password.
            port: 0 takes a free one.

        Raises:
            RemotePolicyError: the port is taken, or a term of the policy has a name that the protocol uses.
        """
        server = require("websockets.sync.server", "remote", "policy servers speak WebSocket")
        self._closed_errors = require("websockets.exceptions", "remote", "policy servers speak WebSocket")
        self._make_policy = make_policy
        first = make_policy(1)
        self.spec: PolicySpec = first.spec
        self._digest = str(getattr(first, "graph_hash", ""))
        taken = {RESET, TIMING} & {term.name for term in (*self.spec.inputs, *self.spec.actions)}
        if taken:
            raise RemotePolicyError(f"the term {taken.pop()!r} cannot be served: the protocol uses that name")
        self._free = threading.Semaphore(MAX_CONNECTIONS)
        self._open: set[Any] = set()
        try:
            self._server = server.serve(
                self._handle,
                host,
                port,
                compression=None,
                max_size=array_bytes(self.spec.inputs, MAX_ENVS) + OVERHEAD,
                open_timeout=5.0,
                close_timeout=1.0,
            )
        except (OSError, OverflowError) as error:
            raise RemotePolicyError(
                f"cannot listen on {host}:{port}: {error}; choose another port"
            ) from error
        bound = self._server.socket.getsockname()
        self.address = f"ws://{bound[0]}:{bound[1]}"

    def serve_forever(self) -> None:
        """Answer until `close` is called from another thread."""
        self._server.serve_forever()

    def close(self) -> None:
        """Stop listening and end all connections; their threads would outlive the server. Safe to repeat."""
        self._server.shutdown()
        for connection in tuple(self._open):
            connection.close(_GONE)

    def _handle(self, connection: Any) -> None:
        if not self._free.acquire(blocking=False):
            connection.close(_BUSY, f"{MAX_CONNECTIONS} connections are open already")
            return
        self._open.add(connection)
        try:
            self._talk(connection)
        except self._closed_errors.ConnectionClosed:
            _LOG.info("a client has gone")
        except LandwardError as error:
            _refuse(connection, str(error), _REFUSED, self._closed_errors.ConnectionClosed)
        except Exception as error:
            _LOG.exception("a connection failed")
            text = f"the policy failed: {type(error).__name__}: {error}"
            _refuse(connection, text, _FAILED, self._closed_errors.ConnectionClosed)
        finally:
            self._open.discard(connection)
            self._free.release()

    def _talk(self, connection: Any) -> None:
        num_envs = _asked_envs(connection.request.path)
        policy = self._make_policy(num_envs)
        policy.reset()
        metadata = {
            "protocol": PROTOCOL,
            "spec": self.spec.to_json(),
            "num_envs": num_envs,
            "policy": self._digest,
        }
        connection.send(pack(metadata))
        limit = array_bytes(self.spec.inputs, num_envs) + OVERHEAD
        for data in connection:
            if isinstance(data, str) or len(data) > limit:
                raise RemotePolicyError(f"a request is one binary message of at most {limit} bytes")
            connection.send(pack(_answer(policy, num_envs, unpack(data))))


def _answer(policy: Policy, num_envs: int, message: Any) -> dict[str, Any]:
    """One control step from a request.

    Raises:
        PolicyInputError: not the policy's inputs.
        RemotePolicyError: not a request.
    """
    if not isinstance(message, dict):
        raise RemotePolicyError(f"a request is a map of inputs, got {type(message).__name__}")
    begun = message.pop(RESET, [])
    if not isinstance(begun, list) or not all(type(row) is int and 0 <= row < num_envs for row in begun):
        raise RemotePolicyError(f"{RESET!r} must list environments from 0 to {num_envs - 1}, got {begun!r}")
    if begun:
        policy.reset(np.asarray(begun))
    try:
        inputs = {str(name): np.asarray(value) for name, value in message.items()}
    except ValueError as error:
        raise PolicyInputError(f"an input is no array: {error}") from error
    start = time.perf_counter()
    outputs = policy(inputs)
    return {**outputs, TIMING: {"infer_ms": 1000.0 * (time.perf_counter() - start)}}


def _asked_envs(path: str) -> int:
    text = parse_qs(urlparse(path).query).get("num_envs", ["1"])[0]
    # Seven digits bound what int() reads; isdecimal alone would let any length through.
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
    if not 1 <= number <= MAX_ENVS:
        raise RemotePolicyError(f"num_envs must be from 1 to {MAX_ENVS}, got {text!r}")
    return number


def _refuse(connection: Any, text: str, code: int, closed: type[Exception]) -> None:
    """Say what is wrong in a text frame, then close; nothing where the client has gone meanwhile."""
    try:
        connection.send(text)
        connection.close(code)
    except closed:
        _LOG.info("a client has gone before it heard: %s", text)
