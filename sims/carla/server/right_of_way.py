"""Who has to wait at a yield sign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.lanes import Strip

HORIZON = 3.0
"""[s] Who reaches the junction within this time has to be let past."""
MOVING = 0.5
"""[m/s] Slower vehicles are taken to wait themselves."""
OTHER_WAY = 0.7
"""Cosine: vehicles of a heading that differs by less than 45 degrees are before or behind, not across."""


@dataclass(frozen=True)
class Disc:
    """A circle around the lanes of a junction."""

    centre: NDArray[np.float64]
    """(2,) [m]"""
    radius: float
    """[m]"""


def discs(strips: Iterable[Strip]) -> dict[int, Disc]:
    """Junction -> its circle."""
    points: dict[int, list[NDArray[np.float64]]] = {}
    for strip in strips:
        if strip.junction >= 0 and strip.kind == "driving":
            points.setdefault(strip.junction, []).append(strip.centre[:, :2])
    found = {}
    for junction, rows in points.items():
        every = np.concatenate(rows)
        centre = (every.min(0) + every.max(0)) / 2
        found[junction] = Disc(centre, float(np.linalg.norm(every - centre, axis=1).max()))
    return found


def must_yield(
    index: int,
    junction: Disc,
    places: NDArray[np.float64],
    facing: NDArray[np.float64],
    velocities: NDArray[np.float64],
) -> bool:
    """Whether a vehicle at a yield sign has to wait: another crosses the junction or soon will.

    Args:
        index: Of the vehicle, in the arrays.
        junction: Where it wants to enter.
        places: (n, 2) [m]
        facing: (n, 2) unit vectors.
        velocities: (n, 2) [m/s]
    """
    toward = junction.centre - places
    distance = np.linalg.norm(toward, axis=1)
    speed = np.linalg.norm(velocities, axis=1)
    inside = distance < junction.radius
    closing = (velocities * toward).sum(1) / np.maximum(distance, 1e-6)
    soon = distance - junction.radius < closing * HORIZON
    across = facing @ facing[index] < OTHER_WAY
    others = (inside | soon) & (speed > MOVING) & across
    others[index] = False
    return bool(others.any())
