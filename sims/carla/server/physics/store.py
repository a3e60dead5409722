"""The fleet's numbers as arrays, one column a vehicle, in ascending order of ids."""

from __future__ import annotations

from collections.abc import Callable

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
    "bend",
    "crest",
    "mass",
    "inertia",
    "centre",
    "radius",
    "friction",
    "brakes",
    "hand_brake",
    "air",
    "roll",
    "lock",
    "top",
    "moved",
    "moi",
    "lost_zero",
    "lost_throttle",
)
"""Axle loads at rest [N] and what they gain by acceleration [N s2/m]; tyre stiffness: argument of the curve
a unit of axle load [1/N] and full stiffness of an axle [N/rad]; mass [kg]; yaw inertia [kg m2]; centre of
mass ahead of the origin [m]; wheel radius [m]; friction coefficient; full force of all brakes and of the
hand brake [N]; air drag [N s2/m2]; rolling loss [N s/m]; lock [rad]; top engine speed [rad/s]; mass with the
wheels' rotation [kg]; engine inertia [kg m2]; engine loss without throttle and what full throttle adds to it
[N m s]."""
STATES = ("ratio", "up", "down", "due", "acceleration", "slope")
"""Engine turns a wheel turn; engine speed in shares of its top at which to shift up and down; time at which
the gearbox has something to do [s]; forward acceleration of the last step [m/s2]; slope of the ground along
the vehicle [rad], uphill positive."""
PEDALS = ("throttle", "steer", "brake", "hand")


class Store:
    """Columns of parameters and state."""

    def __init__(self) -> None:
        self.values: Array = np.zeros((len(PARAMETERS) + len(STATES), 0))
        """Rows: PARAMETERS and STATES."""
        self.pedals: Array = np.zeros((len(PEDALS), 0))
        """Where the pedals and the steering are."""
        self.wanted: Array = np.zeros((len(PEDALS), 0))
        """Where the client wants them."""
        self.arms: NDArray[np.complex128] = np.zeros((2, 0), complex)
        """i times the distance of the axles ahead of the centre of mass [m]."""
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

    def set_curves(self, index: int, torque: Curve, steering: Curve) -> None:
        """Write a vehicle's curves."""
        self.curves[:, :, 0, index], self.curves[:, :, 1, index] = segments(torque), segments(steering)

    def _each(self, change: Callable[[NDArray], NDArray]) -> None:
        motion = self.motion
        self.values, self.pedals, self.wanted = change(self.values), change(self.pedals), change(self.wanted)
        self.arms, self.curves = change(self.arms), change(self.curves)
        self.motion = Motion(
            change(motion.position), change(motion.velocity), change(motion.yaw), change(motion.yaw_rate)
        )
        self._name()

    def _name(self) -> None:
        """Name the rows; views, so writing to them writes to `values`."""
        (
            _,
            _,
            _,
            _,
            self.bend,
            self.crest,
            self.mass,
            self.inertia,
            self.centre,
            self.radius,
            self.friction,
            self.brakes,
            self.hand_brake,
            self.air,
            self.roll,
            self.lock,
            self.top,
            self.moved,
            self.moi,
            self.lost_zero,
            self.lost_throttle,
            self.ratio,
            self.up,
            self.down,
            self.due,
            self.acceleration,
            self.slope,
        ) = self.values
        self.static, self.transfer = self.values[0:2], self.values[2:4]
