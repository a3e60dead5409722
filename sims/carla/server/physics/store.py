"""The fleet's numbers as arrays, one column a vehicle, in ascending order of ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.physics.bicycle import Motion
from sims.carla.server.physics.curves import KNOTS, segments
from sims.carla.server.physics.engines import Curve

Array = NDArray[np.float64]
PARAMETERS = (
    "static_front",
    "static_rear",
    "transfer_front",
    "transfer_rear",
    "leverage_front",
    "leverage_rear",
    "twist_front",
    "twist_rear",
    "bend",
    "crest",
    "most",
    "mass",
    "inertia",
    "centre",
    "radius",
    "brakes",
    "hand_brake",
    "lock",
)
"""Grip of the axles at rest [N] and what it gains by acceleration [N s2/m]; m a^2 / J and a / J [1/(kg m)]
of the axles, a being their distance ahead of the centre of mass; tyre stiffness: argument of the curve a
unit of grip [1/N] and full stiffness of an axle [N/rad]; grip of both axles [N]; mass [kg]; yaw inertia [kg
m2]; centre of mass ahead of the origin [m]; wheel radius [m]; full force of all brakes and of the hand brake
[N]; lock [rad]."""
GEARED = ("rpm", "kilometres", "gearing", "lightness", "bare", "lost", "lost_throttle", "air", "rolling")
"""What follows from the gear: engine speed a unit of speed [rpm s/m]; 3.6 [km/h]; ratio by radius [1/m];
inverse of the mass with all that turns, and with the wheels alone [1/kg]; decay by wheels and engine [1/s]
and what full throttle adds to it; air drag [1/m]; rolling resistance [m/s2]."""
STATES = ("up", "down", "due", "acceleration", "slope")
"""Speeds at which to shift up and down [m/s]; time at which the gearbox has something to do [s]; forward
acceleration of the last step [m/s2]; slope of the ground along the vehicle [rad], uphill positive."""
PEDALS = ("throttle", "steer", "brake", "hand")
_ramps = lru_cache(maxsize=256)(segments)
"""Most vehicles of a kind have the curves that they were made with."""


class Store:
    """Columns of parameters and state."""

    def __init__(self) -> None:
        self.values: Array = np.zeros((len(PARAMETERS + GEARED + STATES), 0))
        """Rows: PARAMETERS, GEARED and STATES."""
        self.pedals: Array = np.zeros((len(PEDALS), 0))
        """Where the pedals and the steering are."""
        self.arms: NDArray[np.complex128] = np.zeros((2, 0), complex)
        """i times the distance of the axles ahead of the centre of mass [m]."""
        self.wheels: NDArray[np.complex128] = np.ones((2, 0), complex)
        """Directions of the wheels of the axles in the body's frame; the rear ones look ahead."""
        self.curves: Array = np.zeros((3, KNOTS, 2, 0))
        """Torque [N m] over engine speed [rpm], and share of the lock over speed [km/h]; see `curves`."""
        self.motion = Motion(np.zeros(0, complex), np.zeros(0, complex), np.zeros(0), np.zeros(0))
        self._name()

    def __len__(self) -> int:
        return self.values.shape[1]

    def add(self) -> None:
        """Append a column of zeros."""
        self._each(lambda array: np.concatenate([array, np.zeros((*array.shape[:-1], 1), array.dtype)], -1))

    def remove(self, index: int) -> None:
        """Drop a column."""
        self._each(lambda array: np.delete(array, index, -1))

    def set_parameters(self, index: int, parameters: dict[str, float], axles: tuple[float, float]) -> None:
        """Write a vehicle's parameters (see `vehicle.parameters`).

        Args:
            index: its column.
            parameters: by the names of PARAMETERS.
            axles: [m] front and rear, ahead of the centre of mass.
        """
        self.values[: len(PARAMETERS), index] = [parameters[name] for name in PARAMETERS]
        self.arms[:, index] = 1j * axles[0], 1j * axles[1]

    def set_gear(self, index: int, geared: dict[str, float]) -> None:
        """Write what follows from a vehicle's gear (see `vehicle.geared`)."""
        first = len(PARAMETERS)
        self.values[first : first + len(GEARED), index] = [geared[name] for name in GEARED]

    def set_curves(self, index: int, torque: Curve, steering: Curve) -> None:
        """Write a vehicle's curves."""
        self.curves[:, :, 0, index], self.curves[:, :, 1, index] = _ramps(torque), _ramps(steering)

    def _each(self, change: Callable[[NDArray], NDArray]) -> None:
        motion = self.motion
        self.values, self.pedals = change(self.values), change(self.pedals)
        self.arms, self.curves = change(self.arms), change(self.curves)
        self.wheels = np.ones(self.arms.shape, complex)
        self.motion = Motion(
            change(motion.position), change(motion.velocity), change(motion.yaw), change(motion.yaw_rate)
        )
        self._name()

    def _name(self) -> None:
        """Name the rows; views, so writing to them writes to `values`."""
        pairs = self.values[:8].reshape(4, 2, -1)
        self.static, self.transfer, self.leverage, self.twist = pairs
        (
            self.bend,
            self.crest,
            self.most,
            self.mass,
            self.inertia,
            self.centre,
            self.radius,
            self.brakes,
            self.hand_brake,
            self.lock,
            _,
            _,
            self.gearing,
            self.lightness,
            self.bare,
            self.lost,
            self.lost_throttle,
            self.air,
            self.rolling,
            self.up,
            self.down,
            self.due,
            self.acceleration,
            self.slope,
        ) = self.values[8:]
        first = len(PARAMETERS)
        self.rates = self.values[first : first + 2]
        """(2, n) What the curves are read at, a unit of speed."""
