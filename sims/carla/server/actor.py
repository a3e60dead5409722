"""What the server knows of an actor beside its row of `Records`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sims.carla.server.geometry import Pose
from sims.carla.server.records import Records

Attributes = tuple[tuple[str, int, str], ...]
"""(name, type as CARLA's ActorAttributeType, value) of each attribute of a description."""


@dataclass(frozen=True)
class Description:
    """What a client asked to be spawned."""

    uid: int
    """Of the blueprint."""
    type_id: str
    """Such as vehicle.tesla.model3."""
    attributes: Attributes = ()

    def to_wire(self) -> list[Any]:
        """ActorDescription."""
        return [self.uid, self.type_id, [list(item) for item in self.attributes]]


@dataclass(frozen=True)
class Box:
    """An oriented box in the frame of its actor, or of the world where it has none."""

    location: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """[m] Centre."""
    extent: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """[m] Half sizes."""
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """[deg] Pitch, yaw, roll."""

    def pose(self) -> Pose:
        """(6,) Of its middle, in the frame it is given in."""
        return np.array([*self.location, *self.rotation])

    def to_wire(self, actor_id: int = 0) -> list[Any]:
        """BoundingBox."""
        return [list(self.location), list(self.extent), list(self.rotation), actor_id]


@dataclass(eq=False)
class Actor:
    """One actor of an episode; ids are not used again within it."""

    id: int
    description: Description
    row: int
    """Index of its row in `records`; changes when actors before it go."""
    records: Records
    """The state of all actors of its world."""
    parent: Actor | None = None
    relative: Pose = field(default_factory=lambda: np.zeros(6))
    """Pose in the frame of the parent."""
    children: list[Actor] = field(default_factory=list)
    box: Box = Box()
    """Bounding box; of traffic lights and signs the trigger volume."""
    tags: bytes = b""
    """CityObjectLabels."""
    stream: int = 0
    """Its sensor stream, above 1; 0 where it streams nothing."""
    physics: bool = True
    """Whether forces move it; what is teleported by a client has it off."""
    gravity: bool = True
    collides: bool = True

    @property
    def pose(self) -> Pose:
        """(6,) World pose at full precision: a view into `records.poses`, invalid when actors come or go."""
        return self.records.poses[self.row]

    @pose.setter
    def pose(self, pose: Pose) -> None:
        self.records.poses[self.row] = pose

    @property
    def type_id(self) -> str:
        """Such as vehicle.tesla.model3."""
        return self.description.type_id

    @cached_property
    def attributes(self) -> dict[str, str]:
        """Attribute name -> value."""
        return {name: value for name, _, value in self.description.attributes}
