"""The action mapping of the spec, one implementation for environments and exported graphs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from landward.array import Array, array_namespace
from landward.spec import ActionTerm


def decode(term: ActionTerm, raw: Array) -> Array:
    """A policy's raw action -> SI: clamp(offset + scale * clip(raw), limits).

    Args:
        term: the action term; its clip bounds the raw action, its limits the result.
        raw: (N, *output_shape), dimensionless.

    Returns:
        (N, *output_shape) in the term's unit, of the dtype of `raw`.
    """
    xp = array_namespace(raw)
    value = raw if term.clip is None else xp.clip(raw, *term.clip)

    def row(numbers: float | tuple[float, ...]) -> Array | float:
        if not isinstance(numbers, tuple):
            return numbers
        return xp.asarray(numbers, dtype=raw.dtype, device=raw.device)  # along the last axis

    value = row(term.offset) + row(term.scale) * value
    if term.limits:
        low, high = (row(tuple(pair[i] for pair in term.limits)) for i in (0, 1))
        value = xp.minimum(xp.maximum(value, low), high)
    return value


def decode_all(terms: Iterable[ActionTerm], raw: Array) -> dict[str, Array]:
    """A policy's whole raw action, its terms side by side -> SI by term name.

    Args:
        terms: in order.
        raw: (N, A), dimensionless.

    Returns:
        Action term name -> (N, *shape) in the term's unit.
    """
    xp, targets, start = array_namespace(raw), {}, 0
    for term in terms:
        part = xp.reshape(raw[:, start : start + term.size], (raw.shape[0], *term.shape))
        targets[term.name], start = decode(term, part), start + term.size
    return targets


def raw_bounds(term: ActionTerm) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of a term's raw action: its clip, else its SI limits mapped back, else infinite.

    Returns:
        (low, high), (chunk * size,) float64 each.
    """
    size = term.size * term.chunk
    if term.clip is not None:
        return np.full(size, term.clip[0]), np.full(size, term.clip[1])
    if not term.limits:
        return np.full(size, -np.inf), np.full(size, np.inf)
    ends = (np.asarray(term.limits).T - np.asarray(term.offset)) / np.asarray(term.scale)
    repeats = size // ends.shape[1]
    return np.tile(ends.min(0), repeats), np.tile(ends.max(0), repeats)
