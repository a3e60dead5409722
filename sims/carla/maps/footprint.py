"""Which parts of the plane are taken by lanes and by what stands beside them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.lanes import Strip
from sims.carla.server.actor import Box

SAMPLE = 0.5
"""[m] Lanes are sampled at most that far apart."""
MOST_CELLS = 64_000_000


class Footprint:
    """A grid of what is taken.

    Args:
        strips: Lanes.
        margin: [m] Around the outermost ones.
        cell: [m] Size of a cell; larger where the map is huge.
    """

    def __init__(self, strips: Iterable[Strip], margin: float = 50.0, cell: float = 0.5) -> None:
        samples = np.concatenate([lane_samples(strip)[:, :2] for strip in strips])
        self.low, self.high = samples.min(0) - margin, samples.max(0) + margin
        """(2,) [m] Corners of the grid."""
        self._cell = max(cell, float(np.sqrt(np.prod(self.high - self.low) / MOST_CELLS)))
        size = np.ceil((self.high - self.low) / self._cell).astype(int) + 1
        self._taken = np.zeros((int(size[0]), int(size[1])), bool)
        self._set(samples)

    def free(self, box: Box, margin: float) -> bool:
        """Whether nothing is under a box or nearer to it than `margin` [m]."""
        return not self._taken[self._cells(_under(box, margin, self._cell))].any()

    def take(self, box: Box, margin: float) -> bool:
        """Take the place of a box if it is free; returns whether it was."""
        free = self.free(box, margin)
        if free:
            self._set(_under(box, 0.0, self._cell))
        return free

    def _set(self, points: NDArray[np.float64]) -> None:
        self._taken[self._cells(points)] = True

    def _cells(self, points: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        index = np.floor((points - self.low) / self._cell).astype(np.intp)
        index = np.clip(index, 0, np.array(self._taken.shape) - 1)
        return index[:, 0], index[:, 1]


def lane_samples(strip: Strip) -> NDArray[np.float64]:
    """(n, 3) points all over a lane, its borders included, at most `SAMPLE` apart."""
    across = int(np.ceil(strip.width.max() / SAMPLE)) + 1
    dense = np.linspace(strip.s[0], strip.s[-1], int(np.ceil(strip.length / SAMPLE)) + 1)
    sides = [strip.border(float(side)) for side in np.linspace(-1, 1, across)]
    return np.concatenate(
        [np.column_stack([np.interp(dense, strip.s, column) for column in side.T]) for side in sides]
    )


def _under(box: Box, margin: float, cell: float) -> NDArray[np.float64]:
    """(n, 2) points of the area under a box grown by `margin`, no cell between them is left out."""
    (ex, ey, _), yaw = box.extent, np.radians(box.rotation[1])
    us, vs = (
        np.linspace(-e - margin, e + margin, int(np.ceil(2 * (e + margin) / cell)) + 2) for e in (ex, ey)
    )
    u, v = (grid.ravel() for grid in np.meshgrid(us, vs))
    return np.column_stack(
        [
            box.location[0] + u * np.cos(yaw) - v * np.sin(yaw),
            box.location[1] + u * np.sin(yaw) + v * np.cos(yaw),
        ]
    )
