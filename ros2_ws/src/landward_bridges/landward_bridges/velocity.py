"""Limits of a planar velocity. No ROS in here."""

from __future__ import annotations

import numpy as np


def limited(velocity: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """A velocity within limits, scaled down as a whole so that the path keeps its curve.

    A component whose limit is 0 is dropped: the base cannot do it at all. A NaN stays one.

    Args:
        velocity: (3,) forward, left [m/s], turn [rad/s].
        limits: (3,) largest magnitude of each.
    """
    possible = np.where(limits > 0.0, velocity, velocity * 0.0)
    excess = np.divide(np.abs(possible), limits, out=np.zeros(3), where=limits > 0.0)
    largest = excess.max()
    return possible if largest <= 1.0 else possible / largest
