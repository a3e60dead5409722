"""Draws the towns of the driving simulator from above: `python docs/images/make_carla_maps.py [NAME ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.marks import ROAD_LINES
from sims.carla.maps.town import Town, available, load_town
from sims.carla.server.actor import Box

FOLDER = Path(__file__).parent / "carla"
PIXELS = 1100
"""Longer side of a picture."""
SIGNS = {"light": (60, 60, 220), "stop": (40, 40, 160), "yield": (40, 160, 230)}
"""Kind -> blue, green, red."""
FINE = 1.2
"""[px/m] Below this paint would hide the roads."""
DETAILS = {"Highway": ("highway_ramp", (250.0, 0.0), (460.0, 120.0))}
"""Town -> name and corners [m] of a second picture."""
Point = NDArray[np.float64]
SHIFT = 4
"""Fractional bits of cv2's coordinates."""


def draw(town: Town, low: Point, high: Point, pixels: int = PIXELS) -> NDArray[np.uint8]:
    """A picture of a rectangle of a town; y of CARLA's frame points down, as in the picture.

    Args:
        town: What is drawn.
        low: (2,) [m] Corner of the rectangle.
        high: (2,) [m] The other corner.
        pixels: Longer side of the picture.
    """
    scale = pixels / float((high - low).max())
    size = np.ceil((high - low) * scale).astype(int)
    canvas = np.full((size[1], size[0], 3), (70, 118, 96), np.uint8)

    def fill(polygons: NDArray[np.float64], colour: tuple[int, ...]) -> None:
        points = ((polygons[..., :2] - low) * scale * (1 << SHIFT)).round().astype(np.int32)
        for polygon in points:
            cv2.fillConvexPoly(canvas, polygon, colour, cv2.LINE_AA, SHIFT)

    for mesh in town.meshes:
        if mesh.label == ROAD_LINES and scale < FINE:
            continue
        fill(mesh.vertices[mesh.triangles].astype(np.float64), mesh.colour[::-1])
    for item in town.boxes:
        fill(corners(item.box)[None], item.colour[::-1])
    for signal in town.signals:
        if signal.kind in SIGNS:
            place = tuple(((signal.pose[:2] - low) * scale).astype(int).tolist())
            cv2.circle(canvas, place, max(2, int(scale * 1.2)), SIGNS[signal.kind], -1, cv2.LINE_AA)
    return canvas


def corners(box: Box) -> NDArray[np.float64]:
    """(4, 2) [m] of a box seen from above."""
    yaw = np.radians(box.rotation[1])
    turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
    local = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)]) * box.extent[:2]
    return np.array(box.location[:2]) + local @ turn.T


def main() -> None:
    """Write a picture of each town."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or available():
        town = load_town(name)
        points = np.concatenate([strip.centre[:, :2] for strip in town.strips])
        picture = draw(town, points.min(0) - 25.0, points.max(0) + 25.0)
        cv2.imwrite(str(FOLDER / f"{name.lower()}.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        if name in DETAILS:
            detail, low, high = DETAILS[name]
            cv2.imwrite(str(FOLDER / f"{detail}.png"), draw(town, np.array(low), np.array(high)))


if __name__ == "__main__":
    main()
