"""msgpack-rpc as CARLA's client speaks it: objects back to back, each bounded in size."""

from __future__ import annotations

from typing import Any

import msgpack

LARGEST_MESSAGE = 32 << 20
"""[bytes] Of one request; OpenDRIVE files of cities have a few million."""
LONGEST_LIST = 1 << 20
"""Elements of one list: a list is made at its announced length, before its elements are there."""
REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2
_PACKER = msgpack.Packer(use_bin_type=True, unicode_errors="surrogateescape")
"""To make one takes longer than to pack what a server answers."""
_NOTHING = object()
Request = tuple[int | None, str, list[Any]]
"""Message id, None for a notification; method; parameters."""


class Packed(bytes):
    """A result that is packed already."""


class MalformedError(Exception):
    """Bytes that are no msgpack-rpc, or too many of them; there is no way to find the next message."""


def pack(value: Any) -> bytes:
    """One msgpack object; bytes become bin, text may hold any byte."""
    try:
        return _PACKER.pack(value)
    except BaseException:
        _PACKER.reset()  # else what is left of this object comes before the next
        raise


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

    def next(self) -> Request | None:
        """The next whole message as (message id, method, parameters); None when there is none yet.

        The id of a notification is None.

        Raises:
            MalformedError: it is not a request.
        """
        try:
            message = next(self._unpacker, _NOTHING)
        except (ValueError, TypeError, MemoryError) as error:
            raise MalformedError(f"no msgpack: {error or type(error).__name__}") from None
        if message is _NOTHING:
            return None
        # Patterns of `match` would say the same, in ten times the time.
        if type(message) is list and len(message) in (3, 4):
            kind, number, (method, parameters) = message[0], message[1], message[-2:]
            if type(kind) is int and type(method) is str and type(parameters) is list:
                if len(message) == 3 and kind == NOTIFICATION:
                    return None, method, parameters
                if len(message) == 4 and kind == REQUEST and type(number) is int and number >= 0:
                    return number, method, parameters
        raise MalformedError("not a request of msgpack-rpc")


def response(number: int, result: Any) -> bytes:
    """A response with a result; one that is `Packed` is copied."""
    if isinstance(result, Packed):
        return b"\x94\x01" + pack(number) + b"\xc0" + result
    return pack((RESPONSE, number, None, result))


def failure(number: int, message: str) -> bytes:
    """A response that says the call itself went wrong, as rpclib has it."""
    return pack((RESPONSE, number, message, None))
