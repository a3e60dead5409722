"""Sensors that speak only when something happens: collision and obstacle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from sims.carla.server.actor import Box
from sims.carla.server.scene.labels import NAMES
from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload, Sensor
from sims.carla.server.sensors.rays import Hits, first_hits
from sims.carla.server.wire import pack

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors


def scenery_to_wire(label: int) -> list[Any]:
    """The Actor struct of something that is no actor: id 0, `static.<label>`."""
    name = NAMES[label] if label < len(NAMES) else "other"
    return [0, 0, [0, f"static.{name}", []], Box().to_wire(), bytes([label]), b""]


class CollisionSensor(Sensor):
    """sensor.other.collision: one message for each thing that its carrier touched in the step."""

    kind, ticks = 0, False

    def measure(self, dt: float) -> Iterable[Payload]:
        """The carrier, the other, and the impulse on the carrier [N s], world axes."""
        carrier = self.carrier
        for actor, other, label, impulse in self.world.events:
            if actor is carrier:
                third = scenery_to_wire(label) if other is None else self.world.to_wire(other)
                yield pack([self.world.to_wire(carrier), third, [float(number) for number in impulse]])


class ObstacleSensor(Sensor):
    """sensor.other.obstacle: what a ball of hit_radius rolling forward from the sensor meets first.

    Boxes grown by the radius stand for the ball, so edges are met up to 0.4 radii too early.
    """

    kind = 7

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.distance = read.real("distance", 0.0, 1e4)
        self.radius = read.real("hit_radius", 0.0, 1e3)
        self.only_dynamics = read.flag("only_dynamics")

    def measure(self, dt: float) -> Iterable[Payload]:
        """The carrier, the other, and the distance [m]; nothing where the way is free."""
        origin = self.actor.pose[:3]
        boxes = self.sensors.caster.near(origin, self.distance + self.radius, without=self.carrier.id)
        if self.only_dynamics:
            boxes = boxes.take(np.flatnonzero(boxes.ids))
        hits: Hits = first_hits(origin, self.turn[:, 0][None], boxes.grown(self.radius))
        distance, index = float(hits.distance[0]), int(hits.index[0])
        if distance > self.distance:
            return
        other = self.world.actors.get(int(boxes.ids[index]))
        third = scenery_to_wire(int(boxes.labels[index])) if other is None else self.world.to_wire(other)
        yield pack([self.world.to_wire(self.carrier), third, distance])
