"""Who listens at an address, asked before the client connects: a strange answer would end the process."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from landward.errors import LandwardError, require

RETRY = 0.5
"""[s] Between two tries to reach a server that is not there yet."""
LONGEST = 4096
"""[bytes] Of an answer that says a version."""
SHOWN = 40
"""[bytes] Of a strange answer that an error quotes."""


def parse_address(text: str) -> tuple[str, int]:
    """HOST:PORT or HOST -> (host, port), 2000 being CARLA's port.

    Raises:
        LandwardError: it is neither.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon:
        host, port = text.strip(), "2000"
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise LandwardError(
            f"{text!r} is no address of a CARLA server: write HOST:PORT, as in localhost:2000"
        )
    return host, int(port)


def server_version(host: str, port: int, patience: float, wait: float = 0.0) -> str:
    """The version of the CARLA server at an address, such as 0.9.16.

    Args:
        host: of the server.
        port: for calls.
        patience: [s] for it to answer.
        wait: [s] for it to appear.

    Raises:
        LandwardError: nobody listens there, or no CARLA server; the message says which.
    """
    msgpack = require("msgpack", "carla", "CARLA's protocol is packed with it")
    with contextlib.closing(_connect(host, port, wait)) as connection:
        connection.sendall(msgpack.packb([0, 1, "version", [[False]]]))
        answer, data = _answer(connection, msgpack.Unpacker(raw=False), patience, f"{host}:{port}")
    try:
        _, _, error, [(index, version)] = answer
    except (TypeError, ValueError):
        error, index, version = answer, 0, None
    if error is not None or index != 1 or not isinstance(version, str):
        raise _stranger(f"{host}:{port}", f"it answers {data[:SHOWN]!r}")
    return version


def _connect(host: str, port: int, wait: float) -> socket.socket:
    end = time.monotonic() + wait
    while True:
        try:
            return socket.create_connection((host, port), 5.0)
        except OSError as error:
            if time.monotonic() >= end:
                raise LandwardError(
                    f"no CARLA server at {host}:{port} ({error.strerror or error}): start one (landward "
                    f"carla-server --port {port}, or CarlaUE4.sh -RenderOffScreen -carla-rpc-port={port}), "
                    "or leave the address out, and one is started for you"
                ) from None
        time.sleep(RETRY)


def _answer(connection: socket.socket, unpacker: Any, patience: float, address: str) -> tuple[Any, bytes]:
    """The first object that comes, and the bytes that it came with."""
    end, size = time.monotonic() + patience, 0
    while size <= LONGEST:
        connection.settimeout(max(0.001, end - time.monotonic()))
        try:
            data = connection.recv(LONGEST)
        except TimeoutError:
            raise LandwardError(
                f"what listens at {address} does not answer as a CARLA server within {patience:g} s: is it "
                "still starting, stuck, or another program?"
            ) from None
        except OSError as error:
            raise _stranger(address, error.strerror or str(error)) from None
        if not data:
            raise _stranger(address, "it closes the connection")
        size += len(data)
        unpacker.feed(data)
        try:
            for message in unpacker:
                return message, data
        except ValueError:
            raise _stranger(address, f"it answers {data[:SHOWN]!r}") from None
    raise _stranger(address, "its answer has no end")


def _stranger(address: str, what: str) -> LandwardError:
    return LandwardError(
        f"what listens at {address} is no CARLA server ({what}): check the port; CARLA's is 2000 by default"
    )
