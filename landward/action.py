"""The action mapping of the spec, one implementation for environments and exported graphs."""

from __future__ import annotations

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
