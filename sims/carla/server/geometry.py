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


def relative_to(parent: Pose, world: Pose) -> Pose:
    """The pose in the frame of `parent` of what sits at `world`; the inverse of `compose`."""
    outer = rotation_matrix(*parent[3:]).T
    return np.array([*(outer @ (world[:3] - parent[:3])), *angles(outer @ rotation_matrix(*world[3:]))])


def rotation_matrices(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) pitch, yaw, roll [deg] -> (n, 3, 3); see `rotation_matrix`."""
    radians = np.radians(rotations)
    (cp, cy, cr), (sp, sy, sr) = np.cos(radians).T, np.sin(radians).T
    rows = [
        [cp * cy, cy * sp * sr - sy * cr, -cy * sp * cr - sy * sr],
        [cp * sy, sy * sp * sr + cy * cr, -sy * sp * cr + cy * sr],
        [sp, -cp * sr, cp * cr],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def compose_all(parents: NDArray[np.float64], relative: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 6) world poses of what sits at (n, 6) `relative` in the frames of (n, 6) `parents`."""
    outer = rotation_matrices(parents[:, 3:])
    inner = np.matmul(outer, rotation_matrices(relative[:, 3:]))
    poses = np.empty_like(relative)
    poses[:, :3] = parents[:, :3] + np.matmul(outer, relative[:, :3, None])[..., 0]
    poses[:, 3] = np.degrees(np.arcsin(np.clip(inner[:, 2, 0], -1.0, 1.0)))
    poses[:, 4] = np.degrees(np.arctan2(inner[:, 1, 0], inner[:, 0, 0]))
    poses[:, 5] = np.degrees(np.arctan2(-inner[:, 2, 1], inner[:, 2, 2]))
    return poses
