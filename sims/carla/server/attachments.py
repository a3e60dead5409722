"""What is attached follows its parent exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Actor
from sims.carla.server.geometry import compose, compose_all, relative_to
from sims.carla.server.system import System

if TYPE_CHECKING:
    from sims.carla.server.world import World


Level = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64] | None]
"""Rows of children, rows of their parents, and (n, 6) relative poses; None where they are all zero."""


FEW = 8
"""So many are carried along faster one by one."""


class Attachments(System):
    """Rigid attachment of actors to actors, to any depth, without a loop over actors."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._layout = -1
        self._levels: list[Level] = []

    def moved(self, actor: Actor) -> None:
        """A child that a client teleports keeps its new place on its parent; what is on an actor follows."""
        if actor.parent is not None:
            actor.relative = relative_to(actor.parent.pose, actor.pose)
        self._layout = -1
        if actor.children:
            self.step(0.0)

    def step(self, dt: float) -> None:
        """Carry every child along."""
        if self._layout != self.world.layout:
            self._levels, self._layout = _levels(self.world), self.world.layout
        poses = self.world.records.poses
        for children, parents, relative in self._levels:
            at = poses[parents]
            if relative is None:
                poses[children] = at
            elif len(relative) <= FEW:
                poses[children] = [compose(*pair) for pair in zip(at, relative, strict=True)]
            else:
                poses[children] = compose_all(at, relative)


def _levels(world: World) -> list[Level]:
    """The children of each depth of attachment."""
    levels: list[list[Actor]] = []
    generation = [actor for actor in world.actors.values() if actor.parent is not None]
    known = {actor.id for actor in world.actors.values() if actor.parent is None}
    while generation:
        ready = [actor for actor in generation if actor.parent is not None and actor.parent.id in known]
        levels.append(ready)
        known |= {actor.id for actor in ready}
        generation = [actor for actor in generation if actor.id not in known]
    return [
        (
            np.array([actor.row for actor in level]),
            np.array([actor.parent.row for actor in level if actor.parent is not None]),
            _relative(level),
        )
        for level in levels
    ]


def _relative(level: list[Actor]) -> NDArray[np.float64] | None:
    relative = np.array([actor.relative for actor in level])
    return relative if relative.any() else None
