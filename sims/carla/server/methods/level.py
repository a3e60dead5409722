"""What stands in the town."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sims.carla.server.actor import Box
from sims.carla.server.arguments import WireError, items, text, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import compose, pose_to_wire
from sims.carla.server.methods.registry import rpc
from sims.carla.server.scene.labels import NAMES

if TYPE_CHECKING:
    from sims.carla.maps.town import StaticBox
    from sims.carla.server.server import Server

ANY = 255
"""CityObjectLabel that stands for all."""
UNKNOWN = "unable to find Actor to apply the texture"
"""CARLA's words."""


@rpc("get_all_level_BBs")
def level_boxes(server: Server, label: Any) -> list[Any]:
    """Boxes in the world's frame of all that has a label: of the town, and of actors."""
    wanted = _label(label)
    still = [each.box.to_wire() for each in server.world.town.boxes if wanted in (ANY, each.label)]
    moving = [actor for actor in server.world.actors.values() if actor.tags and any(actor.box.extent)]
    return still + [
        _in_world(actor.pose, actor.box, actor.id)
        for actor in moving
        if wanted == ANY or wanted in actor.tags
    ]


@rpc("get_environment_objects")
def environment_objects(server: Server, label: Any) -> list[Any]:
    """EnvironmentObject of all that stands in the town with a label."""
    wanted = _label(label)
    return [_object(each) for each in server.world.town.boxes if wanted in (ANY, each.label)]


@rpc("get_names_of_all_objects")
def names(server: Server) -> list[str]:
    """The names of the same."""
    return [_name(each) for each in server.world.town.boxes]


@rpc("apply_color_texture_to_objects", "void", "no")
def color_texture(server: Server, names: Any, parameter: Any, texture: Any) -> None:
    """Nothing here has a texture."""
    _refuse_texture(names, parameter, texture)


@rpc("apply_float_color_texture_to_objects", "void", "no")
def float_color_texture(server: Server, names: Any, parameter: Any, texture: Any) -> None:
    """Nothing here has a texture."""
    _refuse_texture(names, parameter, texture)


def _refuse_texture(names: Any, parameter: Any, texture: Any) -> None:
    for name in items(names):
        text(name)
    whole(parameter)
    items(texture, 3)
    raise RpcError(f"{UNKNOWN}: this server draws plain colours, no textures")


def _label(sent: Any) -> int:
    """A CityObjectLabel."""
    label = whole(sent)
    if not 0 <= label <= ANY:
        raise WireError(f"{label} is no label of a city's objects")
    return label


def _name(thing: StaticBox) -> str:
    """Such as buildings_12."""
    return f"{NAMES[thing.label]}_{thing.id}"


def _object(thing: StaticBox) -> list[Any]:
    """EnvironmentObject: where it is, its box in the world's frame, id, name, label."""
    return [pose_to_wire(thing.box.pose()), thing.box.to_wire(), thing.id, _name(thing), thing.label]


def _in_world(pose: Any, box: Box, actor_id: int) -> list[Any]:
    """BoundingBox in the world's frame."""
    location, rotation = pose_to_wire(compose(pose, box.pose()))
    return [location, list(box.extent), rotation, actor_id]
