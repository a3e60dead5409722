"""The static world that an OpenDRIVE map stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from landward.errors import require
from sims.carla.maps.footprint import Footprint
from sims.carla.maps.ground import Ground, ground_of
from sims.carla.maps.lanes import Strip, strips
from sims.carla.maps.limits import Limits, limits_of
from sims.carla.maps.marks import paint
from sims.carla.maps.meshes import Mesh, surfaces, terrain
from sims.carla.maps.scenery import StaticBox, scenery
from sims.carla.maps.signals import Signal, signals_of
from sims.carla.maps.spawns import spawn_points
from sims.carla.maps.trial import UnknownMapError, try_out

FOLDER = Path(__file__).parent / "opendrive"
LONGEST = 1e6
"""[m] Of all roads of a map together."""


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
    """What is seen of land, roads, pavements and paint."""
    boxes: tuple[StaticBox, ...]
    """What stands beside the roads; solid."""
    signals: tuple[Signal, ...]
    """Lights and signs."""
    crosswalks: tuple[NDArray[np.float64], ...]
    """(n, 3) corners of each [m]."""
    sidewalks: tuple[NDArray[np.float64], ...]
    """(n, 3) outlines of pavements [m], one for each lane section."""
    ground: Ground
    """Callable: (N, 2) [m] -> (N,) height of the ground [m]."""
    limits: Limits
    """Callable: (N, 2) [m] -> (N,) speed limit [km/h]; 0: the one before holds on."""


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
    require("carla", "carla", "reading OpenDRIVE maps")
    stem, text, ours = _read(source)
    name = name or stem
    if not ours:
        _parsed(name, text)
        try_out(name, text)
    return build_town(name, text)


def build_town(name: str, text: str) -> Town:
    """The world of OpenDRIVE text that is known to be sound; other text may crash the process.

    Raises:
        UnknownMapError: Not OpenDRIVE, or nothing to drive on.
    """
    carla = require("carla", "carla", "reading OpenDRIVE maps")
    root = _parsed(name, text)
    try:
        carla_map = carla.Map(name, text)
    except RuntimeError as error:
        raise UnknownMapError(f"{name} is not OpenDRIVE that the carla client can read: {error}") from None
    lanes = strips(carla_map, root)
    if not any(strip.kind == "driving" for strip in lanes):
        raise UnknownMapError(f"{name} has no lane to drive on: give an OpenDRIVE file with driving lanes")
    signals = signals_of(carla_map, root, {strip.road: strip.speed for strip in lanes})
    crosswalks, ground, footprint = _crosswalks(carla_map), ground_of(lanes), Footprint(lanes)
    land = terrain(ground, footprint.low, footprint.high)
    return Town(
        name=name,
        opendrive=text,
        map=carla_map,
        spawn_points=spawn_points(lanes),
        strips=lanes,
        meshes=(land, *surfaces(lanes), *paint(lanes, signals, crosswalks)),
        boxes=scenery(lanes, signals, footprint),
        signals=signals,
        crosswalks=crosswalks,
        sidewalks=tuple(
            np.concatenate([strip.border(-1), strip.border(1)[::-1]])
            for strip in lanes
            if strip.kind == "sidewalk"
        ),
        ground=ground,
        limits=limits_of(lanes),
    )


def _parsed(name: str, text: str) -> Element:
    """The root of the file.

    Raises:
        UnknownMapError: It is no OpenDRIVE, or declares entities, which can be made to fill the memory.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnknownMapError(f"{name} declares a document type or entities, which OpenDRIVE never needs")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise UnknownMapError(f"{name} is no XML: {error}") from None
    if root.tag != "OpenDRIVE" or root.find("road/planView/geometry") is None:
        raise UnknownMapError(f"{name} is no OpenDRIVE file with roads: its root is <{root.tag}>")
    try:
        lengths = [float(road.get("length", "nan")) for road in root.iter("road")]
    except ValueError as error:
        raise UnknownMapError(f"{name} has a road without a proper length: {error}") from None
    if not min(lengths) >= 0.0 or not sum(lengths) < LONGEST:
        raise UnknownMapError(f"{name} has roads of {sum(lengths):g} m: 0 to {LONGEST:g} m are possible")
    return root


def _crosswalks(carla_map: Any) -> tuple[NDArray[np.float64], ...]:
    """Corners of each crosswalk; the client gives one list in which every outline ends where it began."""
    found, outline = [], []
    for corner in carla_map.get_crosswalks():
        point = (corner.x, corner.y, corner.z)
        if outline and point == outline[0]:
            found.append(np.array(outline))
            outline = []
        else:
            outline.append(point)
    return tuple(found)


def _read(source: str | Path) -> tuple[str, str, bool]:
    """Name, text, and whether it is a town of ours."""
    text = str(source)
    if text.lstrip()[:1] == "<":
        return "OpenDriveMap", text, False
    ours = FOLDER / f"{text}.xodr"
    path = ours if ours.is_file() else Path(source)
    if not path.is_file():
        raise UnknownMapError(
            f"there is no map {text!r}: give {', '.join(available())} or the path of an OpenDRIVE file"
        )
    return path.stem, path.read_text(encoding="utf-8"), path == ours
