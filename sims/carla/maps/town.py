"""The static world that an OpenDRIVE map stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import LandwardError, require
from sims.carla.maps.ground import Ground, ground_of
from sims.carla.maps.lanes import Strip, strips
from sims.carla.maps.meshes import Mesh, road_meshes
from sims.carla.maps.spawns import spawn_points
from sims.carla.server.actor import Box

FOLDER = Path(__file__).parent / "opendrive"


class UnknownMapError(LandwardError):
    """A map that is neither one of ours nor OpenDRIVE."""


@dataclass(frozen=True)
class StaticBox:
    """Something solid that is no actor, such as a house or a pole."""

    box: Box
    """World frame."""
    label: int
    """CityObjectLabel."""
    id: int
    """Object id, above 0, unlike all others of the town."""
    colour: tuple[int, int, int] = (128, 128, 128)
    """Red, green, blue."""


@dataclass(frozen=True)
class Town:
    """A map with everything on it that does not move."""

    name: str
    """Such as Town_Small."""
    opendrive: str
    """The file's text."""
    map: Any
    """carla.Map of the same."""
    spawn_points: NDArray[np.float64]
    """(S, 6) poses of vehicles, 0.3 m above their lane."""
    strips: tuple[Strip, ...]
    """Its lanes."""
    meshes: tuple[Mesh, ...]
    boxes: tuple[StaticBox, ...]
    signals: tuple[Any, ...]
    ground: Ground
    """Callable: (N, 2) [m] -> (N,) height of the ground [m]."""


def available() -> tuple[str, ...]:
    """Names of the towns of our own, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.xodr")))


def load_town(source: str | Path, name: str | None = None) -> Town:
    """The world of one of our towns, of an OpenDRIVE file, or of OpenDRIVE text.

    Args:
        source: Name of a town, path of a file, or the text itself.
        name: What the town is called; None: the town's name, the file's stem, or OpenDriveMap.

    Raises:
        UnknownMapError: No such town or file, or not OpenDRIVE.
        MissingDependencyError: The `carla` client is not installed.
    """
    stem, text = _read(source)
    name = name or stem
    carla = require("carla", "carla", "reading OpenDRIVE maps")
    try:
        carla_map = carla.Map(name, text)
    except RuntimeError as error:
        raise UnknownMapError(f"{name} is not OpenDRIVE that the carla client can read: {error}") from None
    lanes = strips(carla_map, text)
    ground = ground_of(lanes)
    return Town(name, text, carla_map, spawn_points(lanes), lanes, road_meshes(lanes), (), (), ground)


def _read(source: str | Path) -> tuple[str, str]:
    """Name and text."""
    text = str(source)
    if text.lstrip()[:1] == "<":
        return "OpenDriveMap", text
    ours = FOLDER / f"{text}.xodr"
    path = ours if ours.is_file() else Path(source)
    if not path.is_file():
        raise UnknownMapError(
            f"there is no map {text!r}: give {', '.join(available())} or the path of an OpenDRIVE file"
        )
    return path.stem, path.read_text(encoding="utf-8")
