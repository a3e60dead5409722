"""Parts of actors: components, bones and sockets. The actors of this server are boxes and have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sims.carla.server.arguments import text, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.registry import rpc

if TYPE_CHECKING:
    from sims.carla.server.server import Server

LISTS = (
    "get_actor_component_names",
    "get_actor_bone_names",
    "get_actor_socket_names",
    "get_actor_bone_world_transforms",
    "get_actor_bone_relative_transforms",
    "get_actor_socket_world_transforms",
    "get_actor_socket_relative_transforms",
    "get_vehicle_bone_world_transforms",
)
NAMED = ("get_actor_component_world_transform", "get_actor_component_relative_transform")


def _empty(server: Server, actor_id: Any) -> list[Any]:
    """No parts of this kind."""
    server.world.actor(whole(actor_id))
    return []


def _missing(server: Server, actor_id: Any, name: Any) -> None:
    """No component has this name."""
    server.world.actor(whole(actor_id))
    raise RpcError(f"Component could not be found in this actor: {text(name)}")


def _register(names: tuple[str, ...], call: Callable[..., Any]) -> None:
    for name in names:
        rpc(name, support="default")(call)


_register(LISTS, _empty)
_register(NAMED, _missing)
