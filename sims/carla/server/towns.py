"""The towns that a client may load: those of this package by their names, and text that it sends."""

from __future__ import annotations

from functools import lru_cache

from sims.carla.maps.town import Town, available, load_town
from sims.carla.server.errors import RpcError

GENERATED = "OpenDriveMap"
"""The name of a town made from a client's OpenDRIVE text."""


@lru_cache(maxsize=4)
def named_town(name: str) -> Town:
    """A town of this package; the last ones are kept."""
    return load_town(name)


def find(wanted: str) -> str:
    """The name of a town of this package that a client asks for.

    Args:
        wanted: Town_Small, Carla/Maps/Town_Small or /Game/Carla/Maps/Town_Small; nothing is read that is
            not in the list of towns.

    Raises:
        RpcError: there is none, in CARLA's words.
    """
    name = wanted.rsplit("/", 1)[-1]
    whole = wanted in (name, f"Carla/Maps/{name}", f"/Game/Carla/Maps/{name}")
    if not whole or name not in available():
        raise RpcError(f"Map '{wanted}' not found")
    return name
