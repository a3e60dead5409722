"""Radar: random rays in a cone, with the speed at which what they hit goes away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload, Sensor
from sims.carla.server.sensors.rays import GROUND

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors

MOST_POINTS = 500_000
"""In one step, since clients choose the number."""


class Radar(Sensor):
    """sensor.other.radar; rays are spread as in CARLA: evenly in radius and angle over an ellipse."""

    kind = 9

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.fov = np.radians(
            [read.real("horizontal_fov", 0.0, 360.0), read.real("vertical_fov", 0.0, 180.0)]
        )
        self.range = read.real("range", 0.0, 1e4)
        self.points_per_second = read.real("points_per_second", 0.0, 1e9)
        self.noise_seed = read.whole("noise_seed", -(2**31), 2**31 - 1)

    def measure(self, dt: float) -> Iterable[Payload]:
        """Velocity [m/s] (away is positive), azimuth, altitude [rad], depth [m] of what was hit."""
        number = min(int(self.points_per_second * dt), MOST_POINTS)
        radius, turn = self.random.random(number), 2.0 * np.pi * self.random.random(number)
        azimuth, altitude = (self.fov / 2.0)[:, None] * radius * np.array([np.cos(turn), np.sin(turn)])
        level = np.cos(altitude)
        rays = np.column_stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(altitude)])
        directions, origin = rays @ self.turn.T, self.actor.pose[:3]
        boxes = self.sensors.caster.near(origin, self.range, without=self.carrier.id)
        hits = self.sensors.caster.cast(origin, directions, self.range, boxes)
        speeds = np.zeros((len(boxes.ids) + 1, 3))
        for i in np.flatnonzero(boxes.ids):
            speeds[i] = self.world.records.rows["velocity"][self.world.actors[int(boxes.ids[i])].row]
        relative = speeds[np.where(hits.index == GROUND, len(boxes.ids), hits.index)] - self.velocity()
        away = (relative * directions).sum(axis=1)
        found = np.isfinite(hits.distance)
        points = np.column_stack([away, azimuth, altitude, hits.distance])[found]
        return (points.astype("<f4").tobytes(),)
