"""Readable differences between two specs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any


def diff_fields(path: str, expected: Any, got: Any, skip: Iterable[str] = ()) -> list[str]:
    """Lines for every field in which two dataclasses of one class differ.

    Args:
        path: where the objects are, as "observations.policy.joint_pos".
        expected: the object that is right.
        got: the object that is compared.
        skip: names of fields that are not compared.

    Returns:
        One line a difference, as "path names[3]: expected 'FL_calf_joint', got 'FR_hip_joint'".
    """
    ignored = set(skip)
    lines: list[str] = []
    for field in dataclasses.fields(expected):
        if field.name not in ignored:
            label = f"{path} {field.name}".strip()
            lines += diff_values(label, getattr(expected, field.name), getattr(got, field.name))
    return lines


def diff_values(label: str, expected: Any, got: Any) -> list[str]:
    """Lines for two values; tuples of equal length are compared element by element."""
    if expected == got:
        return []
    if isinstance(expected, tuple) and isinstance(got, tuple):
        if len(expected) != len(got):
            return [
                f"{label}: expected {len(expected)} entries {_show(expected)}, got {len(got)} {_show(got)}"
            ]
        pairs = enumerate(zip(expected, got, strict=True))
        return [f"{label}[{index}]: expected {_show(a)}, got {_show(b)}" for index, (a, b) in pairs if a != b]
    return [f"{label}: expected {_show(expected)}, got {_show(got)}"]


def diff_named(path: str, expected: Sequence[Any], got: Sequence[Any], skip: Iterable[str] = ()) -> list[str]:
    """Lines for two sequences of dataclasses that are matched by their `name`."""
    ours = {item.name: item for item in expected}
    theirs = {item.name: item for item in got}
    lines = diff_names(path, list(ours), list(theirs))
    for name in ours:
        if name in theirs:
            lines += diff_fields(f"{path}.{name}", ours[name], theirs[name], skip)
    return lines


def diff_names(path: str, expected: Sequence[str], got: Sequence[str]) -> list[str]:
    """Lines for names that are missing, unexpected, or in another order."""
    lines = [f"{path}: expected {name!r}, which is missing" for name in expected if name not in got]
    lines += [f"{path}: got {name!r}, which is not expected" for name in got if name not in expected]
    if not lines and list(expected) != list(got):
        lines.append(f"{path}: expected the order {', '.join(expected)}; got {', '.join(got)}")
    return lines


def _show(value: Any) -> str:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return f"{type(value).__name__}({', '.join(f'{f.name}={getattr(value, f.name)!r}' for f in fields)})"
    return repr(value)
