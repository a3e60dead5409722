"""Normalising and checking the values of a spec, so that equal specs are equal to the byte."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from landward.errors import SpecError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def number(value: Any, where: str) -> float:
    """A finite Python float; -0.0 becomes 0.0, because both compare equal and must hash equal.

    Raises:
        SpecError: not a number, or not finite.
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise SpecError(f"{where} must be a number, got {value!r}") from None
    if isinstance(value, str) or not math.isfinite(result):
        raise SpecError(f"{where} must be a finite number, got {value!r}")
    return result + 0.0


def numbers(value: Any, where: str) -> tuple[float, ...]:
    """A tuple of finite floats from any sequence or array.

    Raises:
        SpecError: not a sequence of finite numbers.
    """
    return tuple(number(item, f"{where}[{index}]") for index, item in enumerate(_items(value, where)))


def number_or_numbers(value: Any, where: str) -> float | tuple[float, ...]:
    """A finite float, or a tuple of them where a sequence is given."""
    return numbers(value, where) if _is_sequence(value) else number(value, where)


def pair(value: Any, where: str) -> tuple[float, float]:
    """A (low, high) tuple.

    Raises:
        SpecError: not two finite numbers, or low above high.
    """
    items = numbers(value, where)
    if len(items) != 2:
        raise SpecError(f"{where} must be a pair (low, high), got {len(items)} numbers")
    if items[0] > items[1]:
        raise SpecError(f"{where} has its low end {items[0]:g} above its high end {items[1]:g}; swap them")
    return items[0], items[1]


def strings(value: Any, where: str) -> tuple[str, ...]:
    """A tuple of texts.

    Raises:
        SpecError: not a sequence of texts.
    """
    if isinstance(value, str):
        raise SpecError(f"{where} must be a sequence of names, got the single text {value!r}")
    items = tuple(_items(value, where))
    for item in items:
        text(item, where)
    return items


def text(value: Any, where: str) -> str:
    """A text as it is.

    Raises:
        SpecError: not a text.
    """
    if not isinstance(value, str):
        raise SpecError(f"{where} must be a text, got {value!r}")
    return value


def integer(value: Any, where: str, least: int) -> int:
    """A Python int of at least `least`.

    Raises:
        SpecError: not a whole number, or too small.
    """
    try:
        result = int(value)
    except (TypeError, ValueError, OverflowError):
        raise SpecError(f"{where} must be a whole number, got {value!r}") from None
    if isinstance(value, bool | str) or result != value:
        raise SpecError(f"{where} must be a whole number, got {value!r}")
    if result < least:
        raise SpecError(f"{where} must be at least {least}, got {result}")
    return result


def details(value: Any, where: str) -> tuple[tuple[str, Any], ...]:
    """A mapping (or pairs) of facts, as pairs sorted by key; numbers become floats.

    Raises:
        SpecError: a value that is neither a text, a bool, a number nor a sequence of numbers.
    """
    mapping = dict(value) if not isinstance(value, Mapping) else value
    return tuple((text(key, where), _detail(mapping[key], f"{where}[{key!r}]")) for key in sorted(mapping))


def check_name(value: str, where: str) -> None:
    """Names become ONNX values and dictionary keys, so they are plain identifiers.

    Raises:
        SpecError: empty, or with other characters than letters, digits and "_".
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise SpecError(f"{where} must be letters, digits and '_' and begin with a letter, got {value!r}")


def check_choice(value: str, choices: Iterable[str], where: str) -> None:
    """Raise SpecError where `value` is not one of `choices`."""
    known = tuple(choices)
    if value not in known:
        raise SpecError(f"{where} {value!r} is unknown; known: {', '.join(known)}")


def check_unique(names: Iterable[str], where: str, what: str) -> None:
    """Raise SpecError where a name comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SpecError(f"{where} has the {what} {name!r} twice; every {what} must be unique")
        seen.add(name)


def check_count(value: Any, expected: int, where: str, why: str) -> None:
    """Raise SpecError where a tuple is neither empty nor of the expected length."""
    if isinstance(value, tuple) and value and len(value) != expected:
        raise SpecError(f"{where} has {len(value)} entries, expected {expected} ({why})")


def _is_sequence(value: Any) -> bool:
    return not isinstance(value, str) and hasattr(value, "__len__") and getattr(value, "shape", None) != ()


def _items(value: Any, where: str) -> Iterable[Any]:
    if not _is_sequence(value):
        raise SpecError(f"{where} must be a sequence, got {value!r}")
    return value


def _detail(value: Any, where: str) -> Any:
    if isinstance(value, str | bool):
        return value
    return number_or_numbers(value, where)
