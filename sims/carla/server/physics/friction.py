"""Friction triggers: boxes on the ground within which tyres hold as much as the trigger says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sims.carla.server.actor import Actor, Box

if TYPE_CHECKING:
    from sims.carla.server.physics.fleet import Fleet

TRIGGER = "static.trigger.friction"


class Puddles:
    """The friction triggers of an episode and who stands in them.

    Args:
        fleet: whose tyres they act on.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._triggers: dict[int, tuple[Actor, float]] = {}

    def added(self, actor: Actor) -> None:
        """A trigger; others are not looked at."""
        if actor.type_id != TRIGGER:
            return
        extent = tuple(float(actor.attributes.get(f"extent_{axis}", 1.0)) for axis in "xyz")
        actor.box = Box(extent=extent)  # type: ignore[arg-type]
        self._triggers[actor.id] = actor, float(actor.attributes.get("friction", 3.5))

    def removed(self, actor: Actor) -> None:
        """Tyres are as they were."""
        if self._triggers.pop(actor.id, None) is not None:
            self.step()

    def step(self) -> None:
        """Give each vehicle the friction of the trigger that its centre of mass is in; the newest counts."""
        fleet = self._fleet
        if not self._triggers and not any(vehicle.friction is not None for vehicle in fleet.vehicles):
            return
        found: list[float | None] = [None] * len(fleet.vehicles)
        for actor, friction in self._triggers.values():
            for index in np.flatnonzero(_inside(actor, fleet.motion.position)).tolist():
                found[index] = friction
        for vehicle, friction in zip(fleet.vehicles, found, strict=True):
            if vehicle.friction != friction:
                vehicle.friction = friction
                fleet.update(vehicle)


def _inside(actor: Actor, points: np.ndarray) -> np.ndarray:
    x, y, _, _, yaw, _ = actor.pose.tolist()
    length, width, _ = actor.box.extent
    local = (points - complex(x, y)) * np.exp(-1j * np.radians(yaw))
    return (np.abs(local.real) <= length) & (np.abs(local.imag) <= width)
