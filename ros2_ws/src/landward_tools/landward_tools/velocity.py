"""Velocity commands of an operator: how fast at most, and how quickly they change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landward.errors import SpecError


@dataclass(frozen=True)
class Limits:
    """What an operator may ask for; the defaults are what the velocity tasks train.

    Raises:
        SpecError: a limit is negative or not finite, or an acceleration is not positive.
    """

    forward: float = 1.0
    """[m/s]"""
    backward: float = 0.3
    """[m/s]"""
    sideways: float = 0.3
    """[m/s]"""
    turn: float = 0.8
    """[rad/s]"""
    acceleration: float = 1.5
    """[m/s^2] of the command; it falls to zero at once."""
    turn_acceleration: float = 3.0
    """[rad/s^2]"""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            least = "positive" if "acceleration" in name else "0 or more"
            if not np.isfinite(value) or value < 0.0 or (value == 0.0 and least == "positive"):
                raise SpecError(f"the operator's limit {name} must be {least}, got {value:g}")

    @property
    def low(self) -> np.ndarray:
        """(3,) vx, vy [m/s], yaw rate [rad/s]."""
        return np.array([-self.backward, -self.sideways, -self.turn])

    @property
    def high(self) -> np.ndarray:
        """(3,) vx, vy [m/s], yaw rate [rad/s]."""
        return np.array([self.forward, self.sideways, self.turn])

    def clip(self, velocity: np.ndarray) -> np.ndarray:
        """The nearest velocity that may be asked for, (3,)."""
        return np.clip(velocity, self.low, self.high)

    def ramp(self, now: np.ndarray, wanted: np.ndarray, period: float) -> np.ndarray:
        """One step from a command towards another.

        Args:
            now: (3,) the present command.
            wanted: (3,) where it should get to; clipped.
            period: [s].
        """
        step = period * np.array([self.acceleration, self.acceleration, self.turn_acceleration])
        return now + np.clip(self.clip(wanted) - now, -step, step)
