"""The sensors of an episode: when each measures, and what they share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sims.carla.server.actor import Actor, Description
from sims.carla.server.geometry import Pose
from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Sensor
from sims.carla.server.sensors.camera import (
    Camera,
    DepthCamera,
    InstanceCamera,
    NormalsCamera,
    RgbCamera,
    SemanticCamera,
    Studio,
)
from sims.carla.server.sensors.contact import CollisionSensor, ObstacleSensor
from sims.carla.server.sensors.dvs import DvsCamera
from sims.carla.server.sensors.flow import OpticalFlowCamera
from sims.carla.server.sensors.gnss import Gnss
from sims.carla.server.sensors.imu import Imu
from sims.carla.server.sensors.lidar import RayCastLidar, SemanticLidar
from sims.carla.server.sensors.radar import Radar
from sims.carla.server.sensors.rays import Caster
from sims.carla.server.system import System

if TYPE_CHECKING:
    from sims.carla.server.world import World

KINDS: dict[str, type[Sensor]] = {
    "sensor.camera.rgb": RgbCamera,
    "sensor.camera.depth": DepthCamera,
    "sensor.camera.semantic_segmentation": SemanticCamera,
    "sensor.camera.instance_segmentation": InstanceCamera,
    "sensor.camera.normals": NormalsCamera,
    "sensor.camera.optical_flow": OpticalFlowCamera,
    "sensor.camera.dvs": DvsCamera,
    "sensor.lidar.ray_cast": RayCastLidar,
    "sensor.lidar.ray_cast_semantic": SemanticLidar,
    "sensor.other.radar": Radar,
    "sensor.other.imu": Imu,
    "sensor.other.gnss": Gnss,
    "sensor.other.collision": CollisionSensor,
    "sensor.other.obstacle": ObstacleSensor,
}
"""Type id -> what it is; lane invasion is worked out in the client."""
EARLY = 1e-6
"""[s] Rounding of the world's clock."""


class Sensors(System):
    """Measures with the sensors that somebody listens to, in the order of their ids."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.studio = Studio(world)
        self._sensors: dict[int, Sensor] = {}
        self._admitted: Sensor | None = None

    @cached_property
    def caster(self) -> Caster:
        """Rays against the world."""
        return Caster(self.world.town, self.studio.scene.actors)

    def admit(self, description: Description, pose: Pose, parent: Actor | None) -> None:
        """Read a sensor's attributes.

        Raises:
            RpcError: one is not what it must be.
        """
        kind = KINDS.get(description.type_id)
        self._admitted = kind(Attributes(description), self) if kind else None

    def added(self, actor: Actor) -> None:
        """Take up the sensor that was admitted just before."""
        if self._admitted is not None:
            self._sensors[actor.id], self._admitted = self._admitted, None
            self._sensors[actor.id].attach(actor)

    def removed(self, actor: Actor) -> None:
        """Forget a sensor."""
        self._sensors.pop(actor.id, None)

    def observe(self, dt: float) -> None:
        """Measure and publish."""
        due = [sensor for sensor in self._sensors.values() if self._due(sensor)]
        self.studio.expect([sensor for sensor in due if isinstance(sensor, Camera)])
        for sensor in due:
            for payload in sensor.measure(dt):
                self.world.publish(sensor.actor.stream, sensor.kind, payload, sensor.actor.pose)

    def close(self) -> None:
        """Give back the renderer."""
        self.studio.close()

    def _due(self, sensor: Sensor) -> bool:
        """Whether it measures now, and when again: every `period` from its first step on."""
        now = self.world.elapsed
        if now + EARLY < sensor.next_due:
            return False
        if sensor.period:
            begin = sensor.next_due or now
            sensor.next_due = begin + sensor.period * (1 + int((now + EARLY - begin) / sensor.period))
        blind = self.world.settings.no_rendering_mode and isinstance(sensor, Camera)
        if blind or not self.world.subscribed(sensor.actor.stream):
            sensor.missed()
            return False
        return True
