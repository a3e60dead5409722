"""Statistics of durations that cost nothing to record."""

from __future__ import annotations

import math

import numpy as np


class Window:
    """The latest durations [s].

    Args:
        kept: how many the percentiles are of.
    """

    def __init__(self, kept: int = 4096) -> None:
        self._values = np.zeros(kept)
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self.count = 0
        """Durations since the last reset."""
        self.max = math.nan
        """Largest since the last reset [s]; NaN before the first."""

    def record(self, duration: float) -> None:
        """Add one [s]."""
        self._values[self.count % len(self._values)] = duration
        self.max = duration if self.count == 0 else max(self.max, duration)
        self.count += 1

    def percentiles(self) -> tuple[float, float]:
        """Median and 99th percentile of the latest [s]; NaN before the first."""
        if self.count == 0:
            return math.nan, math.nan
        p50, p99 = np.percentile(self._values[: min(self.count, len(self._values))], (50, 99)).tolist()
        return p50, p99

    def text(self) -> str:
        """Median and 99th percentile of the latest, the largest of all; in milliseconds."""
        if self.count == 0:
            return "none yet"
        p50, p99 = self.percentiles()
        return f"p50 {p50 * 1e3:.3f} p99 {p99 * 1e3:.3f} max {self.max * 1e3:.3f} ms"
