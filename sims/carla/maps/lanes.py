"""The lanes of an OpenDRIVE map as rows of points, taken through the client's own map.

Two readers of OpenDRIVE never agree on everything. The client computes waypoints, lane invasions and
junctions with `carla.Map`, so the server's world is made from the same object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

STEP = 2.0
"""[m] Between points where a road bends, rises or widens."""
LONG_STEP = 20.0
"""[m] Between points where it is straight."""
PAINT = 0.12
"""[m] Width of marks for which the file gives none."""
INSIDE = 1e-3
"""[m] A waypoint is asked for that far from the ends of its section: at the end itself it is in the next."""


@dataclass(frozen=True)
class Mark:
    """Paint on the border of a lane, from `s` on."""

    s: float
    """[m]"""
    kind: str
    """OpenDRIVE's type, such as solid, broken or solid solid."""
    colour: str
    """OpenDRIVE's, such as standard or yellow."""
    width: float
    """[m]"""


@dataclass(frozen=True)
class Strip:
    """One lane of one lane section, in the direction of growing s."""

    road: int
    lane: int
    """OpenDRIVE's id: negative lanes run along the road, positive ones against it."""
    kind: str
    """OpenDRIVE's lane type, such as driving or sidewalk."""
    junction: int
    """The junction that it is part of; -1: none."""
    speed: float
    """[km/h] 0: the file names none."""
    s: NDArray[np.float64]
    """(n,) [m]"""
    centre: NDArray[np.float64]
    """(n, 3) [m] Points on the middle line, CARLA's frame."""
    right: NDArray[np.float64]
    """(n, 2) Unit vectors to the right of growing s."""
    width: NDArray[np.float64]
    """(n,) [m]"""
    outer: tuple[Mark, ...] = ()
    """On the border away from the reference line."""
    inner: tuple[Mark, ...] = ()
    """On the reference line, of the one lane beside it that draws it."""

    def border(self, side: float) -> NDArray[np.float64]:
        """(n, 3) points beside the middle line: -1 is the left border, 1 the right border."""
        points = self.centre.copy()
        points[:, :2] += self.right * (side * self.width / 2)[:, None]
        return points

    @property
    def length(self) -> float:
        """Length [m]."""
        return float(self.s[-1] - self.s[0])


def strips(carla_map: Any, root: Element) -> tuple[Strip, ...]:
    """All lanes that have a width, by road, section and lane.

    Args:
        carla_map: `carla.Map` of the file.
        root: Its `<OpenDRIVE>` element.
    """
    return tuple(strip for road in root.iter("road") for strip in _of_road(carla_map, road))


def _of_road(carla_map: Any, road: Element) -> Iterator[Strip]:
    sections = road.findall("lanes/laneSection")
    starts = [float(section.get("s", "0")) for section in sections]
    ends = [*starts[1:], float(road.get("length", "0"))]
    for section, start, end in zip(sections, starts, ends, strict=True):
        if end - start <= 2 * INSIDE:
            continue
        s = _stations(road, section, start, end)
        lanes = {int(lane.get("id", "0")): lane for lane in section.iter("lane")}
        beside = -1 if -1 in lanes else 1
        for lane_id, lane in lanes.items():
            inner = _marks(lanes.get(0), start) if lane_id == beside else ()
            strip = _of_lane(carla_map, road, lane, s, _marks(lane, start), inner) if lane_id != 0 else None
            if strip is not None:
                yield strip


def _of_lane(
    carla_map: Any,
    road: Element,
    lane: Element,
    s: NDArray[np.float64],
    outer: tuple[Mark, ...],
    inner: tuple[Mark, ...],
) -> Strip | None:
    road_id, lane_id = int(road.get("id", "0")), int(lane.get("id", "0"))
    waypoints = [carla_map.get_waypoint_xodr(road_id, lane_id, float(at)) for at in s]
    if any(waypoint is None for waypoint in waypoints):
        return None
    width = np.array([waypoint.lane_width for waypoint in waypoints])
    if width.max() < 0.01:
        return None
    locations = [(w.transform.location.x, w.transform.location.y, w.transform.location.z) for w in waypoints]
    # A waypoint looks along its traffic; strips look along the road.
    yaw = np.radians([w.transform.rotation.yaw for w in waypoints]) + (np.pi if lane_id > 0 else 0.0)
    return Strip(
        road_id,
        lane_id,
        lane.get("type", "none"),
        int(road.get("junction", "-1")),
        _speed(road, float(s[0])),
        s,
        np.array(locations),
        np.column_stack([-np.sin(yaw), np.cos(yaw)]),
        width,
        outer,
        inner,
    )


def _marks(lane: Element | None, start: float) -> tuple[Mark, ...]:
    """Paint on the outer border of a lane (of the centre lane: on the reference line)."""
    found = [] if lane is None else lane.findall("roadMark")
    return tuple(
        Mark(
            start + float(mark.get("sOffset", "0")),
            mark.get("type", "none"),
            mark.get("color", "standard"),
            float(mark.get("width") or PAINT),
        )
        for mark in found
    )


def _stations(road: Element, section: Element, start: float, end: float) -> NDArray[np.float64]:
    """Where points are needed: dense only where something changes between the ends."""
    first, last = start + INSIDE, end - INSIDE
    knots = {first, last}
    for geometry in road.findall("planView/geometry"):
        low = float(geometry.get("s", "0"))
        high = low + float(geometry.get("length", "0"))
        low, high = max(low, first), min(high, last)
        if high > low:
            step = LONG_STEP if geometry.find("line") is not None and _is_even(road, section) else STEP
            knots.update(np.linspace(low, high, int(np.ceil((high - low) / step)) + 1).tolist())
    ordered = np.array(sorted(knots))
    apart = np.concatenate([[True], np.diff(ordered) > INSIDE])
    apart[-1] = True
    return ordered[apart]


def _is_even(road: Element, section: Element) -> bool:
    """Whether height, side slope, lane offset and lane widths are the same all along."""
    polynomials = [
        *road.findall("elevationProfile/elevation"),
        *road.findall("lateralProfile/superelevation"),
        *road.findall("lanes/laneOffset"),
        *section.iter("width"),
    ]
    return all(float(p.get(name, "0")) == 0.0 for p in polynomials for name in "bcd")


def _speed(road: Element, s: float) -> float:
    """[km/h] The limit that the file gives at `s`."""
    limit = 0.0
    for kind in road.findall("type"):
        speed = kind.find("speed")
        if float(kind.get("s", "0")) <= s and speed is not None:
            limit = _in_km_per_hour(speed)
    return limit


def _in_km_per_hour(speed: Element) -> float:
    try:
        value = float(speed.get("max", "0"))
    except ValueError:  # "no limit" and "undefined" are words of the standard
        return 0.0
    return value * {"km/h": 1.0, "mph": 1.609344}.get(speed.get("unit", "m/s"), 3.6)
