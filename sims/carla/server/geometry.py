"""Poses in CARLA's world: Unreal's left-handed axes, x forward, y right, z up, angles in degrees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Pose = NDArray[np.float64]
"""(6,) x, y, z [m], pitch, yaw, roll [deg]."""


def pose(x: float = 0.0, y: float = 0.0, z: float = 0.0, yaw: float = 0.0) -> Pose:
    """An upright pose; metres and degrees."""
    return np.array([x, y, z, 0.0, yaw, 0.0])


def pose_from_wire(transform: Sequence[Sequence[float]]) -> Pose:
    """[[x, y, z], [pitch, yaw, roll]] -> (6,)."""
    location, rotation = transform
    return np.array([*location[:3], *rotation[:3]], dtype=np.float64)


def pose_to_wire(pose: Pose) -> list[list[float]]:
    """(6,) -> [[x, y, z], [pitch, yaw, roll]]."""
    numbers = pose.tolist()
    return [numbers[:3], numbers[3:]]


def rotation_matrix(pitch: float, yaw: float, roll: float) -> NDArray[np.float64]:
    """(3, 3): columns are the forward, right and up vectors; as carla's `Transform.get_matrix` has it.

    Args:
        pitch: [deg], nose up is positive.
        yaw: [deg], to the right is positive.
        roll: [deg].
    """
    (cp, cy, cr), (sp, sy, sr) = (f(np.radians([pitch, yaw, roll])) for f in (np.cos, np.sin))
    return np.array(
        [
            [cp * cy, cy * sp * sr - sy * cr, -cy * sp * cr - sy * sr],
            [cp * sy, sy * sp * sr + cy * cr, -sy * sp * cr + cy * sr],
            [sp, -cp * sr, cp * cr],
        ]
    )


def angles(matrix: NDArray[np.float64]) -> tuple[float, float, float]:
    """(pitch, yaw, roll) [deg] of a rotation matrix; the inverse of `rotation_matrix`."""
    pitch = np.arcsin(np.clip(matrix[2, 0], -1.0, 1.0))
    yaw = np.arctan2(matrix[1, 0], matrix[0, 0])
    roll = np.arctan2(-matrix[2, 1], matrix[2, 2])
    return float(np.degrees(pitch)), float(np.degrees(yaw)), float(np.degrees(roll))


def compose(parent: Pose, relative: Pose) -> Pose:
    """The world pose of what sits at `relative` in the frame of `parent`."""
    outer = rotation_matrix(*parent[3:])
    location = parent[:3] + outer @ relative[:3]
    return np.array([*location, *angles(outer @ rotation_matrix(*relative[3:]))])
