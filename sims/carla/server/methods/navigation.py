"""Files of the present town that clients ask for: the mesh that walkers with a controller walk on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sims.carla.server.arguments import text
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.registry import rpc
from sims.carla.server.navmesh import navigation_file, navigation_mesh

if TYPE_CHECKING:
    from sims.carla.server.server import Server

FOLDER = "Nav"
"""Where clients look for it; they ask for others, and do without."""


@rpc("get_required_files")
def required_files(server: Server, folder: Any = "") -> list[str]:
    """Files a client should keep: the mesh for walkers of a town with pavements."""
    wanted = text(folder) == FOLDER and server.cfg.walker_navigation
    name = navigation_file(server.world.town) if wanted else ""
    return [name] if name else []


@rpc("request_file")
def request_file(server: Server, name: Any) -> bytes:
    """The mesh, made when it is asked for; no file of this machine is given away."""
    if not text(name) or name != navigation_file(server.world.town):
        raise RpcError(f"there is no file {name!r}: this server gives away no files")
    return _mesh(server)


@rpc("get_navigation_mesh")
def mesh(server: Server) -> bytes:
    """The mesh for walkers; clients of 0.9.16 ask for it as a file."""
    return _mesh(server) if navigation_file(server.world.town) else b""


def _mesh(server: Server) -> bytes:
    town = server.world.town
    try:
        return navigation_mesh(town)
    except ValueError as error:
        raise RpcError(f"walkers cannot be guided in {town.name}: {error}") from None
