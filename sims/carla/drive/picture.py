"""A bird's-eye view for people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.terms import CHANNELS

GROUND = (46, 52, 54)
COLOURS: dict[str, tuple[int, int, int]] = {
    "road": (88, 92, 96),
    "lane_marks": (200, 200, 200),
    "route": (52, 101, 164),
    "motion": (245, 160, 60),
    "vehicles": (252, 233, 79),
    "walkers": (239, 41, 200),
    "stop_lines": (239, 41, 41),
}
"""RGB of every channel, painted in this order."""
EGO = (138, 226, 52)
OPACITY = {"route": 0.6}
"""Share of a channel's colour where it does not cover what lies below."""


def paint(view: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A bird's-eye view (H, W, channels) as (H, W, 3) RGB."""
    image = np.empty((*view.shape[:2], 3), np.float32)
    image[:] = GROUND
    for name, colour in COLOURS.items():
        share = view[..., CHANNELS.index(name), None].astype(np.float32) / 255.0 * OPACITY.get(name, 1.0)
        image += share * (np.array(colour, np.float32) - image)
    return image.astype(np.uint8)


def mark_ego(
    image: NDArray[np.uint8], row: float, column: float, half_length: float, half_width: float
) -> None:
    """Paint the ego, who looks up, onto a picture; all in pixels."""
    rows = slice(max(round(row - half_length), 0), max(round(row + half_length), 0) + 1)
    columns = slice(max(round(column - half_width), 0), max(round(column + half_width), 0) + 1)
    image[rows, columns] = EGO
