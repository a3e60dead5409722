"""What kind of ground is where: the town's flat meshes from above, as a picture of labels."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from landward.errors import require
from sims.carla.server.scene.labels import LAYERS, TERRAIN

if TYPE_CHECKING:
    from sims.carla.maps.town import Town

CELL = 0.1
"""[m] Of the picture, where the town is not too large for it."""
MOST_CELLS = 40_000_000


class Surface:
    """Labels of the ground; painted when first asked for.

    Args:
        town: whose meshes are looked at from above.
    """

    def __init__(self, town: Town) -> None:
        self._town = town

    def labels(self, points: NDArray[np.float64]) -> NDArray[np.uint8]:
        """(n,) CityObjectLabels of the ground at (n, 2) [m]."""
        origin, cell, picture = self._picture
        column, row = np.floor((points - origin) / cell).astype(np.int64).T
        inside = (row >= 0) & (column >= 0) & (row < picture.shape[0]) & (column < picture.shape[1])
        out = np.full(len(points), TERRAIN, np.uint8)
        out[inside] = picture[row[inside], column[inside]]
        return out

    @cached_property
    def _picture(self) -> tuple[NDArray[np.float64], float, NDArray[np.uint8]]:
        """Corner (2,) [m], size of a cell [m], labels (y, x)."""
        cv2 = require("cv2", "carla", "labels of the ground")
        meshes = sorted(
            (mesh for mesh in self._town.meshes if mesh.label in LAYERS), key=lambda mesh: LAYERS[mesh.label]
        )
        if not meshes:
            return np.zeros(2), 1.0, np.full((1, 1), TERRAIN, np.uint8)
        everything = np.concatenate([mesh.vertices[:, :2] for mesh in meshes]).astype(np.float64)
        low, size = everything.min(axis=0), np.ptp(everything, axis=0)
        cell = max(CELL, float(np.sqrt(size[0] * size[1] / MOST_CELLS)))
        width, height = (size / cell).astype(int) + 1
        picture = np.full((height, width), TERRAIN, np.uint8)
        for mesh in meshes:
            corners = (mesh.vertices[:, :2][mesh.triangles] - low) / cell - 0.5
            for triangle in np.round(corners * 16.0).astype(np.int32):
                cv2.fillConvexPoly(picture, triangle, mesh.label, shift=4)
        return low, cell, picture
