"""Numbers out of configurations, which hold Python numbers, sequences or tensors on any device."""

from __future__ import annotations

from typing import Any


def number_or_row(value: Any) -> float | tuple[float, ...]:
    """One number where there is one or all are equal, else a tuple; every number as Python's float.

    Args:
        value: a number, a sequence, or a tensor of any shape, which is flattened.
    """
    row = row_of(value)
    return row[0] if row and len(set(row)) == 1 else row


def row_of(value: Any) -> tuple[float, ...]:
    """A number, sequence or tensor as a flat tuple of floats."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().reshape(-1).tolist()
    elif hasattr(value, "reshape"):
        value = value.reshape(-1).tolist()
    return tuple(float(item) for item in value) if isinstance(value, list | tuple) else (float(value),)


def common_row(value: Any) -> tuple[float, ...] | None:
    """The one row of an (N, k) tensor whose rows are all the same; None where they differ."""
    rows = value.detach().cpu()
    if not bool((rows == rows[:1]).all()):
        return None
    return row_of(rows[0])
