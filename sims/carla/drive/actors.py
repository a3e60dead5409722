"""All road users of one snapshot as arrays, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.geometry import Floats

KINDS = ("vehicle.", "walker.")
"""Actors that count as road users, by the beginning of their type id."""


@dataclass(frozen=True)
class Others:
    """N road users, the ego left out, in CARLA's world frame."""

    ids: NDArray[np.int64]
    """(N,)."""
    xy: Floats
    """(N, 2) centres of their boxes [m]."""
    yaw: Floats
    """(N,) [rad]."""
    velocity: Floats
    """(N, 2) [m/s]."""
    extent: Floats
    """(N, 2) half length and half width [m]."""
    walker: NDArray[np.bool_]
    """(N,)."""


class Roster:
    """Which actors there are; what never changes about them is asked for once."""

    def __init__(self, world: Any, ego_id: int) -> None:
        """Make an empty roster; `read` fills it.

        Args:
            world: carla.World.
            ego_id: actor that is left out.
        """
        self._world = world
        self._ego_id = ego_id
        self._boxes: dict[str, tuple[float, float, float]] = {}
        self._count = -1
        self._known: list[tuple[int, tuple[float, float, float], bool]] = []

    def read(self, snapshot: Any) -> Others:
        """The road users of a carla.WorldSnapshot."""
        if len(snapshot) != self._count:
            self._refresh()
            self._count = len(snapshot)
        rows: list[tuple[float, ...]] = []
        for actor_id, box, walker in self._known:
            actor = snapshot.find(actor_id)
            if actor is None:
                continue
            pose, velocity = actor.get_transform(), actor.get_velocity()
            place = pose.location
            rows.append((actor_id, place.x, place.y, pose.rotation.yaw, velocity.x, velocity.y, *box, walker))
        table = np.array(rows, dtype=np.float64).reshape(-1, 10)
        yaw = np.radians(table[:, 3])
        ahead = table[:, 8:9] * np.stack((np.cos(yaw), np.sin(yaw)), axis=-1)
        return Others(
            ids=table[:, 0].astype(np.int64),
            xy=table[:, 1:3] + ahead,
            yaw=yaw,
            velocity=table[:, 4:6],
            extent=table[:, 6:8],
            walker=table[:, 9] > 0.5,
        )

    def _refresh(self) -> None:
        self._known = []
        for actor in self._world.get_actors():
            if actor.type_id.startswith(KINDS) and actor.id != self._ego_id:
                self._known.append((actor.id, self.box(actor), actor.type_id.startswith("walker.")))
        self._known.sort()

    def box(self, actor: Any) -> tuple[float, float, float]:
        """Half length, half width, and how far ahead of its origin an actor's box is centred [m]."""
        if actor.type_id not in self._boxes:  # each look at bounding_box is a call over the wire
            box = actor.bounding_box
            self._boxes[actor.type_id] = (box.extent.x, box.extent.y, box.location.x)
        return self._boxes[actor.type_id]
