"""A pinhole camera with CARLA's horizontal field of view."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.geometry import Pose

NEAR = 0.15
"""[m] Nothing nearer than this along the optical axis is drawn."""
FAR = 1000.0
"""[m] Range of CARLA's depth encoding; the sky is here."""


@dataclass(frozen=True)
class View:
    """From where, and through which lens, a picture is taken."""

    pose: tuple[float, ...]
    """World pose: x, y, z [m], pitch, yaw, roll [deg]."""
    width: int
    """[px]"""
    height: int
    """[px]"""
    fov: float
    """[deg] Horizontal."""

    @cached_property
    def focal(self) -> float:
        """[px] width / (2 tan(fov / 2)), as CARLA's documentation builds its camera matrix."""
        return self.width / (2.0 * math.tan(math.radians(self.fov) / 2.0))

    @cached_property
    def axes(self) -> NDArray[np.float64]:
        """(3, 3) rows: the camera's forward, right and up vectors in the world."""
        cp, cy, cr = (math.cos(math.radians(angle)) for angle in self.pose[3:])
        sp, sy, sr = (math.sin(math.radians(angle)) for angle in self.pose[3:])
        return np.array(
            [
                [cp * cy, cp * sy, sp],
                [cy * sp * sr - sy * cr, sy * sp * sr + cy * cr, -cp * sr],
                [-cy * sp * cr - sy * sr, -sy * sp * cr + cy * sr, cp * cr],
            ]
        )

    @cached_property
    def slopes(self) -> tuple[float, float]:
        """Tangents of half the horizontal and half the vertical field of view."""
        return self.width / 2.0 / self.focal, self.height / 2.0 / self.focal


def view_of(pose: Pose, width: int, height: int, fov: float) -> View:
    """A view from a (6,) pose."""
    return View(tuple(pose.tolist()), width, height, fov)


def clip_matrix(view: View, near: float = NEAR, far: float = FAR) -> NDArray[np.float64]:
    """(4, 4) world point -> OpenGL clip coordinates with the first row of the picture at y = -1.

    w is the depth along the optical axis, x / w and y / w are -1..1 over the picture's width and height.
    """
    wide, tall = view.slopes
    stretch = (far + near) / (far - near)
    matrix = np.empty((4, 4))
    rotation = view.axes
    matrix[0, :3], matrix[1, :3] = rotation[1] / wide, rotation[2] / -tall
    matrix[2, :3], matrix[3, :3] = rotation[0] * stretch, rotation[0]
    matrix[:, 3] = matrix[:, :3] @ (-np.array(view.pose[:3]))
    matrix[2, 3] -= 2.0 * far * near / (far - near)
    return matrix


def pixels(view: View, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) world points -> (n, 3): column, row [px, from the top left corner] and depth [m]."""
    clip = points @ (matrix := clip_matrix(view))[:, :3].T + matrix[:, 3]
    depth = clip[:, 3]
    half = np.array([view.width / 2.0, view.height / 2.0])
    return np.column_stack([(clip[:, :2] / depth[:, None] + 1.0) * half, depth])
