"""The ground: a flat plane or one height field shared by all environments, cut into tiles to start on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any


@dataclass(frozen=True)
class Terrain:
    """Heights on a regular grid, centred on the world's origin, and the tiles' start points."""

    heights: NDArray[np.float32] | None = None
    """(rows, columns) ground height [m], row = y, column = x; None for the plane z = 0."""
    cell: float = 0.05
    """Distance between grid points [m]."""
    origins: NDArray[np.float32] = field(default_factory=lambda: np.zeros((1, 1, 3), np.float32))
    """(levels, kinds, 3) start point of each tile, on the ground [m]; harder with the level."""
    kinds: tuple[str, ...] = ("flat",)
    """Name of each column of tiles."""
    tile: float = 0.0
    """Side of a square tile [m]; 0 for the endless plane."""

    @property
    def levels(self) -> int:
        """Number of difficulty levels."""
        return self.origins.shape[0]

    def height_at(self, xy: Array) -> Array:
        """Ground height below world points, bilinear between grid points; constant beyond the border.

        Args:
            xy: (..., 2) world positions [m].

        Returns:
            (...) heights [m], float32.
        """
        if self.heights is None:
            return np.zeros(xy.shape[:-1], np.float32)
        rows, columns = self.heights.shape
        u = np.clip(xy[..., 0] / self.cell + (columns - 1) / 2, 0, columns - 1.001)
        v = np.clip(xy[..., 1] / self.cell + (rows - 1) / 2, 0, rows - 1.001)
        i, j = u.astype(np.int64), v.astype(np.int64)
        du, dv = (u - i).astype(np.float32), (v - j).astype(np.float32)
        flat, index = self.heights.ravel(), j * columns + i
        near = flat[index] * (1 - du) + flat[index + 1] * du
        far = flat[index + columns] * (1 - du) + flat[index + columns + 1] * du
        return near * (1 - dv) + far * dv


FLAT = Terrain()
