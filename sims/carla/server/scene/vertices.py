"""Triangles as both renderers take them, and how shapes are put together from faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

VERTEX = np.dtype(
    [
        ("position", "<f4", 3),
        ("normal", "i1", 3),
        ("layer", "i1"),
        ("colour", "u1", 3),
        ("painted", "u1"),
        ("label", "u1"),
        ("identity", "<u2"),
        ("lamp", "u1"),
    ]
)
"""24 bytes. normal: 127 times a unit vector; layer: of flat things, see `labels.LAYERS`; painted: 255 where
the colour is the instance's; lamp: bits of the instance's state that light it; label and identity (object
id), where not 0, stand above the instance's. Three vertices in a row are a triangle, seen from the side to
which its normal points."""
Triangles = NDArray[np.void]
"""(3 n,) of VERTEX."""
Colour = tuple[int, int, int]


def triangles(
    points: NDArray[np.floating],
    colour: Colour,
    *,
    label: int = 0,
    identity: int = 0,
    painted: int = False,
    lamp: int = 0,
    layer: int = 0,
) -> Triangles:
    """(n, 3, 3) corners -> vertices with flat normals.

    The normal of corners a, b, c is (b - a) x (c - a); corners run clockwise as seen from where it points
    to, since CARLA's frame is left-handed.
    """
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    whole = length[:, 0] > 0.0
    points, normals = points[whole], normals[whole] / length[whole]
    out = np.zeros(3 * len(points), VERTEX)
    out["position"] = points.reshape(-1, 3)
    out["normal"] = np.round(127.0 * normals).astype(np.int8).repeat(3, axis=0)
    out["layer"], out["colour"], out["painted"] = layer, colour, 255 * painted
    out["label"], out["identity"], out["lamp"] = label, identity & 0xFFFF, lamp
    return out


def quads(corners: NDArray[np.floating]) -> NDArray[np.floating]:
    """(n, 4, 3) corners in turn -> (2 n, 3, 3)."""
    return corners[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3, 3)


def hull(
    low: Sequence[float], high: Sequence[float], taper: Sequence[float] = (0, 0, 0, 0)
) -> NDArray[np.float64]:
    """(6, 4, 3) faces of a box, seen from outside: front (+x), back, right (+y), left, top, bottom.

    Args:
        low: (3,) smallest corner.
        high: (3,) largest corner.
        taper: how far the top's back, front, left and right edges are drawn in.
    """
    (x0, y0, z0), (x1, y1, z1) = low, high
    back, front, left, right = taper
    bottom = np.array([[x0, y0, z0], [x1, y0, z0], [x1, y1, z0], [x0, y1, z0]], dtype=np.float64)
    top = np.array(
        [
            [x0 + back, y0 + left, z1],
            [x1 - front, y0 + left, z1],
            [x1 - front, y1 - right, z1],
            [x0 + back, y1 - right, z1],
        ]
    )
    a, b, c, d = bottom
    e, f, g, h = top
    return np.array([[b, c, g, f], [d, a, e, h], [c, d, h, g], [a, b, f, e], [e, f, g, h], [d, c, b, a]])


def disc(x: float, z: float, radius: tuple[float, float], y: float, corners: int = 8) -> NDArray[np.float64]:
    """(corners - 2, 3, 3) an upright wheel's outer side in the plane y, seen from outside.

    Args:
        x: centre.
        z: centre.
        radius: along x and along z.
        y: the plane; positive is seen from the right.
        corners: of the polygon.
    """
    turn = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False) + np.pi / corners
    rim = np.column_stack([x + radius[0] * np.cos(turn), np.full(corners, y), z + radius[1] * np.sin(turn)])
    rim = rim[::-1] if y > 0.0 else rim
    return np.array([[rim[0], rim[i], rim[i + 1]] for i in range(1, corners - 1)])
