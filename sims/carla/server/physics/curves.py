"""Piecewise linear functions, one a vehicle, all read at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
KNOTS = 8
"""Points that a table holds; a curve of more is read at 8 points between its ends."""


def segments(curve: Sequence[tuple[float, float]]) -> Array:
    """A curve as clipped ramps: y = sum over k of slope_k clip(x - x_k, 0, width_k), for x >= 0.

    Args:
        curve: (x, y) with x ascending; constant beyond its ends.

    Returns:
        (3, KNOTS): x_k, width_k and slope_k. The first ramp lies below zero and stands for y of the first
        point.
    """
    x, y = np.array(curve, dtype=np.float64).T
    if len(x) > KNOTS:
        even = np.linspace(x[0], x[-1], KNOTS)
        x, y = even, np.interp(even, x, y)
    table = np.zeros((3, KNOTS))
    table[:, 0] = -2.0, 1.0, y[0]
    steps = np.diff(x)
    table[0, 1 : len(x)], table[1, 1 : len(x)] = x[:-1], steps
    table[2, 1 : len(x)] = np.diff(y) / np.where(steps > 0.0, steps, 1.0)
    return table


def evaluate(table: Array, x: Array) -> Array:
    """The curves at x >= 0.

    Args:
        table: (3, KNOTS, ...), what `segments` returns for each curve.
        x: (...)

    Returns:
        (...)
    """
    ramp = np.minimum(np.maximum(x - table[0], 0.0), table[1])
    return np.add.reduce(ramp * table[2], 0)
