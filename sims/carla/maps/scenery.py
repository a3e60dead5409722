"""What stands beside the roads of any map: houses, trees, lamps, guard rails, and the bodies of signals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.footprint import Footprint
from sims.carla.maps.lanes import Strip
from sims.carla.maps.signals import Signal
from sims.carla.server.actor import Box

BUILDINGS, POLES, TRAFFIC_LIGHT, TRAFFIC_SIGNS, VEGETATION, GUARD_RAIL = 3, 6, 7, 8, 9, 28
"""CityObjectLabels."""
SEED = 1
FAST = 80.0
"""[km/h] Faster roads have guard rails, others trees, and houses where there is a pavement."""
HOUSE_GAP, TREE_GAP, RAIL_GAP = 5.0, 1.2, 0.6
"""[m] From the outermost lane."""
FRONTAGE, HOUSE_DEPTH, HEIGHT = (9.0, 18.0), (8.0, 13.0), (5.0, 16.0)
"""[m] Least and most."""
PITCH, RAIL = 22.0, 8.0
"""[m] From house to house at most, and length of a piece of guard rail."""
FACADES = ((176, 150, 128), (150, 98, 82), (190, 184, 170), (120, 122, 130), (204, 170, 120))
LEAVES, BARK, STEEL, DARK = (62, 98, 48), (92, 74, 58), (120, 124, 128), (30, 30, 30)
MAST = 6.0
"""[m] The heads of lights hang that far behind the stop line."""


@dataclass(frozen=True)
class StaticBox:
    """Something solid that is no actor, such as a house or a pole."""

    box: Box
    """World frame."""
    label: int
    """CityObjectLabel."""
    id: int
    """Object id, from 1."""
    colour: tuple[int, int, int] = (128, 128, 128)
    """Red, green, blue."""
    signal: str = ""
    """OpenDRIVE's id of the light or sign whose head this is."""


Piece = tuple[Box, int, tuple[int, int, int], str]
"""Box, label, colour, signal."""


def scenery(
    strips: tuple[Strip, ...], signals: tuple[Signal, ...], footprint: Footprint
) -> tuple[StaticBox, ...]:
    """The same boxes for the same map; none stands on a lane or in another.

    Args:
        strips: Lanes.
        signals: Lights and signs.
        footprint: Where the lanes are; where boxes are is added.
    """
    rng = np.random.default_rng(SEED)
    pieces: list[Piece] = []
    # Poles of signals may stand on pavements.
    carriageways = Footprint([strip for strip in strips if strip.kind != "sidewalk"])
    for signal in signals:
        pieces.extend(_bodies(signal, carriageways))
    for strip in _outermost(strips):
        if strip.speed > FAST:
            pieces.extend(_rails(strip, footprint))
            continue
        if strip.kind == "sidewalk":
            pieces.extend(_houses(strip, footprint, rng))
        pieces.extend(_trees(strip, footprint, rng))
    ids = count(1)
    return tuple(StaticBox(box, label, next(ids), colour, signal) for box, label, colour, signal in pieces)


def _outermost(strips: Iterable[Strip]) -> Iterator[Strip]:
    """The lanes at both edges of each road outside junctions; narrow strips without traffic do not count."""
    edges: dict[tuple[int, float, bool], Strip] = {}
    for strip in strips:
        if strip.junction < 0 and strip.kind in ("driving", "sidewalk", "shoulder", "biking", "parking"):
            key = (strip.road, float(strip.s[0]), strip.lane > 0)
            if key not in edges or abs(strip.lane) > abs(edges[key].lane):
                edges[key] = strip
    yield from edges.values()


def _beside(strip: Strip, s: float, gap: float) -> tuple[NDArray[np.float64], float]:
    """(point (3,) that far beyond the outer border, yaw [deg] along the road)."""
    side = float(np.sign(-strip.lane))
    edge = np.array([np.interp(s, strip.s, column) for column in strip.border(side).T])
    right = np.array([np.interp(s, strip.s, column) for column in strip.right.T])
    edge[:2] += right * side * gap
    return edge, float(np.degrees(np.arctan2(-right[0], right[1])))


