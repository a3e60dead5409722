"""What a message says, as arrays in the robot's joint order; needs NumPy only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from landward.errors import LandwardError

NS = 1_000_000_000
"""Nanoseconds in a second."""


class MessageError(LandwardError):
    """A message does not hold what its topic promises: a joint is missing, an array is too short."""


@dataclass(frozen=True, slots=True)
class JointSample:
    """One measurement of all joints; arrays are float64 in the order of the robot's joints."""

    stamp: float
    """When it was measured, ROS time [s]."""
    position: np.ndarray
    """(J,) [rad]."""
    velocity: np.ndarray
    """(J,) [rad/s]."""
    effort: np.ndarray
    """(J,) torque at the joint [N m]."""
    stamp_ns: int = -1
    """The same stamp in nanoseconds, exact; from `stamp` where it is left out."""

    def __post_init__(self) -> None:
        if self.stamp_ns < 0:
            object.__setattr__(self, "stamp_ns", round(self.stamp * NS))


@dataclass(frozen=True, slots=True)
class ImuSample:
    """One measurement of the IMU, in the frame of the body."""

    stamp: float
    """When it was measured, ROS time [s]."""
    angular_velocity: np.ndarray
    """(3,) of the body, in its own frame [rad/s]."""
    orientation: np.ndarray
    """(4,) unit quaternion (w, x, y, z) from the body to the world (z up)."""
    linear_acceleration: np.ndarray | None = None
    """(3,) specific force in the frame of the body, +9.81 upwards at rest (REP-145) [m/s^2]."""
    stamp_ns: int = -1
    """The same stamp in nanoseconds, exact; from `stamp` where it is left out."""

    def __post_init__(self) -> None:
        if self.stamp_ns < 0:
            object.__setattr__(self, "stamp_ns", round(self.stamp * NS))

    @property
    def gravity(self) -> np.ndarray:
        """(3,) unit direction of gravity in the frame of the body; (0, 0, -1) when upright."""
        return np.array(_gravity(self.orientation))

    @property
    def tilt(self) -> float:
        """Angle between the body's z axis and the vertical [rad], 0 to pi; NaN where the orientation is."""
        x, y, z = _gravity(self.orientation)
        return math.atan2(math.hypot(x, y), -z)


@dataclass(frozen=True, slots=True)
class CommandSample:
    """One command to all joints."""

    stamp: float
    """ROS time [s]: of the joint states that a position target answers; of sending for damping."""
    position: np.ndarray | None
    """(J,) target [rad]; None asks for damping: no stiffness, torque against the velocity."""
    stamp_ns: int = -1
    """The same stamp in nanoseconds, exact; from `stamp` where it is left out."""

    def __post_init__(self) -> None:
        if self.stamp_ns < 0:
            object.__setattr__(self, "stamp_ns", round(self.stamp * NS))

    @property
    def is_damping(self) -> bool:
        """Whether this is the safe command."""
        return self.position is None


def _gravity(orientation: np.ndarray) -> tuple[float, float, float]:
    """Minus the third row of the rotation matrix; the quaternion's length cancels."""
    w, x, y, z = orientation.tolist()
    norm = w * w + x * x + y * y + z * z
    if not norm > 0.0:
        return math.nan, math.nan, math.nan
    two = 2.0 / norm
    return (-two * (x * z - w * y), -two * (y * z + w * x), two * (x * x + y * y) - 1.0)
