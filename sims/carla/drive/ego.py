"""The ego's motion; accelerations are fitted to velocities, because CARLA's own are unreliable (card C8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sims.carla.drive.geometry import Floats

ACCELERATION_WINDOW, JERK_WINDOW = 8, 15
"""Samples that a quadratic is fitted to; nuPlan's comfort metrics use these windows (nuplan-devkit,
ego_comfort metrics: Savitzky-Golay of order 2)."""


@dataclass(frozen=True)
class Ego:
    """The ego vehicle in one frame. World: CARLA's. Body: x forward, y LEFT, yaw to the left."""

    xy: Floats
    """(2,) centre, world [m]."""
    z: float
    """[m]."""
    yaw: float
    """World: clockwise from above [rad]."""
    velocity: Floats
    """(2,) world [m/s]."""
    speed: float
    """Along the body's x axis [m/s]."""
    acceleration: Floats
    """(2,) body [m/s^2]."""
    jerk: Floats
    """(2,) body [m/s^3]."""
    yaw_rate: float
    """To the left [rad/s]."""
    yaw_acceleration: float
    """To the left [rad/s^2]."""
    extent: Floats
    """(2,) half length and half width [m]."""
    control: tuple[float, float, float]
    """Applied steer (positive to the RIGHT, as CARLA has it), throttle, brake."""


def derivative_weights(samples: int, order: int, delta: float) -> Floats:
    """(samples,) weights that give a derivative at the newest sample of a fitted quadratic.

    A least-squares polynomial is linear in the samples (Savitzky and Golay 1964).

    Args:
        samples: how many, evenly spaced, the oldest first.
        order: 1 or 2.
        delta: spacing [s].
    """
    t = (np.arange(samples) - (samples - 1)) * delta
    fit = np.linalg.pinv(np.stack((np.ones(samples), t, t * t), axis=-1))
    return fit[1] if order == 1 else 2.0 * fit[2]


class EgoMotion:
    """Remembers the last velocities of the ego."""

    def __init__(self, delta: float) -> None:
        """Samples are `delta` seconds apart."""
        self._first = derivative_weights(ACCELERATION_WINDOW, 1, delta)
        self._second = derivative_weights(JERK_WINDOW, 2, delta)
        self._past = np.zeros((JERK_WINDOW, 3))
        self._empty = True

    def reset(self) -> None:
        """Forget; the first sample afterwards counts as the whole past."""
        self._empty = True

    def read(self, snapshot: Any, extent: Floats, ahead: float, control: tuple[float, float, float]) -> Ego:
        """The state in a carla.ActorSnapshot.

        Args:
            snapshot: of the ego.
            extent: (2,) half length and half width [m].
            ahead: how far before the actor's origin its box is centred [m].
            control: applied steer, throttle, brake.
        """
        pose, velocity = snapshot.get_transform(), snapshot.get_velocity()
        yaw = float(np.radians(pose.rotation.yaw))
        c, s = np.cos(yaw), np.sin(yaw)
        place = np.array([pose.location.x + ahead * c, pose.location.y + ahead * s])
        self._push(np.array([velocity.x, velocity.y, yaw]))
        past = self._past
        first = self._first @ past[-ACCELERATION_WINDOW:]
        second = self._second @ past
        body = np.array([[c, s], [s, -c]])
        return Ego(
            xy=place,
            z=float(pose.location.z),
            yaw=yaw,
            velocity=past[-1, :2].copy(),
            speed=float(velocity.x * c + velocity.y * s),
            acceleration=body @ first[:2],
            jerk=body @ second[:2],
            yaw_rate=-float(first[2]),
            yaw_acceleration=-float(second[2]),
            extent=extent,
            control=control,
        )

    def _push(self, sample: Floats) -> None:
        if self._empty:
            self._past[:] = sample
            self._empty = False
            return
        turn = (sample[2] - self._past[-1, 2] + np.pi) % (2.0 * np.pi) - np.pi
        sample[2] = self._past[-1, 2] + turn
        self._past[:-1] = self._past[1:]
        self._past[-1] = sample
