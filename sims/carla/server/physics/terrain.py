"""Vehicles follow the ground: height, pitch and roll from the heights under their axles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.ground import Ground

if TYPE_CHECKING:
    from sims.carla.server.physics.fleet import Fleet

HALF_TRACK = 0.8
"""[m]"""
DEGREES = 180.0 / math.pi


def attitudes(
    ground: Ground, fleet: Fleet, heading: NDArray[np.complex128]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | float]:
    """Poses of all vehicles as they stand on the ground; the store's slopes are updated.

    Args:
        ground: heights.
        fleet: the vehicles.
        heading: (n,) unit vectors.

    Returns:
        (n, 6) poses, and (n,) speeds upwards [m/s], or 0 on flat ground.
    """
    store, motion = fleet.store, fleet.motion
    origin = motion.position - store.centre * heading
    poses = np.zeros((len(origin), 6))
    poses[:, 0:2] = origin.view(np.float64).reshape(-1, 2)
    poses[:, 4] = np.arctan2(heading.imag, heading.real) * DEGREES
    if ground.flat:
        poses[:, 2] = ground.height[0, 0]
        return poses, 0.0
    axles = motion.position + store.arms.imag * heading
    sides = origin + np.array([[-1j * HALF_TRACK], [1j * HALF_TRACK]]) * heading
    points = np.concatenate([axles, sides])
    front, rear, left, right = ground(np.array([points.real.ravel(), points.imag.ravel()]).T).reshape(4, -1)
    ahead, behind = store.arms.imag + store.centre
    rise = (front - rear) / (ahead - behind)
    store.slope[:] = np.arctan(rise)
    poses[:, 2] = rear - rise * behind
    poses[:, 3] = store.slope * DEGREES
    poses[:, 5] = np.arctan((left - right) / (2.0 * HALF_TRACK)) * DEGREES
    return poses, rise * (motion.velocity * heading.conj()).real
