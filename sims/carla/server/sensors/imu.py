"""Inertial measurement unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload, Sensor
from sims.carla.server.wire import pack

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors


class Imu(Sensor):
    """sensor.other.imu."""

    kind = 5

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.accel_noise = read.reals(*(f"noise_accel_stddev_{axis}" for axis in "xyz"))
        self.gyro_noise = read.reals(*(f"noise_gyro_stddev_{axis}" for axis in "xyz"))
        self.gyro_bias = read.reals(*(f"noise_gyro_bias_{axis}" for axis in "xyz"))
        self.noise_seed = read.whole("noise_seed", -(2**31), 2**31 - 1)
        self._before = (-1.0, np.zeros(3))
        """World time and velocity at the measurement before."""

    def measure(self, dt: float) -> Iterable[Payload]:
        """Accelerometer [m/s2] and gyroscope [rad/s] in the sensor's frame, compass [rad] from north.

        The acceleration is the change of the velocity since the measurement before. At rest the
        accelerometer reads +g along the world's z. North is -y, and angles grow to the east (+x).
        """
        turn = self.turn
        now, velocity = self.world.elapsed, self.velocity()
        then, before = self._before
        self._before = now, velocity
        change = (velocity - before) / (now - then) if 0.0 <= then < now else np.zeros(3)
        acceleration = turn.T @ (change + np.array([0.0, 0.0, self.world.imu_gravity]))
        rates = np.radians(self.world.records.rows["angular_velocity"][self.carrier.row].astype(np.float64))
        gyroscope = turn.T @ rates
        noise = self.random.standard_normal(6)
        acceleration += noise[:3] * np.abs(self.accel_noise)
        gyroscope += np.array(self.gyro_bias) + noise[3:] * np.abs(self.gyro_noise)
        forward = turn[:, 0]
        compass = float(np.arctan2(forward[0], -forward[1]) % (2.0 * np.pi))
        return (pack([acceleration.tolist(), gyroscope.tolist(), compass]),)
