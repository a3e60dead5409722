"""The lanes of a map as a graph, made with the client's own waypoints."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sims.carla.maps.lanes import Strip
from sims.carla.maps.town import Town, load_town

Lane = tuple[int, int]
"""Road and lane id; each road of our towns has one lane section."""
NEAR = 0.005
"""[m] Waypoints are taken that near to a lane's ends."""

town = cache(load_town)


def driving(town: Town) -> tuple[Strip, ...]:
    return tuple(strip for strip in town.strips if strip.kind == "driving")


def last(town: Town, strip: Strip) -> Any:
    """The last waypoint of a lane in its direction of travel."""
    s = strip.s[-1] - NEAR if strip.lane < 0 else strip.s[0] + NEAR
    return town.map.get_waypoint_xodr(strip.road, strip.lane, float(s))


def following(town: Town, strip: Strip) -> list[Any]:
    """The first waypoints of the lanes that a lane leads to."""
    return last(town, strip).next(3 * NEAR)


def beside(town: Town, strip: Strip) -> list[Lane]:
    """Lanes that may be changed to."""
    waypoint = town.map.get_waypoint_xodr(strip.road, strip.lane, float(strip.s.mean()))
    change = str(waypoint.lane_change)
    sides = [
        waypoint.get_right_lane() if change in ("Right", "Both") else None,
        waypoint.get_left_lane() if change in ("Left", "Both") else None,
    ]
    same = [
        w for w in sides if w is not None and w.lane_id * strip.lane > 0 and str(w.lane_type) == "Driving"
    ]
    return [(w.road_id, w.lane_id) for w in same]


def edges(town: Town) -> dict[Lane, set[Lane]]:
    """Lane -> lanes that can be reached from it at once."""
    return {
        (s.road, s.lane): {(w.road_id, w.lane_id) for w in following(town, s)} | set(beside(town, s))
        for s in driving(town)
    }


def reachable(graph: dict[Lane, set[Lane]], start: Lane) -> set[Lane]:
    seen, todo = {start}, [start]
    while todo:
        for lane in graph[todo.pop()] - seen:
            seen.add(lane)
            todo.append(lane)
    return seen


def backwards(graph: dict[Lane, Iterable[Lane]]) -> dict[Lane, set[Lane]]:
    turned: dict[Lane, set[Lane]] = {lane: set() for lane in graph}
    for lane, targets in graph.items():
        for target in targets:
            turned[target].add(lane)
    return turned
