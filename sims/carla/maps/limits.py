"""Speed limits by place, looked up for many vehicles at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.footprint import lane_samples
from sims.carla.maps.lanes import Strip

CELL = 1.0
"""[m]"""
MOST_CELLS = 64_000_000


@dataclass(frozen=True)
class Limits:
    """Speed limits on a grid."""

    origin: NDArray[np.float64]
    """(2,) [m] Corner of the grid."""
    cell: float
    """[m]"""
    speeds: NDArray[np.uint8]
    """(nx, ny) [km/h]; 0 off the road, in junctions, where roads meet, and where the file names none."""

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.uint8]:
        """(N,) [km/h] at points (N, 2) [m]; 0: what was the limit before stays it."""
        index = ((points - self.origin) / self.cell).astype(np.intp)
        # Twice as fast as np.clip, at every vehicle and step.
        index = np.minimum(np.maximum(index, 0), self._last)
        return self.speeds[index[:, 0], index[:, 1]]

    @cached_property
    def _last(self) -> NDArray[np.intp]:
        """(2,) index of the last cell."""
        return np.array(self.speeds.shape) - 1


def limits_of(strips: Iterable[Strip]) -> Limits:
    """The limits on all driving lanes outside junctions."""
    found = [
        (lane_samples(strip)[:, :2], min(round(strip.speed), 255))
        for strip in strips
        if strip.kind == "driving" and strip.junction < 0
    ]
    points = np.concatenate([np.zeros((1, 2)), *(samples for samples, _ in found)])
    low, high = points.min(0) - CELL, points.max(0) + CELL
    cell = max(CELL, float(np.sqrt(np.prod(high - low) / MOST_CELLS)))
    size = np.ceil((high - low) / cell).astype(int) + 1
    speeds = np.zeros((int(size[0]), int(size[1])), np.uint8)
    for samples, speed in found:
        index = ((samples - low) / cell).astype(np.intp)
        speeds[index[:, 0], index[:, 1]] = speed
    return Limits(low, cell, speeds)
