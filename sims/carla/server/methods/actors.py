"""Actors: spawning, destroying, placing and looking them up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sims.carla.server.actor import Actor, Box, Description
from sims.carla.server.arguments import WireError, items, text, transform, vector, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import Pose
from sims.carla.server.methods.registry import rpc
from sims.carla.server.wire import Packed

if TYPE_CHECKING:
    from sims.carla.server.server import Server


@rpc("get_actor_definitions")
def actor_definitions(server: Server) -> Packed:
    """The blueprint library."""
    return server.world.library.packed


@rpc("get_spectator")
def spectator(server: Server) -> list[Any]:
    """The camera that a person flies about with."""
    return server.world.to_wire(server.world.spectator)


@rpc("get_actors_by_id")
def actors_by_id(server: Server, ids: Any) -> list[Any]:
    """Actors; ids that are not there are left out."""
    actors = server.world.actors
    wanted = dict.fromkeys(map(whole, items(ids)))
    return [server.world.to_wire(actors[each]) for each in wanted if each in actors]


@rpc("spawn_actor")
def spawn_actor(server: Server, description: Any, pose: Any) -> list[Any]:
    """Add an actor to the world."""
    return server.world.to_wire(spawn(server, description, transform(pose), 0))


@rpc("spawn_actor_with_parent")
def spawn_actor_with_parent(
    server: Server, description: Any, pose: Any, parent: Any, attachment: Any = 0, bone: Any = ""
) -> list[Any]:
    """Add an actor that is attached to another; the kind of attachment is always rigid."""
    return server.world.to_wire(spawn(server, description, transform(pose), whole(parent)))


@rpc("destroy_actor")
def destroy_actor(server: Server, actor_id: Any) -> bool:
    """Remove an actor."""
    return destroy(server, whole(actor_id))


@rpc("set_actor_location", "void")
def set_location(server: Server, actor_id: Any, location: Any) -> None:
    """Teleport an actor; it keeps its rotation."""
    actor = server.world.actor(whole(actor_id))
    server.world.place(actor, np.concatenate([vector(location), actor.pose[3:]]))


@rpc("set_actor_transform", "void")
def set_transform(server: Server, actor_id: Any, pose: Any) -> None:
    """Teleport an actor."""
    server.world.place(server.world.actor(whole(actor_id)), transform(pose))


@rpc("get_actor_bounding_box")
def bounding_box(server: Server, actor_id: Any) -> list[Any]:
    """The box in the actor's frame; an empty one where there is no such actor."""
    number = whole(actor_id)
    actor = server.world.actors.get(number)
    return Box().to_wire() if actor is None else actor.box.to_wire(number)


def spawn(server: Server, description: Any, pose: Pose, parent_id: int) -> Actor:
    """Spawn what a client describes, attached to a parent unless its id is 0.

    Raises:
        RpcError: it cannot be, in CARLA's words.
        WireError: it is no description.
    """
    parent = None
    if parent_id:
        parent = server.world.actors.get(parent_id)
        if parent is None:
            raise RpcError("unable to attach actor: parent actor not found")
    return server.world.spawn(description_from_wire(description), pose, parent)


def destroy(server: Server, actor_id: int) -> bool:
    """Remove an actor, what is attached to it, and their streams.

    Raises:
        RpcError: there is no such actor.
    """
    if actor_id not in server.world.actors:
        raise RpcError("unable to destroy actor: not found")
    return server.world.destroy(actor_id)


def description_from_wire(sent: Any) -> Description:
    """ActorDescription."""
    uid, type_id, attributes = items(sent, 3)[:3]
    read = []
    for attribute in items(attributes):
        name, kind, value = items(attribute, 3)[:3]
        read.append((text(name), whole(kind), text(value)))
    if not 0 <= whole(uid) < 1 << 32:
        raise WireError(f"a blueprint's uid has 32 bits, not {uid}")
    return Description(uid, text(type_id), tuple(read))
