"""Maps and new episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landward.errors import LandwardError
from sims.carla.maps.town import available, load_town
from sims.carla.server.arguments import flag, items, text, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import pose_to_wire
from sims.carla.server.methods.registry import rpc
from sims.carla.server.towns import GENERATED, find, named_town

if TYPE_CHECKING:
    from sims.carla.server.server import Server


@rpc("get_available_maps")
def available_maps(server: Server) -> list[str]:
    """Paths of the towns as CARLA shows them."""
    return [f"/Game/Carla/Maps/{name}" for name in available()]


@rpc("get_map_info")
def map_info(server: Server) -> list[Any]:
    """MapInfo: name and spawn points."""
    town = server.world.town
    return [f"Carla/Maps/{town.name}", [pose_to_wire(pose) for pose in town.spawn_points]]


@rpc("get_map_data")
def map_data(server: Server) -> str:
    """The OpenDRIVE text."""
    return server.world.town.opendrive


@rpc("load_new_episode", "void")
def load_new_episode(server: Server, name: Any, reset_settings: Any = True, layers: Any = 65535) -> None:
    """Begin an episode in another town, or in the same one where no name is given.

    It begins after the answer; `change` says when.
    """
    wanted, reset = text(name), flag(reset_settings)
    whole(layers)
    if wanted == "":
        town = server.world.town
    elif wanted == GENERATED:
        if server.generated is None:
            raise RpcError(f"Map '{wanted}' not found")
        town = server.generated
    else:
        town = named_town(find(wanted))
    server.load(town, reset)


@rpc("copy_opendrive_to_file", "void")
def copy_opendrive(server: Server, opendrive: Any, parameters: Any = None) -> None:
    """Make a town of a client's OpenDRIVE text; it stays in memory, no file is written."""
    items([] if parameters is None else parameters)
    if text(opendrive).lstrip()[:1] != "<":  # `load_town` would take it for the path of a file
        raise RpcError("opendrive could not be correctly parsed: it is no XML")
    try:
        server.generated = load_town(opendrive, name=GENERATED)
    except LandwardError as error:
        raise RpcError(f"opendrive could not be correctly parsed: {error}") from None


@rpc("load_map_layer", "void", "default")
def load_map_layer(server: Server, layers: Any) -> None:
    """Towns here have no layers; CARLA's own towns without layers do nothing either."""
    whole(layers)


@rpc("unload_map_layer", "void", "default")
def unload_map_layer(server: Server, layers: Any) -> None:
    """See `load_map_layer`."""
    whole(layers)
