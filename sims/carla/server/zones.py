"""Rectangles on the road in which vehicles are told of a light or sign."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.signals import Signal, zones

SAME_WAY = 0.5
"""A zone is for vehicles whose heading differs from its own by less than 60 degrees (cosine)."""


class Zones:
    """The zones of signals.

    Args:
        signals: Those that have them.
    """

    def __init__(self, signals: tuple[Signal, ...]) -> None:
        centres = zones(signals)
        ahead = np.stack([np.cos(centres[:, 2]), np.sin(centres[:, 2])])
        right = np.stack([-ahead[1], ahead[0]])
        # One product of matrices gives how far ahead and how far right of each middle a point is.
        self._ahead, self._axes = ahead, np.concatenate([ahead, right], axis=1)
        self._middle = np.concatenate([(centres[:, :2].T * ahead).sum(0), (centres[:, :2].T * right).sum(0)])
        self._half = np.concatenate([centres[:, 4], centres[:, 3]])
        self._count = len(signals)

    def holding(self, points: NDArray[np.float64], facing: NDArray[np.float64]) -> NDArray[np.intp]:
        """(n,) index of a zone that holds each point (n, 2) that looks its way (n, 2); -1: none."""
        which = np.full(len(points), -1)
        within = np.abs(points @ self._axes - self._middle) <= self._half
        inside = within[:, : self._count] & within[:, self._count :]
        hit = inside.any(1).nonzero()[0]
        if len(hit):
            right_way = inside[hit] & (facing[hit] @ self._ahead > SAME_WAY)
            which[hit] = np.where(right_way.any(1), right_way.argmax(1), -1)
        return which
