"""msgpack-rpc as CARLA's client speaks it: objects back to back, each bounded in size."""

from __future__ import annotations

from typing import Any

import msgpack

LARGEST_MESSAGE = 32 << 20
"""[bytes] Of one request; OpenDRIVE files of cities have a few million."""
LONGEST_LIST = 1 << 20
"""Elements of one list: a list is made at its announced length, before its elements are there."""
REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2


class Packed(bytes):
    """A result that is packed already."""


class MalformedError(Exception):
    """Bytes that are no msgpack-rpc, or too many of them; there is no way to find the next message."""


def pack(value: Any) -> bytes:
    """One msgpack object; bytes become bin, text may hold any byte."""
    packed = msgpack.packb(value, use_bin_type=True, unicode_errors="surrogateescape")
    assert packed is not None
    return packed


class Requests:
    """Takes bytes as they come, gives whole messages."""

    def __init__(self) -> None:
        self._unpacker = msgpack.Unpacker(
            raw=False,
            strict_map_key=False,
            unicode_errors="surrogateescape",
            max_buffer_size=LARGEST_MESSAGE,
            max_array_len=LONGEST_LIST,
            max_map_len=LONGEST_LIST,
        )

    def feed(self, data: bytes) -> None:
        """Take bytes.

        Raises:
            MalformedError: the message they belong to is too long.
        """
        try:
            self._unpacker.feed(data)
        except msgpack.BufferFull:
            raise MalformedError(f"a message of more than {LARGEST_MESSAGE >> 20} MiB") from None

    def next(self) -> tuple[int | None, str, list[Any]] | None:
        """The next whole message as (message id, method, parameters); None when there is none yet.

        The id of a notification is None.

        Raises:
            MalformedError: it is not a request.
        """
        try:
            message = self._unpacker.unpack()
        except msgpack.OutOfData:
            return None
        except (ValueError, TypeError, MemoryError) as error:
            raise MalformedError(f"no msgpack: {error or type(error).__name__}") from None
        match message:
            case [int(kind), int(number), str(method), list(parameters)] if kind == REQUEST and number >= 0:
                return number, method, parameters
            case [int(kind), str(method), list(parameters)] if kind == NOTIFICATION:
                return None, method, parameters
        raise MalformedError("not a request of msgpack-rpc")


def response(number: int, result: Any) -> bytes:
    """A response with a result; one that is `Packed` is copied."""
    if isinstance(result, Packed):
        return b"\x94\x01" + pack(number) + b"\xc0" + result
    return pack((RESPONSE, number, None, result))


def failure(number: int, message: str) -> bytes:
    """A response that says the call itself went wrong, as rpclib has it."""
    return pack((RESPONSE, number, message, None))
