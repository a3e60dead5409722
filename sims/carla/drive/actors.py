"""All road users of one snapshot as arrays, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.geometry import Floats

KINDS = ("vehicle.", "walker.")
"""Actors that count as road users, by the beginning of their type id."""

FAR = 80.0
"""Whoever is farther away from the ego along an axis of the world is not looked at in every frame [m] ..."""
CLOSING = 80.0
"""... but before he could have come closer than that at this speed [m/s]."""

Boxes = dict[str, tuple[float, float, float]]
"""Type id -> see `Roster.box`."""


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


@dataclass
class _Known:
    actor_id: int
    box: tuple[float, float, float]
    walker: bool
    due: int = 0
    """The read in which it is looked at again."""
    row: tuple[float, ...] = ()
    """What it was when it was looked at last."""


class Roster:
    """Which actors there are; what never changes about them is asked for once."""

    def __init__(self, world: Any, ego_id: int, delta: float, boxes: Boxes | None = None) -> None:
        """Make an empty roster; `read` fills it.

        Args:
            world: carla.World.
            ego_id: actor that is left out.
            delta: time between two reads [s].
            boxes: what earlier rosters found out; this one adds to it.
        """
        self._world = world
        self._ego_id = ego_id
        self._closing = CLOSING * delta
        self._boxes = {} if boxes is None else boxes
        self._count, self._reads = -1, 0
        self._known: list[_Known] = []

    def read(self, snapshot: Any, ego_xy: Floats) -> Others:
        """The road users of a carla.WorldSnapshot; of those farther than FAR what they were a while ago."""
        if len(snapshot) != self._count:
            self._refresh()
            self._count = len(snapshot)
        self._reads += 1
        x, y = ego_xy.tolist()
        for known in self._known:
            if self._reads >= known.due:
                self._look(known, snapshot, x, y)
        table = np.array([known.row for known in self._known if known.row], dtype=np.float64).reshape(-1, 10)
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

    def _look(self, known: _Known, snapshot: Any, x: float, y: float) -> None:
        actor = snapshot.find(known.actor_id)
        if actor is None:
            known.row = ()
            return
        pose, velocity = actor.get_transform(), actor.get_velocity()
        place = pose.location
        u, v = place.x, place.y
        known.row = (
            known.actor_id,
            u,
            v,
            pose.rotation.yaw,
            velocity.x,
            velocity.y,
            *known.box,
            known.walker,
        )
        spare = max(abs(u - x), abs(v - y)) - FAR
        known.due = self._reads + 1 + (int(spare / self._closing) if spare > 0.0 else 0)

    def _refresh(self) -> None:
        self._known = []
        for actor in self._world.get_actors():
            if actor.type_id.startswith(KINDS) and actor.id != self._ego_id:
                self._known.append(_Known(actor.id, self.box(actor), actor.type_id.startswith("walker.")))
        self._known.sort(key=lambda known: known.actor_id)

    def box(self, actor: Any) -> tuple[float, float, float]:
        """Half length, half width, and how far ahead of its origin an actor's box is centred [m]."""
        if actor.type_id not in self._boxes:  # each look at bounding_box is a call over the wire
            box = actor.bounding_box
            self._boxes[actor.type_id] = (box.extent.x, box.extent.y, box.location.x)
        return self._boxes[actor.type_id]
