"""Lidars: channels at fixed elevations that turn, each ray ending at the first thing in its way.

Numbers of points, angles and the intensity model follow CARLA's documentation of the ray-cast lidars.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload, Sensor
from sims.carla.server.sensors.rays import GROUND, Boxes, Hits, incidence

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors

MOST_CHANNELS, MOST_POINTS = 1024, 2_000_000
"""Bounds of what clients may ask for; the second in one step."""
SEMANTIC_POINT = np.dtype([("point", "<f4", 3), ("cosine", "<f4"), ("id", "<u4"), ("label", "<u4")])
"""PROTOCOL: semantic lidar payload."""


class Lidar(Sensor):
    """What both lidars have in common."""

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.channels = read.whole("channels", 1, MOST_CHANNELS)
        self.range = read.real("range", 0.0, 1e4)
        self.points_per_second = read.real("points_per_second", 0.0, 1e9)
        self.frequency = read.real("rotation_frequency", 0.0, 1e6)
        self.fov = read.real("horizontal_fov", 1e-3, 360.0)
        upper, lower = read.real("upper_fov", -90.0, 90.0), read.real("lower_fov", -90.0, 90.0)
        self.elevations = np.radians(np.linspace(upper, lower, self.channels))
        """(channels,) [rad] From the top down."""
        self.angle = 0.0
        """[deg] How far it has turned."""

    def scan(self, dt: float) -> tuple[NDArray[np.float64], NDArray[np.intp], Boxes, Hits]:
        """Cast the rays of a step and turn on.

        Returns:
            Unit vectors (r, 3) in the sensor's frame, the channel of each ray (r,), and what they hit.
        """
        each = min(round(self.points_per_second * dt / self.channels), MOST_POINTS // self.channels)
        swept = self.frequency * self.fov * dt
        turn = np.radians((self.angle + swept / max(each, 1) * np.arange(each)) % self.fov - self.fov / 2.0)
        self.angle = (self.angle + swept) % self.fov
        level = np.cos(self.elevations)[:, None]
        rays = np.empty((self.channels, each, 3))
        rays[:, :, 0], rays[:, :, 1] = level * np.cos(turn), level * np.sin(turn)
        rays[:, :, 2] = np.sin(self.elevations)[:, None]
        rays = rays.reshape(-1, 3)
        channel = np.arange(self.channels).repeat(each)
        kept = self.fired(len(rays))
        rays, channel = rays[kept], channel[kept]
        caster, origin = self.sensors.caster, self.actor.pose[:3]
        boxes = caster.near(origin, self.range, without=self.carrier.id)
        return rays, channel, boxes, caster.cast(origin, rays @ self.turn.T, self.range, boxes)

    def fired(self, rays: int) -> NDArray[np.bool_]:
        """(rays,) which rays are cast at all."""
        return np.ones(rays, np.bool_)

    def message(self, channel: NDArray[np.intp], points: bytes) -> bytes:
        """Angle [rad], number of channels, points of each, then the points channel by channel."""
        counts = np.bincount(channel, minlength=self.channels).astype("<u4")
        head = struct.pack("<fI", np.radians(self.angle), self.channels)
        return head + counts.tobytes() + points


class RayCastLidar(Lidar):
    """sensor.lidar.ray_cast."""

    kind = 11

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.attenuation = read.real("atmosphere_attenuation_rate", 0.0, 1e3)
        self.dropped = read.real("dropoff_general_rate", 0.0, 1.0)
        self.drop_limit = read.real("dropoff_intensity_limit", 0.0, 1.0)
        self.drop_zero = read.real("dropoff_zero_intensity", 0.0, 1.0)
        self.noise = read.real("noise_stddev", 0.0, 1e3)
        self.noise_seed = read.whole("noise_seed", -(2**31), 2**31 - 1)

    def fired(self, rays: int) -> NDArray[np.bool_]:
        """A share of dropoff_general_rate is lost before anything is hit."""
        return self.random.random(rays) >= self.dropped

    def measure(self, dt: float) -> Iterable[Payload]:
        """Points and intensities exp(-attenuation distance); weak returns are lost by chance."""
        rays, channel, _, hits = self.scan(dt)
        found = np.isfinite(hits.distance)
        rays, channel, distance = rays[found], channel[found], hits.distance[found]
        intensity = np.exp(-self.attenuation * distance)
        chance = 1.0 - self.drop_zero * (1.0 - intensity / max(self.drop_limit, 1e-9))
        kept = (intensity > self.drop_limit) | (self.random.random(len(distance)) < chance)
        if self.noise:
            distance = distance + self.random.normal(0.0, self.noise, len(distance))
        points = np.column_stack([rays * distance[:, None], intensity])[kept]
        return (self.message(channel[kept], points.astype("<f4").tobytes()),)


class SemanticLidar(Lidar):
    """sensor.lidar.ray_cast_semantic."""

    kind = 10

    def measure(self, dt: float) -> Iterable[Payload]:
        """Points with the cosine of the angle of incidence, the actor's id (0: no actor) and the label."""
        rays, channel, boxes, hits = self.scan(dt)
        found = np.isfinite(hits.distance)
        hits = Hits(hits.distance[found], hits.index[found])
        rays, channel = rays[found], channel[found]
        directions, origin = rays @ self.turn.T, self.actor.pose[:3]
        points = np.zeros(len(rays), SEMANTIC_POINT)
        points["point"] = rays * hits.distance[:, None]
        points["cosine"] = incidence(directions, hits, boxes, origin)
        ground = hits.index == GROUND
        points["id"][~ground] = boxes.ids[hits.index[~ground]]
        points["label"][~ground] = boxes.labels[hits.index[~ground]]
        reached = origin + directions[ground] * hits.distance[ground, None]
        points["label"][ground] = self.sensors.caster.surface.labels(reached[:, :2])
        return (self.message(channel, points.tobytes()),)
