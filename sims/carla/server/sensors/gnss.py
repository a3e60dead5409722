"""Satellite navigation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from landward.errors import require
from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload, Sensor
from sims.carla.server.wire import pack

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors

AXES = ("lat", "lon", "alt")


class Gnss(Sensor):
    """sensor.other.gnss: latitude and longitude [deg], altitude [m], as the client's own map has them."""

    kind = 4

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.noise = read.reals(*(f"noise_{axis}_stddev" for axis in AXES))
        self.bias = read.reals(*(f"noise_{axis}_bias" for axis in AXES))
        self.noise_seed = read.whole("noise_seed", -(2**31), 2**31 - 1)
        self._location = require("carla", "carla", "positions on the globe").Location

    def measure(self, dt: float) -> Iterable[Payload]:
        """One position."""
        x, y, z = self.actor.pose[:3].tolist()
        place = self.world.town.map.transform_to_geolocation(self._location(x, y, z))
        exact = (place.latitude, place.longitude, place.altitude)
        noise = self.random.standard_normal(3).tolist()
        values = zip(exact, self.bias, self.noise, noise, strict=True)
        return (pack([value + bias + abs(spread) * n for value, bias, spread, n in values]),)
