"""Readers of what a client sends: each returns the value in the server's own type, or raises `WireError`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sims.carla.server.geometry import Pose

LARGEST = 1e12
"""No quantity of a driving world is larger; what is would overflow in the arithmetic on it."""


class WireError(Exception):
    """An argument of the wrong type or not a finite number; the client raises RuntimeError with this text."""


def number(value: Any) -> float:
    """A finite number, not too large."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError(f"a number is expected, not {_show(value)}")
    if not -LARGEST <= value <= LARGEST:
        raise WireError(f"a finite number up to 1e12 is expected, not {_show(value)}")
    return float(value)


def whole(value: Any) -> int:
    """An integer of at most 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise WireError(f"an integer is expected, not {_show(value)}")
    return value


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise WireError(f"a boolean is expected, not {_show(value)}")
    return value


def text(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise WireError(f"a string is expected, not {_show(value)}")
    return value


def items(value: Any, least: int = 0) -> list[Any]:
    """A list of at least so many elements; more are left to the caller."""
    if not isinstance(value, list) or len(value) < least:
        raise WireError(f"a list of at least {least} elements is expected, not {_show(value)}")
    return value


def numbers(value: Any, count: int) -> list[float]:
    """At least `count` finite numbers; the first `count` of them."""
    return [number(element) for element in items(value, count)[:count]]


def vector(value: Any) -> list[float]:
    """Vector3D or Location: [x, y, z]."""
    found = items(value, 3)
    x, y, z = found[0], found[1], found[2]
    if type(x) is type(y) is type(z) is float and abs(x) + abs(y) + abs(z) <= LARGEST:
        return [x, y, z]
    return numbers(value, 3)


def transform(value: Any) -> Pose:
    """Transform: [[x, y, z], [pitch, yaw, roll]] -> (6,)."""
    location, rotation = items(value, 2)[:2]
    return np.array(vector(location) + vector(rotation))


def optional[T](value: Any, read: Callable[[Any], T]) -> T | None:
    """[false] -> None; [true, value] -> value."""
    found = items(value, 1)
    return read(found[1]) if len(found) > 1 else None


def _show(value: Any) -> str:
    """A short form of what came."""
    shown = repr(value) if isinstance(value, int | float | str | bytes) else type(value).__name__
    return shown if len(shown) <= 40 else f"{shown[:40]}..."
