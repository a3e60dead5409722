"""Which tiles of the town a camera can see, remembered by where it is and looks."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.scene.statics import Statics
from sims.carla.server.scene.view import View

NARROW, NARROW_PIXELS, THIN, THIN_PIXELS = 2.0, 1.0, 0.12, 0.15
"""[m], [px] Widths of narrow and thin things, and how wide they must be in the picture to be drawn."""
REACH, REACH_FOCAL = 400.0, 6.0
"""[m], [m/px] How far tiles are drawn: the first, and the second times the focal length, if that is less."""
CELL = 4.0
"""[m] Cameras in a cube of this size share their tiles."""
SECTOR = 6.0
"""[deg] So do directions."""
KEPT = 4096
"""Cells that are remembered."""
SLACK = CELL * math.sqrt(3.0) / 2.0
"""[m] A camera is at most that far from the middle of its cell."""
TILT = math.sin(math.radians(1.5 * SECTOR))
"""Three turns by half a sector are at most one turn by 1.5 sectors."""


class Tiles:
    """Draw commands of tiles. What is drawn depends on the camera alone, never on earlier pictures."""

    def __init__(self, statics: Statics) -> None:
        self._statics = statics
        self._seen: OrderedDict[tuple[float, ...], NDArray[np.uint32]] = OrderedDict()

    def commands(self, view: View) -> NDArray[np.uint32]:
        """(k, 5) `Frame.commands` of all tiles that reach into the picture, about the nearest first."""
        x, y, z, pitch, yaw, roll = view.pose
        place = (round(x / CELL), round(y / CELL), round(z / CELL))
        turn = (round(pitch / SECTOR), round(yaw / SECTOR), round(roll / SECTOR))
        key = (*place, *turn, view.width, view.height, view.fov)
        seen = self._seen.get(key)
        if seen is None:
            middle = (*(CELL * i for i in place), *(SECTOR * i for i in turn))
            seen = self._seen[key] = _commands(self._statics, View(middle, view.width, view.height, view.fov))
            if len(self._seen) > KEPT:
                self._seen.popitem(last=False)
        return seen


def _commands(statics: Statics, view: View) -> NDArray[np.uint32]:
    local = (statics.centres - np.array(view.pose[:3])) @ view.axes.T
    distance = np.linalg.norm(local, axis=1)
    radius = statics.radii + SLACK
    depth = local[:, 0]
    reach = min(REACH, REACH_FOCAL * view.focal)
    seen = (distance - radius < reach) & (depth > -radius - TILT * distance)
    for axis, slope in zip((1, 2), view.slopes, strict=True):
        inside = (slope * depth - np.abs(local[:, axis])) / math.hypot(1.0, slope)
        seen &= inside > -radius - TILT * distance
    order = np.flatnonzero(seen)
    order = order[np.argsort(distance[order] - radius[order], kind="stable")]
    near = (distance[order] - radius[order]) / view.focal
    first, large, narrow, whole = statics.ranges[order].T
    count = np.where(near < NARROW / NARROW_PIXELS, narrow, large)
    count = np.where(near < THIN / THIN_PIXELS, whole, count)
    commands = np.zeros((len(order), 5), np.uint32)
    commands[:, 0], commands[:, 1], commands[:, 2] = count, 1, first
    return commands[commands[:, 0] > 0]
