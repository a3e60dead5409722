"""Heights of the ground as a grid that is looked up for many points at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landward.errors import require
from sims.carla.maps.footprint import lane_samples
from sims.carla.maps.lanes import Strip


@dataclass(frozen=True)
class Ground:
    """Height of the ground. Flat maps, which ours are, cost one constant."""

    origin: NDArray[np.float64]
    """(2,) [m] Corner of the grid."""
    cell: float
    """[m]"""
    height: NDArray[np.float32]
    """(nx, ny) [m] at the corners of the cells."""

    @property
    def flat(self) -> bool:
        """Whether it has one height all over."""
        return self.height.size == 1

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heights (N,) [m] under points (N, 2) [m], linear between the corners of cells."""
        if self.flat:
            return np.full(len(points), float(self.height[0, 0]))
        where = (points - self.origin) / self.cell
        low = np.clip(np.floor(where).astype(np.int64), 0, np.array(self.height.shape) - 2)
        fx, fy = np.clip(where - low, 0.0, 1.0).T
        x, y = low.T
        h = self.height
        near = h[x, y] * (1 - fy) + h[x, y + 1] * fy
        far = h[x + 1, y] * (1 - fy) + h[x + 1, y + 1] * fy
        return near * (1 - fx) + far * fx


CELL = 1.0
"""[m]"""
MARGIN = 50.0
"""[m] Ground around the outermost roads."""
MOST_CELLS = 16_000_000
FLAT = 1e-3
"""[m] Heights that differ by less are one height."""


def ground_of(strips: tuple[Strip, ...]) -> Ground:
    """The ground under and around all lanes; off the road it is as high as the nearest road."""
    points = np.concatenate([strip.centre for strip in strips])
    if np.ptp(points[:, 2]) < FLAT:
        return Ground(np.zeros(2), 1.0, np.full((1, 1), points[0, 2], np.float32))
    samples = np.concatenate([lane_samples(strip) for strip in strips])
    low, high = samples[:, :2].min(0) - MARGIN, samples[:, :2].max(0) + MARGIN
    cell = max(CELL, float(np.sqrt(np.prod(high - low) / MOST_CELLS)))
    shape = np.ceil((high - low) / cell).astype(int) + 1
    return Ground(low, cell, _spread(samples, low, cell, shape))


def _spread(
    samples: NDArray[np.float64], low: NDArray[np.float64], cell: float, shape: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Heights at the corners of a grid: means of the samples around, elsewhere those of the nearest."""
    index = np.rint((samples[:, :2] - low) / cell).astype(np.int64)
    flat = np.ravel_multi_index((index[:, 0], index[:, 1]), tuple(shape))
    size = int(np.prod(shape))
    count = np.bincount(flat, minlength=size)
    total = np.bincount(flat, weights=samples[:, 2], minlength=size)
    height = np.where(count > 0, total / np.maximum(count, 1), 0.0).reshape(tuple(shape))
    return _fill(height.astype(np.float32), (count > 0).reshape(tuple(shape)))


def _fill(height: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give each unknown cell the height of the nearest known one."""
    cv2 = require("cv2", "carla", "maps with hills")
    nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )[1].astype(np.intp)
    of_label = np.zeros(int(nearest.max()) + 1, np.float32)
    of_label[nearest[known]] = height[known]
    return of_label[nearest]
