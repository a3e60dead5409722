"""Poses in CARLA's world: Unreal's left-handed axes, x forward, y right, z up, angles in degrees."""

from __future__ import annotations

import math
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
    return np.array(_axes(pitch, yaw, roll))


def _axes(pitch: float, yaw: float, roll: float) -> tuple[tuple[float, float, float], ...]:
    """The rows of `rotation_matrix`."""
    pitch, yaw, roll = math.radians(pitch), math.radians(yaw), math.radians(roll)
    cp, cy, cr = math.cos(pitch), math.cos(yaw), math.cos(roll)
    sp, sy, sr = math.sin(pitch), math.sin(yaw), math.sin(roll)
    return (
        (cp * cy, cy * sp * sr - sy * cr, -cy * sp * cr - sy * sr),
        (cp * sy, sy * sp * sr + cy * cr, -sy * sp * cr + cy * sr),
        (sp, -cp * sr, cp * cr),
    )


def angles(matrix: NDArray[np.float64]) -> tuple[float, float, float]:
    """(pitch, yaw, roll) [deg] of a rotation matrix; the inverse of `rotation_matrix`."""
    pitch = np.arcsin(np.clip(matrix[2, 0], -1.0, 1.0))
    yaw = np.arctan2(matrix[1, 0], matrix[0, 0])
    roll = np.arctan2(-matrix[2, 1], matrix[2, 2])
    return float(np.degrees(pitch)), float(np.degrees(yaw)), float(np.degrees(roll))


def compose(parent: Pose, relative: Pose) -> Pose:
    """The world pose of what sits at `relative` in the frame of `parent`.

    Without arrays, which for one pose take five times as long.
    """
    x, y, z, *turn = parent.tolist()
    u, v, w, *further = relative.tolist()
    (a, b, c), (d, e, f), (g, h, i) = _axes(*turn)
    (p, q, r), (s, t, o), (j, k, m) = _axes(*further)
    upward = min(max(g * p + h * s + i * j, -1.0), 1.0)
    return np.array(
        [
            x + a * u + b * v + c * w,
            y + d * u + e * v + f * w,
            z + g * u + h * v + i * w,
            math.degrees(math.asin(upward)),
            math.degrees(math.atan2(d * p + e * s + f * j, a * p + b * s + c * j)),
            math.degrees(math.atan2(-(g * q + h * t + i * k), g * r + h * o + i * m)),
        ]
    )


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
