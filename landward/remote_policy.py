"""A policy that runs elsewhere: named SI inputs go to a policy server, named SI outputs come back.

The wire is that of openpi's policy servers, so that clients of vision-language-action models share it: a
WebSocket, binary frames of msgpack with arrays as in `landward.array_wire`.

1. On connect the server sends its metadata: {"protocol": PROTOCOL, "spec": JSON text, "num_envs": N,
   "policy": digest}.
2. The client sends {input name: array, ...}, with RESET: indices of environments whose episodes begin, where
   any does.
3. The server answers {output name: array, ..., TIMING: {"infer_ms": ...}}, or one text frame with what is
   wrong, and closes.

N is asked for in the address: ws://HOST:PORT/?num_envs=4. Each connection has a policy with its own memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from landward.array_wire import pack, unpack
from landward.errors import PolicyInputError, RemotePolicyError, SpecError, require
from landward.onnx_policy import check_expected
from landward.spec import PolicySpec

PROTOCOL = "landward-policy 1"
RESET, TIMING = "reset", "server_timing"
"""Keys that are no term: spec names with these would be refused by the server."""
METADATA_LIMIT = 4_000_000
"""[bytes] of the first message."""
OVERHEAD = 16_384
"""[bytes] that a message may be longer than its arrays."""


class RemotePolicy:
    """A `landward.policy.Policy` at the other end of a WebSocket. One object serves one thread."""

    def __init__(
        self,
        address: str,
        expected: PolicySpec | None = None,
        num_envs: int = 1,
        timeout: float = 10.0,
    ) -> None:
        """Connect, and compare the server's spec with the one that is expected.

        Args:
            address: ws://HOST:PORT.
            expected: the spec of the robot or environment that will run it; no comparison where None.
            num_envs: N.
            timeout: longest wait [s] for the connection and for each answer.

        Raises:
            RemotePolicyError: nobody is there, or it is no policy server, or of another protocol.
            SpecMismatchError: its spec is not the expected one; the message lists the differences.
            MissingDependencyError: websockets or msgpack is not installed.
        """
        self.address, self.num_envs, self.timeout = address, num_envs, timeout
        self._closed_errors = require(
            "websockets.exceptions", "remote", "policy servers speak WebSocket"
        ).WebSocketException
        self._socket = self._connect()
        try:
            metadata = self._receive_map()
            self.spec = self._read_spec(metadata)
            self.graph_hash = str(metadata.get("policy", ""))
            """Names the policy in reports, where the server says it."""
            if expected is not None:
                check_expected(address, expected, self.spec)
        except BaseException:
            self.close()
            raise
        self.timing: dict[str, float] = {}
        """What the server said about its last answer, such as "infer_ms"."""
        self._begun: list[int] = []

    def reset(self, env_ids: np.ndarray | Sequence[int] | None = None) -> None:
        """Forget the past of some environments, of all where None; told with the next inputs."""
        rows = range(self.num_envs) if env_ids is None else np.asarray(env_ids).tolist()
        self._begun = sorted({*self._begun, *rows})

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One control step on the server.

        Args:
            inputs: name -> (N, *shape), SI units; exactly the terms of `spec.inputs`.

        Raises:
            PolicyInputError: the names are not those of the spec.
            RemotePolicyError: no answer in time, a broken connection, or not the answer of the spec.
        """
        names = [term.name for term in self.spec.inputs]
        if sorted(inputs) != sorted(names):
            raise PolicyInputError(
                f"the policy at {self.address} needs {', '.join(names)}; got {', '.join(inputs)}"
            )
        message: dict[str, Any] = dict(inputs)
        if self._begun:
            message[RESET] = self._begun
        self._send(pack(message))
        answer = self._receive_map()
        self._begun = []
        self.timing = answer.pop(TIMING, {})
        return self._checked(answer)

    def close(self) -> None:
        """End the connection. Safe to call twice."""
        self._socket.close()

    def __enter__(self) -> RemotePolicy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self) -> Any:
        client = require("websockets.sync.client", "remote", "policy servers speak WebSocket")
        try:
            return client.connect(
                f"{self.address.rstrip('/')}/?num_envs={self.num_envs}",
                open_timeout=self.timeout,
                close_timeout=1.0,
                # A server that is at work does not answer pings; the wait for its answer is bounded anyway.
                ping_interval=None,
                compression=None,
                max_size=METADATA_LIMIT,
                proxy=None,
            )
        except (OSError, self._closed_errors, ValueError) as error:
            raise RemotePolicyError(
                f"no policy server at {self.address}: {error or type(error).__name__}; start one with "
                "`landward serve POLICY`, and give its address as ws://HOST:PORT"
            ) from error

    def _read_spec(self, metadata: dict[str, Any]) -> PolicySpec:
        if metadata.get("protocol") != PROTOCOL or not isinstance(metadata.get("spec"), str):
            raise RemotePolicyError(
                f"{self.address} is no Landward policy server: its protocol is {metadata.get('protocol')!r}, "
                f"{PROTOCOL!r} is needed"
            )
        try:
            return PolicySpec.from_json(metadata["spec"])
        except SpecError as error:
            raise RemotePolicyError(f"{self.address} sent a spec that cannot be read: {error}") from error

    def _send(self, data: bytes) -> None:
        try:
            self._socket.send(data)
        except self._closed_errors as error:
            self._lost(error)

    def _receive_map(self) -> dict[str, Any]:
        try:
            data = self._socket.recv(timeout=self.timeout)
        except TimeoutError as error:
            # An answer that comes after all would be taken for the next one.
            self._socket.close()
            raise RemotePolicyError(
                f"the policy server at {self.address} did not answer within {self.timeout:g} s; is it busy "
                "or stopped? A longer time-out waits longer"
            ) from error
        except self._closed_errors as error:
            self._lost(error)
        if isinstance(data, str):
            raise RemotePolicyError(f"the policy server at {self.address} refused: {data}")
        message = unpack(data)
        if not isinstance(message, dict):
            raise RemotePolicyError(f"{self.address} sent {type(message).__name__} where a map belongs")
        return message

    def _checked(self, answer: dict[str, Any]) -> dict[str, np.ndarray]:
        """The answer's arrays, writable, held to the spec."""
        outputs = {}
        for term in self.spec.actions:
            value, shape = answer.get(term.name), (self.num_envs, *term.output_shape)
            if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype != term.dtype:
                got = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else repr(value)
                raise RemotePolicyError(
                    f"{self.address} answered {got} for {term.name!r}; its spec says {term.dtype} {shape}"
                )
            if not np.isfinite(value).all():
                raise RemotePolicyError(
                    f"{self.address} answered NaN or an infinite number for {term.name!r}"
                )
            outputs[term.name] = value.copy()
        return outputs

    def _lost(self, error: Exception) -> NoReturn:
        raise RemotePolicyError(
            f"the connection to the policy server at {self.address} is lost ({error}); look at its output"
        ) from error


def array_bytes(terms: Sequence[Any], num_envs: int) -> int:
    """Bytes that the arrays of N environments take, for terms with shape or output_shape and dtype."""
    return sum(
        num_envs
        * int(np.prod(getattr(term, "output_shape", term.shape)))
        * (np.dtype(term.dtype).itemsize if term.dtype != "str" else OVERHEAD)
        for term in terms
    )
