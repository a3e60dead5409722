"""Walkers: where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sims.carla.server.arguments import flag, items, number, vector, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.registry import rpc

if TYPE_CHECKING:
    from sims.carla.server.physics.crowd import Walker
    from sims.carla.server.server import Server


@rpc("apply_control_to_walker", "void")
def apply_control(server: Server, actor_id: Any, control: Any) -> None:
    """Where to go and how fast (WalkerControl)."""
    walker, sent = find(server, actor_id), items(control, 3)
    if walker.dead:
        raise RpcError("Walker is already dead")
    server.world.crowd.control(walker, vector(sent[0]), number(sent[1]), flag(sent[2]))


def find(server: Server, actor_id: Any) -> Walker:
    """A walker by the id of its actor.

    Raises:
        RpcError: there is no such actor, or it is no walker.
    """
    actor = server.world.actor(whole(actor_id))
    walker = server.world.crowd.walkers.get(actor.id)
    if walker is None:
        raise RpcError("Actor is not a Walker")
    return walker
