"""Where vehicles may be spawned."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.lanes import Strip

CLEAR = 10.0
"""[m] From the ends of a road, thus from junctions."""
SPACING = 14.0
"""[m] Between two points of a lane, at least: a bus fits."""
ABOVE = 0.3
"""[m] Above the lane, so that wheels never start inside it."""
ORDER_SEED = 6
"""Programs spawn n vehicles at the first n points: shuffled once, those are all over the town."""


def spawn_points(strips: Iterable[Strip]) -> NDArray[np.float64]:
    """(S, 6) poses on driving lanes outside junctions."""
    rows = [_on_lane(strip) for strip in strips if strip.kind == "driving" and strip.junction < 0]
    points = np.concatenate([np.zeros((0, 6)), *rows])
    return np.random.default_rng(ORDER_SEED).permutation(points)


def _on_lane(strip: Strip) -> NDArray[np.float64]:
    free = strip.length - 2 * CLEAR
    if free < 0:
        return np.zeros((0, 6))
    s = strip.s[0] + CLEAR + np.linspace(0, free, int(free / SPACING) + 1)
    x, y, z = (np.interp(s, strip.s, strip.centre[:, i]) for i in range(3))
    heading = np.unwrap(np.arctan2(-strip.right[:, 0], strip.right[:, 1]))
    slope = np.interp(s, strip.s, np.gradient(strip.centre[:, 2], strip.s))
    backwards = strip.lane > 0
    yaw = np.degrees(np.interp(s, strip.s, heading)) + (180.0 if backwards else 0.0)
    pitch = np.degrees(np.arctan(-slope if backwards else slope))
    yaw = 180.0 - (180.0 - yaw) % 360.0
    return np.column_stack([x, y, z + ABOVE, pitch, yaw, np.zeros_like(x)])
