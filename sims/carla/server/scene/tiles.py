"""Which triangles of the town a camera can see, remembered by where it is and looks.

On llvmpipe a triangle costs time even where it is not seen, so they are sorted out here: for a cell of
places and directions at a time, which lasts several frames. Mesa takes a slow path for all triangles of a
draw command of which one has to be cut off at a plane, so those near the camera are told apart.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.scene.statics import Statics
from sims.carla.server.scene.vertices import Triangles
from sims.carla.server.scene.view import NEAR, View

NARROW, NARROW_PIXELS, THIN, THIN_PIXELS = 2.0, 1.0, 0.12, 0.15
"""[m], [px] Widths of narrow and thin things, and how wide they must be in the picture to be drawn."""
REACH, REACH_FOCAL = 400.0, 6.0
"""[m], [m/px] How far tiles are drawn: the first, and the second times the focal length, if that is less."""
CELL = 8.0
"""[m] Cameras in a cube of this size share their triangles."""
SECTOR = 12.0
"""[deg] So do directions."""
CUT = 2.0
"""Triangles that come nearer than this times the near plane may have to be cut."""
KEPT = 256
"""Cells that are remembered."""
SLACK = CELL * math.sqrt(3.0) / 2.0
"""[m] A camera is at most that far from the middle of its cell."""
TILT = math.sin(math.radians(1.5 * SECTOR))
"""Three turns by half a sector are at most one turn by 1.5 sectors."""


@dataclass(frozen=True)
class Seen:
    """What can be seen of the town."""

    vertices: Triangles
    """Those that cannot reach the near plane come first."""
    clear: int
    """How many vertices these are."""


class Tiles:
    """Visible triangles. What is drawn depends on the camera alone, never on earlier pictures."""

    def __init__(self, statics: Statics) -> None:
        self._statics = statics
        self._seen: OrderedDict[tuple[float, ...], Seen] = OrderedDict()

    def seen(self, view: View) -> Seen:
        """All triangles that reach into the picture."""
        x, y, z, pitch, yaw, roll = view.pose
        place = (round(x / CELL), round(y / CELL), round(z / CELL))
        turn = (round(pitch / SECTOR), round(yaw / SECTOR), round(roll / SECTOR))
        key = (*place, *turn, view.width, view.height, view.fov)
        seen = self._seen.get(key)
        if seen is None:
            middle = (*(CELL * i for i in place), *(SECTOR * i for i in turn))
            seen = _seen(self._statics, View(middle, view.width, view.height, view.fov))
            self._seen[key] = seen
            if len(self._seen) > KEPT:
                self._seen.popitem(last=False)
        return seen


def _seen(statics: Statics, view: View) -> Seen:
    inside, away = _within(statics.tiles, view)
    tiles = np.flatnonzero(inside & (away < min(REACH, REACH_FOCAL * view.focal)))
    tiles = tiles[np.argsort(away[tiles], kind="stable")]
    first = statics.first
    counts = first[tiles + 1] - first[tiles]
    within = np.arange(int(counts.sum())) - (np.cumsum(counts) - counts).repeat(counts)
    some = first[tiles].repeat(counts) + within
    inside, away = _within(statics.spheres[some], view)
    limits = view.focal * np.array([np.inf, NARROW / NARROW_PIXELS, THIN / THIN_PIXELS])
    inside &= away < limits[statics.sizes[some]]
    above = ((np.array(view.pose[:3]) - statics.spheres[some, :3]) * statics.normals[some]).sum(axis=1)
    some = some[inside & (above > -SLACK)]
    found = statics.vertices[statics.begin :].reshape(-1, 3)[some]
    local = (found["position"] - np.array(view.pose[:3])) @ view.axes.T
    least = (local[:, :, 0] - TILT * np.linalg.norm(local, axis=2)).min(axis=1) - SLACK
    near = least < CUT * NEAR
    return Seen(np.concatenate([found[~near], found[near]]).reshape(-1), 3 * int((~near).sum()))


def _within(spheres: NDArray[np.float64], view: View) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Whether (n, 4) spheres can be seen from a cell, and how far away [m] they are at least."""
    local = (spheres[:, :3] - view.pose[:3]) @ view.axes.T
    distance = np.sqrt((local * local).sum(axis=1))
    radius = spheres[:, 3] + SLACK
    room = radius + TILT * distance
    inside = local[:, 0] > -room
    for axis, slope in zip((1, 2), view.slopes, strict=True):
        inside &= np.abs(local[:, axis]) - slope * local[:, 0] < room * math.hypot(1.0, slope)
    return inside, distance - radius
