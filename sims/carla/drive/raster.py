"""The town's lanes drawn once from above: what every bird's-eye view is cut out of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import require
from sims.carla.drive.geometry import Floats
from sims.carla.drive.lanes import LaneGraph, Segment

MARGIN = 20.0
"""Empty ground around the lanes [m]."""
FINE = 4.0
"""Resolution of the mask for the off-road test [pixels/m] ..."""
LARGEST = 64e6
"""... less where that would take more pixels than this."""
MARKS = {"NONE": 0, "Broken": 128}
"""Grey value of lane marks; all other kinds, which may not be crossed, are white."""
SHIFT = 4
"""Fractional bits of the coordinates that cv2 is given."""
ALONG, ACROSS = np.linspace(-1.0, 1.0, 7), np.linspace(-1.0, 1.0, 3)
"""Points of a footprint that the off-road test looks at, in half lengths and half widths."""


@dataclass(frozen=True)
class Raster:
    """A picture of the town: column and row are (world - origin) * pixels_per_metre."""

    image: NDArray[np.uint8]
    """(H, W) or (H, W, C)."""
    origin: Floats
    """(2,) world place of pixel (0, 0) [m]."""
    pixels_per_metre: float


def draw_town(graph: LaneGraph, pixels_per_metre: float) -> Raster:
    """Two channels: driving lanes, and the marks between them."""
    cv2 = require("cv2", "carla", "drawing the bird's-eye view")
    origin, shape = _frame(graph, pixels_per_metre)
    road, marks = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for segment in graph.segments:
        left, right = edges(segment)
        _fill(cv2, road, np.concatenate((left, right[::-1])), origin, pixels_per_metre)
    for segment in graph.segments:
        if segment.junction >= 0:
            continue
        for kind, edge in zip(segment.marks, edges(segment), strict=True):
            value = MARKS.get(kind, 255)
            if value:
                points = _pixels(edge, origin, pixels_per_metre)
                cv2.polylines(marks, [points], False, value, 1, cv2.LINE_8, SHIFT)
    return Raster(np.stack((road, marks), axis=-1), origin, pixels_per_metre)


def draw_mask(graph: LaneGraph) -> Raster:
    """One fine channel: 1 on driving lanes."""
    cv2 = require("cv2", "carla", "the off-road test")
    _, shape = _frame(graph, 1.0)
    scale = min(FINE, float(np.sqrt(LARGEST / (shape[0] * shape[1]))))
    origin, shape = _frame(graph, scale)
    mask = np.zeros(shape, np.uint8)
    for segment in graph.segments:
        left, right = edges(segment)
        _fill(cv2, mask, np.concatenate((left, right[::-1])), origin, scale)
    return Raster(mask // 255, origin, scale)


def edges(segment: Segment) -> tuple[Floats, Floats]:
    """Left and right edge of a lane, (P, 2) each [m]; CARLA's y points to the right."""
    across = np.stack((-np.sin(segment.yaw), np.cos(segment.yaw)), axis=-1) * segment.width[:, None] / 2.0
    return segment.points[:, :2] - across, segment.points[:, :2] + across


def off_road_share(mask: Raster, xy: Floats, yaw: float, extent: Floats) -> float:
    """Share of a vehicle's footprint that lies off the driving lanes.

    Args:
        mask: of `draw_mask`.
        xy: (2,) centre [m].
        yaw: [rad].
        extent: (2,) half length and half width [m].
    """
    c, s = math.cos(yaw), math.sin(yaw)
    along, across = (ALONG * extent[0])[:, None], (ACROSS * extent[1])[None]
    points = np.stack((xy[0] + along * c - across * s, xy[1] + along * s + across * c), axis=-1)
    index = np.rint((points - mask.origin) * mask.pixels_per_metre).astype(np.int64)
    height, width = mask.image.shape[:2]
    column, row = index[..., 0], index[..., 1]
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    on = mask.image[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)] & inside
    return 1.0 - float(np.mean(on))


def _frame(graph: LaneGraph, scale: float) -> tuple[Floats, tuple[int, int]]:
    points = np.concatenate([segment.points[:, :2] for segment in graph.segments])
    low, high = points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN
    width, height = np.ceil((high - low) * scale).astype(int)
    return low, (int(height) + 1, int(width) + 1)


def _pixels(points: Floats, origin: Floats, scale: float) -> NDArray[np.int32]:
    return np.rint((points - origin) * (scale * 2**SHIFT)).astype(np.int32)


def _fill(cv2: Any, image: NDArray[np.uint8], outline: Floats, origin: Floats, scale: float) -> None:
    cv2.fillPoly(image, [_pixels(outline, origin, scale)], 255, cv2.LINE_8, SHIFT)
