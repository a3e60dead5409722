"""NumPy arrays in msgpack, in the layout of the msgpack-numpy messages of openpi's policy servers.

An array is a map {b"__ndarray__": true, b"data": bytes (C order), b"dtype": "<f4", b"shape": [1, 3]};
everything else is plain msgpack. Nothing is executed and no object type is read, so a message of a stranger
can do no harm beyond its size, which the connection bounds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from landward.errors import RemotePolicyError, require

_KINDS = "biuf"
"""Kinds of NumPy dtypes that travel: booleans, integers, floats."""


def pack(message: Any) -> bytes:
    """A message of maps, lists, texts, numbers and arrays as bytes.

    Raises:
        RemotePolicyError: it holds something else, such as an array of objects.
    """
    try:
        return _msgpack().packb(message, default=_from_array)
    except (TypeError, ValueError, OverflowError) as error:
        raise RemotePolicyError(f"a message for a policy server cannot be packed: {error}") from error


def unpack(data: bytes) -> Any:
    """The message in the bytes; arrays are read-only views of them.

    Raises:
        RemotePolicyError: not one whole message, or a malformed array.
    """
    # The length of the data bounds what msgpack allocates; its exceptions have no common base.
    try:
        return _msgpack().unpackb(data, object_hook=_to_array, strict_map_key=False)
    except RemotePolicyError:
        raise
    except Exception as error:
        raise RemotePolicyError(f"not a msgpack message: {error or type(error).__name__}") from error


def _from_array(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray) or value.dtype.kind not in _KINDS:
        raise TypeError(f"{getattr(value, 'dtype', type(value).__name__)} is no array of numbers")
    return {
        b"__ndarray__": True,
        b"data": value.tobytes(),
        b"dtype": value.dtype.str,
        b"shape": list(value.shape),
    }


def _to_array(value: dict[Any, Any]) -> Any:
    if b"__ndarray__" not in value:
        return value
    data, name, shape = (value.get(key) for key in (b"data", b"dtype", b"shape"))
    try:
        dtype = np.dtype(name) if isinstance(name, str) else None
    except TypeError:
        dtype = None
    if dtype is None or dtype.kind not in _KINDS:
        raise RemotePolicyError(f"an array has the dtype {name!r}; booleans, integers and floats travel")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise RemotePolicyError(f"an array has the shape {shape!r}, which is no list of sizes")
    if not isinstance(data, bytes) or len(data) != math.prod(shape) * dtype.itemsize:
        raise RemotePolicyError(
            f"an array of shape {shape} and dtype {name} comes with the wrong number of bytes"
        )
    return np.frombuffer(data, dtype).reshape(shape)


def _msgpack() -> Any:
    return require("msgpack", "remote", "messages of policy servers are packed with it")