def _houses(strip: Strip, footprint: Footprint, rng: np.random.Generator) -> Iterator[Piece]:
    for s in np.arange(strip.s[0] + PITCH / 2, strip.s[-1] - PITCH / 4, PITCH):
        width, depth, height = (rng.uniform(*limits) for limits in (FRONTAGE, HOUSE_DEPTH, HEIGHT))
        foot, yaw = _beside(strip, float(s + rng.uniform(-2, 2)), HOUSE_GAP + rng.uniform(0, 3) + depth / 2)
        box = Box(_xyz(foot, height / 2), (width / 2, depth / 2, height / 2), (0.0, yaw, 0.0))
        colour = FACADES[rng.integers(len(FACADES))]
        if footprint.take(box, 2.0):
            yield box, BUILDINGS, colour, ""


def _trees(strip: Strip, footprint: Footprint, rng: np.random.Generator) -> Iterator[Piece]:
    for s in np.arange(strip.s[0] + PITCH, strip.s[-1] - PITCH / 2, PITCH):
        foot, yaw = _beside(strip, float(s), TREE_GAP)
        crown, height = rng.uniform(1.0, 1.8), rng.uniform(2.5, 3.5)
        trunk = Box(_xyz(foot, height / 2), (0.15, 0.15, height / 2), (0.0, yaw, 0.0))
        if footprint.take(trunk, 0.5):
            yield trunk, VEGETATION, BARK, ""
            yield (
                Box(_xyz(foot, height + crown), (crown, crown, crown), (0.0, yaw, 0.0)),
                VEGETATION,
                LEAVES,
                "",
            )


def _rails(strip: Strip, footprint: Footprint) -> Iterator[Piece]:
    for s in np.arange(strip.s[0] + RAIL / 2, strip.s[-1], RAIL):
        foot, yaw = _beside(strip, float(s), RAIL_GAP)
        box = Box(_xyz(foot, 0.55), (RAIL / 2, 0.1, 0.2), (0.0, yaw, 0.0))
        if footprint.free(box, 0.2):
            yield box, GUARD_RAIL, STEEL, ""


def _bodies(signal: Signal, footprint: Footprint) -> Iterator[Piece]:
    """A pole with a sign; of a light a mast behind the stop line with a head over each lane, if it fits."""
    foot, yaw = signal.pose[:3], signal.heading
    if signal.kind != "light":
        height = 2.2
        yield Box(_xyz(foot, height / 2), (0.04, 0.04, height / 2), (0.0, yaw, 0.0)), POLES, STEEL, ""
        yield (
            Box(_xyz(foot, height + 0.35), (0.02, 0.35, 0.35), (0.0, yaw, 0.0)),
            TRAFFIC_SIGNS,
            STEEL,
            signal.id,
        )
        return
    radians = np.radians(yaw)
    ahead, right = (
        np.array([np.cos(radians), np.sin(radians), 0.0]),
        np.array([-np.sin(radians), np.cos(radians), 0]),
    )
    behind = foot + ahead * MAST + right * 0.5
    pole = Box(_xyz(behind, 3.0), (0.1, 0.1, 3.0), (0.0, yaw, 0.0))
    if not footprint.take(pole, 0.3):
        low = Box(_xyz(foot, 1.3), (0.06, 0.06, 1.3), (0.0, yaw, 0.0))
        yield low, POLES, STEEL, ""
        yield Box(_xyz(foot, 3.1), (0.15, 0.2, 0.5), (0.0, yaw, 0.0)), TRAFFIC_LIGHT, DARK, signal.id
        return
    yield pole, POLES, STEEL, ""
    lanes = np.array([stop[:3] for stop in signal.stops])
    reach = float(((behind - lanes) @ right).max())
    arm = behind - right * reach / 2
    yield Box(_xyz(arm, 5.9), (0.06, reach / 2, 0.06), (0.0, yaw, 0.0)), POLES, STEEL, ""
    for lane in lanes:
        over = behind - right * float((behind - lane) @ right)
        yield Box(_xyz(over, 5.2), (0.15, 0.2, 0.5), (0.0, yaw, 0.0)), TRAFFIC_LIGHT, DARK, signal.id


def _xyz(foot: NDArray[np.float64], height: float) -> tuple[float, float, float]:
    """A point above another."""
    return float(foot[0]), float(foot[1]), float(foot[2] + height)
