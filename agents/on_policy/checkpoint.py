"""Checkpoints as plain tensors, numbers, strings and containers, so that loading one cannot run code."""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import torch

from landward.errors import CheckpointError

FORMAT = 1
"""Version of the layout; another one is refused."""
_ARRAY = "__ndarray__"
_TUPLE = "__tuple__"


def encode(value: Any, where: str = "state") -> Any:
    """Replace NumPy arrays and scalars by tagged tensors; everything else must already be plain.

    Args:
        value: nested dicts, lists and tuples of tensors, arrays, numbers, strings, bytes and None.
        where: name of the value in error messages.

    Raises:
        CheckpointError: something that cannot be stored safely; the message names its place.
    """
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise CheckpointError(f"{where} is an array of Python objects, which a checkpoint cannot hold")
        raw = torch.from_numpy(np.frombuffer(np.ascontiguousarray(value).tobytes(), np.uint8).copy())
        return {_ARRAY: raw, "dtype": _interned(value.dtype.str), "shape": list(value.shape)}
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {_interned(key): encode(item, f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, str):
        return _interned(value)
    if isinstance(value, tuple):
        return {_TUPLE: [encode(item, f"{where}[{i}]") for i, item in enumerate(value)]}
    if isinstance(value, (list, deque)):
        return [encode(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float, bytes)):
        return value
    raise CheckpointError(
        f"{where} is a {type(value).__name__}, which a checkpoint cannot hold: store plain data"
    )


def _interned(key: Any) -> Any:
    """One object for equal strings: a pickle refers to an object that it has written before.

    Whether equal strings are one object depends on where they came from (source, JSON), and equal content
    must give equal bytes.
    """
    return sys.intern(str(key)) if isinstance(key, str) else key


def decode(value: Any) -> Any:
    """Undo `encode`."""
    if isinstance(value, dict):
        if _ARRAY in value:
            raw = value[_ARRAY].numpy().tobytes()
            return np.frombuffer(raw, np.dtype(value["dtype"])).reshape(value["shape"]).copy()
        if _TUPLE in value:
            return tuple(decode(item) for item in value[_TUPLE])
        return {key: decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item) for item in value]
    return value


def write(stream: BinaryIO, content: Mapping[str, Any]) -> None:
    """Write a checkpoint into an open file."""
    torch.save({"format": FORMAT, **encode(content, "checkpoint")}, stream)


def read(stream: BinaryIO, where: object) -> dict[str, Any]:
    """Read a checkpoint.

    Args:
        stream: its content.
        where: file name for error messages.

    Raises:
        CheckpointError: cut short, altered, or of another version.
    """
    try:
        loaded = torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen types for a damaged file
        raise CheckpointError(
            f"{where} is not a readable checkpoint ({error}); use an earlier one"
        ) from error
    version = loaded.get("format") if isinstance(loaded, dict) else None
    if version != FORMAT:
        raise CheckpointError(f"{where} has checkpoint format {version}, this version reads {FORMAT}")
    return decode({key: value for key, value in loaded.items() if key != "format"})


def seed_all(seed: int) -> None:
    """Seed the global random streams, those of NumPy and Python too, which an environment might read."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state(device: str) -> dict[str, Any]:
    """State of the global random streams that learning may use."""
    state = {
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state(legacy=False),
        "python": random.getstate(),
    }
    if torch.device(device).type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: Mapping[str, Any], device: str) -> None:
    """Restore what `random_state` returned."""
    torch.set_rng_state(state["torch"])
    np.random.set_state(state["numpy"])
    random.setstate(state["python"])
    if torch.device(device).type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
