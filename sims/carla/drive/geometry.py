"""Plane geometry in CARLA's world: x forward, y to the right, yaw clockwise from above; radians inside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def wrap(angle: Floats | float) -> Floats:
    """Angles in [-pi, pi)."""
    return (np.asarray(angle) + np.pi) % (2.0 * np.pi) - np.pi


def to_body(points: Floats, xy: Floats, yaw: float) -> Floats:
    """World points (..., 2) in the body frame of a vehicle: x forward, y LEFT (REP-103) [m]."""
    d = np.asarray(points) - xy
    c, s = np.cos(yaw), np.sin(yaw)
    return np.stack((d[..., 0] * c + d[..., 1] * s, d[..., 0] * s - d[..., 1] * c), axis=-1)


def corners(xy: Floats, yaw: Floats, extent: Floats) -> Floats:
    """(N, 4, 2) world corners of boxes: front right, front left, rear left, rear right.

    Args:
        xy: (N, 2) centres [m].
        yaw: (N,) [rad].
        extent: (N, 2) half length and half width [m].
    """
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    along = extent[:, :1] * _ALONG
    across = extent[:, 1:] * _ACROSS
    return np.stack((xy[:, :1] + along * c - across * s, xy[:, 1:] + along * s + across * c), axis=-1)


_ALONG = np.array([[1.0, 1.0, -1.0, -1.0]])
_ACROSS = np.array([[1.0, -1.0, -1.0, 1.0]])


def boxes_overlap(
    xy_a: Floats, yaw_a: Floats, extent_a: Floats, xy_b: Floats, yaw_b: Floats, extent_b: Floats
) -> NDArray[np.bool_]:
    """Whether oriented boxes overlap (separating axes; Gottschalk et al. 1996); arguments broadcast.

    Args:
        xy_a: (..., 2) centres [m].
        yaw_a: (...) [rad].
        extent_a: (..., 2) half length and half width [m].
        xy_b: as xy_a, of the other boxes.
        yaw_b: as yaw_a.
        extent_b: as extent_a.
    """
    d = xy_b - xy_a
    dx, dy = d[..., 0], d[..., 1]
    turn = yaw_b - yaw_a
    c, s = np.abs(np.cos(turn)), np.abs(np.sin(turn))
    ca, sa, cb, sb = np.cos(yaw_a), np.sin(yaw_a), np.cos(yaw_b), np.sin(yaw_b)
    la, wa = extent_a[..., 0], extent_a[..., 1]
    lb, wb = extent_b[..., 0], extent_b[..., 1]
    return (
        (np.abs(dx * ca + dy * sa) <= la + lb * c + wb * s)
        & (np.abs(dy * ca - dx * sa) <= wa + lb * s + wb * c)
        & (np.abs(dx * cb + dy * sb) <= lb + la * c + wa * s)
        & (np.abs(dy * cb - dx * sb) <= wb + la * s + wa * c)
    )


def arc_length(points: Floats) -> Floats:
    """(P,) distance along a polyline (P, D) from its first point [m]."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate(([0.0], np.cumsum(steps)))
