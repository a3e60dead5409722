"""The town's solid boxes, with a grid that tells where a vehicle is far from all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.town import StaticBox
from sims.carla.server.physics.boxes import Boxes

CELL = 0.5
"""[m]"""
MOST_CELLS = 16_000_000
REACH = 4.0
"""[m] Up to which the grid knows distances."""
PASSABLE = 4.5
"""[m] Above the ground; boxes that begin higher, such as lamps over the road, are in nobody's way."""


class Obstacles:
    """Boxes that never move.

    Args:
        boxes: of the town.
        ground: heights under (N, 2) points.
    """

    def __init__(self, boxes: Sequence[StaticBox], ground: Callable[[NDArray], NDArray]) -> None:
        self.boxes = _low(boxes, ground)
        places = np.array([box.box.location for box in self.boxes]).reshape(-1, 3)
        extents = np.array([box.box.extent for box in self.boxes]).reshape(-1, 3)
        yaws = np.radians([box.box.rotation[1] for box in self.boxes]) if self.boxes else np.zeros(0)
        self.shapes = Boxes(places[:, 0] + 1j * places[:, 1], np.exp(1j * yaws), extents[:, :2].T.copy())
        self.bottom, self.top = places[:, 2] - extents[:, 2], places[:, 2] + extents[:, 2]
        self.radius = np.hypot(*self.shapes.half)
        self.cell, self.origin = CELL, np.zeros(2)
        self.grid = np.full((1, 1), REACH, np.float32)
        if self.boxes:
            self._fill(places[:, :2])
        self._origin = complex(*self.origin)
        self._strides = np.array([self.grid.shape[1], 1])
        self._flat = self.grid.ravel()

    def distance(self, points: NDArray[np.complex128]) -> NDArray[np.float32]:
        """[m] From points to the nearest box, at most half a cell's diagonal wrong; REACH beyond it."""
        cells = ((points - self._origin) * (1.0 / self.cell)).view(np.float64).reshape(*points.shape, 2)
        flat = cells.astype(np.intp) @ self._strides
        return self._flat.take(flat, mode="clip")

    def near(self, centre: complex, radius: float) -> NDArray[np.intp]:
        """Indices of the boxes that a circle may touch."""
        return np.flatnonzero(np.abs(self.shapes.centre - centre) < self.radius + radius)

    def _fill(self, places: NDArray[np.float64]) -> None:
        margin = float(self.radius.max()) + REACH + 1.0
        low, high = places.min(0) - margin, places.max(0) + margin
        self.cell = max(CELL, float(np.sqrt(np.prod(high - low) / MOST_CELLS)))
        shape = np.ceil((high - low) / self.cell).astype(int) + 1
        self.origin, self.grid = low, np.full(tuple(shape), REACH, np.float32)
        for k in range(len(self.boxes)):
            self._mark(k)

    def _mark(self, k: int) -> None:
        """Enter the distances to one box around it."""
        centre, span = self.shapes.centre[k], float(self.radius[k]) + REACH
        corner = np.array([centre.real, centre.imag]) - self.origin
        i0, j0 = np.maximum(((corner - span) / self.cell).astype(int), 0)
        i1, j1 = ((corner + span) / self.cell).astype(int) + 1
        x = self.origin[0] + (np.arange(i0, i1) + 0.5) * self.cell
        y = self.origin[1] + (np.arange(j0, j1) + 0.5) * self.cell
        local = (x[:, None] + 1j * y[None, :] - centre) * self.shapes.heading[k].conj()
        beyond = np.maximum(np.abs(local.real) - self.shapes.half[0, k], 0.0) + 1j * np.maximum(
            np.abs(local.imag) - self.shapes.half[1, k], 0.0
        )
        away = np.abs(beyond)
        part = self.grid[i0:i1, j0:j1]
        np.minimum(part, away.astype(np.float32), out=part)


def _low(boxes: Sequence[StaticBox], ground: Callable[[NDArray], NDArray]) -> tuple[StaticBox, ...]:
    """Those that stand in the way."""
    if not boxes:
        return ()
    heights = ground(np.array([box.box.location[:2] for box in boxes], dtype=np.float64))
    return tuple(
        box
        for box, height in zip(boxes, heights.tolist(), strict=True)
        if box.box.location[2] - box.box.extent[2] < height + PASSABLE
    )
