"""The ground: a flat plane or one height field shared by all environments, cut into tiles to start on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.array import array_namespace, constant, place

Array = Any

_BLOCK = 24_000
"""Points looked up at a time: the temporaries stay in the cache and below malloc's mmap threshold (128 KiB),
which is four times as fast as all at once."""


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
    _tensors: dict[str, Array] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Device -> the heights as a torch tensor on it, flat."""

    @property
    def levels(self) -> int:
        """Number of difficulty levels."""
        return self.origins.shape[0]

    def height_at(self, xy: Array) -> Array:
        """Ground height below world points; constant beyond the border.

        Between grid points it is that of the triangles MuJoCo collides with: each cell is cut along its
        diagonal from (low x, low y) to (high x, high y). Bilinear interpolation would be off by centimetres
        at the corners of stairs.

        Args:
            xy: (..., 2) world positions [m].

        Returns:
            (...) heights [m], float32; NaN where a position is NaN.
        """
        return self.height(xy[..., 0], xy[..., 1])

    def height(self, x: Array, y: Array) -> Array:
        """As `height_at`, the coordinates (...) given apart."""
        xp = array_namespace(x, y)
        if self.heights is None:
            return xp.zeros(x.shape, dtype=xp.float32, **place(xp, getattr(x, "device", None)))
        if xp is not np:
            return self._height_on_device(self.heights, x, y, xp)
        shape, x, y = np.shape(x), np.asarray(x).reshape(-1), np.asarray(y).reshape(-1)
        heights = np.empty(x.size, np.float32)
        for start in range(0, x.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            heights[part] = self._interpolate(self.heights, x[part], y[part])
        return heights.reshape(shape)

    def _interpolate(self, heights: NDArray[np.float32], x: Array, y: Array) -> NDArray[np.float32]:
        rows, columns = heights.shape
        u, low = _split(x, self.cell, columns)
        v, row = _split(y, self.cell, rows)
        row *= np.int32(columns)
        low += row
        across = u - v
        third = (across > 0) * np.int32(
            1 - columns
        )  # the corner beside (+1) or, without this, above (+columns)
        third += low
        third += np.int32(columns)
        flat = heights.reshape(-1)
        # mode="clip" lets the meaningless index of a NaN position pass; its NaN weights make the height NaN.
        height = flat.take(third, mode="clip")
        height *= np.abs(across, out=across)
        weight = np.maximum(u, v)
        height += flat.take(low, mode="clip") * np.subtract(1, weight, out=weight)
        low += np.int32(columns + 1)
        height += flat.take(low, mode="clip") * np.minimum(u, v, out=u)
        return height

    def _height_on_device(self, heights: NDArray[np.float32], x: Array, y: Array, xp: Any) -> Array:
        """The same for torch tensors: plain array algebra, the heights kept on their device."""
        device = str(x.device)
        if device not in self._tensors:
            self._tensors[device] = constant(heights.ravel(), xp, x.device)
        flat, (rows, columns) = self._tensors[device], heights.shape
        u, low = _split_on_device(x, self.cell, columns, xp)
        v, row = _split_on_device(y, self.cell, rows, xp)
        low = low + row * columns
        across = u - v
        third = low + xp.where(across > 0, 1, columns)
        height = flat[third] * xp.abs(across) + flat[low] * (1 - xp.maximum(u, v))
        return height + flat[low + columns + 1] * xp.minimum(u, v)

    def outside(self, xy: Array, margin: float = 0.0) -> Array:
        """Whether world points are beyond the height field, where engines have no ground; never on the plane.

        Args:
            xy: (..., 2) world positions [m].
            margin: points within this distance of the edge count as outside too [m].

        Returns:
            (...) bool.
        """
        xp = array_namespace(xy)
        if self.heights is None:
            return xp.zeros(xy.shape[:-1], dtype=xp.bool, **place(xp, getattr(xy, "device", None)))
        rows, columns = self.heights.shape
        half_x, half_y = (columns - 1) * self.cell / 2 - margin, (rows - 1) * self.cell / 2 - margin
        return (xp.abs(xy[..., 0]) > half_x) | (xp.abs(xy[..., 1]) > half_y)


def _split(position: Array, cell: float, points: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Position along one axis -> (fraction of the way through its cell, index of the cell)."""
    part = np.multiply(position, np.float32(1 / cell), dtype=np.float32)
    part += np.float32((points - 1) / 2)
    np.clip(part, 0, np.float32(points - 1.001), out=part)
    index = np.floor(part)
    part -= index
    with np.errstate(invalid="ignore"):
        return part, index.astype(np.int32)


def _split_on_device(position: Array, cell: float, points: int, xp: Any) -> tuple[Array, Array]:
    """As `_split`; a NaN position keeps its NaN fraction and gets the index 0."""
    part = xp.clip(position * (1 / cell) + (points - 1) / 2, 0, points - 1.001)
    index = xp.floor(part)
    return part - index, xp.astype(xp.where(xp.isnan(index), xp.zeros_like(index), index), xp.int64)


FLAT = Terrain()
