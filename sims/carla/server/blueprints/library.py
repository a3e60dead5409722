"""All blueprints, packed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sims.carla.server.blueprints.blueprint import Blueprint
from sims.carla.server.blueprints.others import OTHERS
from sims.carla.server.blueprints.sensors import SENSORS
from sims.carla.server.blueprints.vehicles import VEHICLES
from sims.carla.server.wire import Packed, pack


@dataclass(frozen=True)
class Library:
    """The blueprints of this server."""

    by_id: dict[str, Blueprint]
    packed: Packed
    """[ActorDefinition] as the client is sent it, in order of ids; uids count from 1."""


@cache
def library() -> Library:
    """The one library."""
    ordered = sorted((*VEHICLES, *SENSORS, *OTHERS), key=lambda blueprint: blueprint.id)
    wire = [blueprint.to_wire(uid) for uid, blueprint in enumerate(ordered, start=1)]
    return Library({blueprint.id: blueprint for blueprint in ordered}, Packed(pack([[1, wire]])))
