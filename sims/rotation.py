"""Quaternion algebra on batched arrays, (w, x, y, z), for NumPy and torch alike."""

from __future__ import annotations

from typing import Any

from landward.array import array_namespace

Array = Any


def rotate_inverse(quat: Array, vector: Array) -> Array:
    """World vectors (N, 3) seen from frames of orientation `quat` (N, 4): R(q)^T v."""
    xp = array_namespace(quat)
    w, axis = quat[:, :1], quat[:, 1:]
    t = 2.0 * cross(vector, axis)
    return vector + w * t + xp.astype(cross(t, axis), vector.dtype)


def cross(a: Array, b: Array) -> Array:
    """Vector product of (N, 3) arrays."""
    xp = array_namespace(a)
    ax, ay, az = a[:, 0], a[:, 1], a[:, 2]
    bx, by, bz = b[:, 0], b[:, 1], b[:, 2]
    return xp.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def projected_gravity(quat: Array) -> Array:
    """Unit gravity direction (0, 0, -1) in the frames of orientation `quat` (N, 4)."""
    xp = array_namespace(quat)
    w, x, y, z = quat[:, 0], quat[:, 1], quat[:, 2], quat[:, 3]
    return xp.stack([2 * (w * y - x * z), -2 * (y * z + w * x), 2 * (x * x + y * y) - 1], axis=-1)


def yaw(quat: Array) -> Array:
    """Heading of the frames' x axes in the world's horizontal plane, (N,) [rad]."""
    xp = array_namespace(quat)
    w, x, y, z = quat[:, 0], quat[:, 1], quat[:, 2], quat[:, 3]
    return xp.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def from_yaw(angle: Array) -> Array:
    """Quaternions (N, 4) of a turn by `angle` (N,) [rad] about the vertical."""
    xp = array_namespace(angle)
    zero = xp.zeros_like(angle)
    return xp.stack([xp.cos(angle / 2), zero, zero, xp.sin(angle / 2)], axis=-1)
