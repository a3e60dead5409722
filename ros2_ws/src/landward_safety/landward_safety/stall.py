"""Whether simulated time stands still, by the wall clock."""

from __future__ import annotations


class StallWatch:
    """Notes when time last moved.

    Args:
        bound: how long it may stand still [s of wall time].
    """

    def __init__(self, bound: float) -> None:
        self._bound = bound
        self._seen: int | None = None
        self._moved = 0.0

    def look(self, time_ns: int, wall: float) -> float:
        """Look at both clocks.

        Args:
            time_ns: the clock that may stand still [ns].
            wall: a monotonic clock [s].

        Returns:
            How long time has stood still [s], 0 where that is within the bound.
        """
        if time_ns != self._seen:
            self._seen, self._moved = time_ns, wall
        still = wall - self._moved
        return still if still > self._bound else 0.0
