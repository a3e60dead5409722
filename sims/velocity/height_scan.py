"""Heights of the base above the ground at points around the robot: what a policy sees of the terrain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.array import array_namespace, constant
from landward.errors import SpecError
from sims.rotation import yaw
from sims.terrain import Terrain

Array = Any

_BLOCK = 24_000
"""Points placed at a time, see sims.terrain."""


@dataclass(frozen=True)
class HeightScan:
    """A grid of points in the frame at the base that turns with its yaw only: x ahead, y to the left.

    legged_gym and Isaac Lab scan 1.6 x 1.0 m around ANYmal. The default is about three quarters of that, for
    robots of half its size: 13 x 9 points, reaching 0.4 m ahead of Go1's front feet. Noise, delay and scale
    are the observation pipeline's.
    """

    x: tuple[float, float] = (-0.6, 0.6)
    """First and last row [m]."""
    y: tuple[float, float] = (-0.4, 0.4)
    """First and last point of a row [m]."""
    spacing: float = 0.1
    """Distance between points [m]; legged_gym and Isaac Lab: 0.1."""

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """(P, 2) points in row-major order: x rises from row to row, y within a row.

        Raises:
            SpecError: a range is not a whole number of spacings.
        """
        xs, ys = (_spaced(name, getattr(self, name), self.spacing) for name in ("x", "y"))
        grid = np.meshgrid(xs, ys, indexing="ij")
        return np.stack([axis.ravel() for axis in grid], axis=-1).astype(np.float32)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each point, see `point_name`."""
        return tuple(point_name(x, y) for x, y in self.points)

    def measure(self, terrain: Terrain, root_pos_w: Array, quat: Array) -> Array:
        """Heights of the base above the ground at each point.

        Args:
            terrain: the ground.
            root_pos_w: (N, 3) base positions, world frame [m].
            quat: (N, 4) base orientations (w, x, y, z); only their yaw counts.

        Returns:
            (N, P) [m], float32; larger where the ground is lower. Order as `names`.
        """
        xp, angle = array_namespace(root_pos_w, quat), yaw(quat)
        cos, sin = xp.cos(angle)[:, None], xp.sin(angle)[:, None]
        x, y, z = root_pos_w[:, 0:1], root_pos_w[:, 1:2], root_pos_w[:, 2:3]
        if xp is not np:
            points = constant(self.points, xp, quat.device)
            px, py = points[:, 0], points[:, 1]
            return z - terrain.height(cos * px - sin * py + x, sin * px + cos * py + y)
        px, py = self.points[:, 0], self.points[:, 1]
        heights = np.empty((len(root_pos_w), len(self.points)), np.float32)
        rows = max(1, _BLOCK // len(self.points))
        for start in range(0, len(heights), rows):
            part = slice(start, start + rows)
            c, s = cos[part], sin[part]
            ground = terrain.height(c * px - s * py + x[part], s * px + c * py + y[part])
            np.subtract(z[part], ground, out=heights[part])
        return heights


def _spaced(name: str, ends: tuple[float, float], spacing: float) -> NDArray[np.floating]:
    low, high = ends
    count = round((high - low) / spacing) if spacing > 0 else -1
    if count < 0 or not math.isclose(low + count * spacing, high, abs_tol=1e-6):
        raise SpecError(
            f"height scan: {name} = {low} to {high} m is not a whole number of spacings of {spacing} m"
        )
    return low + spacing * np.arange(count + 1)


def point_name(x: float, y: float) -> str:
    """Name of a point, as in "x+0.40_y-0.20"; the two zeros are both "+0.00"."""
    return f"x{round(float(x), 2) + 0.0:+.2f}_y{round(float(y), 2) + 0.0:+.2f}"


def mirror_permutation(names: tuple[str, ...]) -> tuple[int, ...]:
    """For each point the index of its left-right mirror image: `mirrored = scan[:, permutation]`.

    Args:
        names: as `HeightScan.names`.

    Raises:
        SpecError: a point has no image, because the grid is not symmetric about y = 0.
    """
    index = {name: i for i, name in enumerate(names)}
    images = [_mirrored(name) for name in names]
    missing = [name for name, image in zip(names, images, strict=True) if image not in index]
    if missing:
        raise SpecError(
            f"height scan: {missing[0]} has no mirror image; make the range of y symmetric about 0"
        )
    return tuple(index[image] for image in images)


def _mirrored(name: str) -> str:
    x, _, y = name.partition("_y")
    return f"{x}_y{-float(y) + 0.0:+.2f}"
