"""A client that says what it likes, right or wrong, byte by byte."""

from __future__ import annotations

import socket
from typing import Any

import msgpack

from sims.carla.server.wire import pack


class WireClient:
    """A bare connection to a server's RPC port.

    Args:
        port: of the server.
        patience: [s] for an answer.
    """

    def __init__(self, port: int, patience: float = 10.0) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._unpacker = msgpack.Unpacker(raw=False, unicode_errors="surrogateescape")
        self._count = 0

    def __enter__(self) -> WireClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, name: str, *arguments: Any) -> int:
        """Send a request; its id."""
        self._count += 1
        self.sock.sendall(pack([0, self._count, name, [[False], *arguments]]))
        return self._count

    def receive(self) -> list[Any]:
        """The next response: [1, id, error, result].

        Raises:
            ConnectionError: the server has closed the connection.
        """
        while True:
            for message in self._unpacker:
                return message
            data = self.sock.recv(1 << 16)
            if not data:
                raise ConnectionError("closed by the server")
            self._unpacker.feed(data)

    def call(self, name: str, *arguments: Any) -> Any:
        """The result element of a call.

        Raises:
            RuntimeError: it failed as a call, as with an unknown method.
        """
        number = self.send(name, *arguments)
        _, answered, error, result = self.receive()
        assert answered == number
        if error is not None:
            raise RuntimeError(error)
        return result

    def value(self, name: str, *arguments: Any) -> Any:
        """The value of a successful call."""
        ((kind, value),) = self.call(name, *arguments)
        assert kind == 1, value
        return value

    def closed(self) -> bool:
        """Whether the server closes the connection, after what it may still say."""
        try:
            while self.sock.recv(1 << 16):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True
