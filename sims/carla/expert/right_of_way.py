"""Where the ego must give way, and whether the gap is long enough; others are forecast along their lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.actors import Others
from sims.carla.drive.geometry import wrap
from sims.carla.drive.lanes import LaneGraph
from sims.carla.drive.route import RoadOption, Route

Floats = NDArray[np.float64]

LOOK = 6.0
"""How far others are forecast along their lanes [s]."""
BEFORE, AFTER = 1.5, 2.5
"""The ego comes no sooner than this after others, and is gone this long before them [s]."""
WIDTH = 2.4
"""Ways closer than this conflict [m]."""
SLOWEST = 1.0
"""Who drives slower waits, and is waited for no longer [m/s]."""
BEHIND_SIGN = 14.0
"""A sign belongs to the junction that begins at most this far behind it [m]."""
BESIDE_SIGN = 9.0
"""A sign stands at most this far beside the route [m]."""


@dataclass(frozen=True)
class Junction:
    """One junction on the route."""

    enter: float
    """Arc length at which it begins [m]."""
    leave: float
    """Arc length at which it ends [m]."""
    gives_way: bool
    """Whether the ego must yield to all others here: it has a yield or stop sign."""
    left: bool
    """Whether it turns left, across those who come towards it."""
    heading: float
    """Driving direction before it [rad]."""


def find_junctions(route: Route, signs: Floats) -> tuple[Junction, ...]:
    """The junctions of a route in order.

    Args:
        route: to be driven.
        signs: (G, 2) where yield and stop signs stand [m].
    """
    inside = np.concatenate(([False], route.junction, [False]))
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    found = []
    for first, stop in edges.reshape(-1, 2):
        last = stop - 1
        told = route.options[first : last + 1]
        found.append(
            Junction(
                float(route.s[first]),
                float(route.s[last]),
                _has_sign(route, int(first), signs),
                bool(np.any(told == RoadOption.LEFT)),
                float(route.yaw[max(0, first - 1)]),
            )
        )
    return tuple(found)


def _has_sign(route: Route, entry: int, signs: Floats) -> bool:
    """Whether a sign stands to the right of the route shortly before an entry."""
    if not len(signs):
        return False
    d, yaw = signs - route.xy[entry], route.yaw[max(0, entry - 1)]
    along = d[:, 0] * np.cos(yaw) + d[:, 1] * np.sin(yaw)
    right = d[:, 1] * np.cos(yaw) - d[:, 0] * np.sin(yaw)
    return bool(np.any((along > -BEHIND_SIGN) & (along < 2.0) & (np.abs(right) < BESIDE_SIGN)))


def read_signs(world: Any) -> Floats:
    """(G, 2) where the trigger boxes of the yield and stop signs of a carla.World are [m]."""
    places = []
    for actor in world.get_actors().filter("traffic.*"):
        if actor.type_id in ("traffic.yield", "traffic.stop"):
            middle = actor.get_transform().transform(actor.trigger_volume.location)
            places.append((middle.x, middle.y))
    return np.array(sorted(places), dtype=np.float64).reshape(-1, 2)


def blocked_until(
    graph: LaneGraph, route: Route, s: float, junction: Junction, others: Others, comes: Floats, grid: Floats
) -> bool:
    """Whether somebody with the right of way is in the junction when the ego would be.

    Args:
        graph: the town's lanes.
        route: of the ego.
        s: the ego's place on it [m].
        junction: that it is about to enter.
        others: road users.
        comes: (K,) when the ego is at each place of `grid` [s].
        grid: (K,) arc lengths from the junction's entry to beyond its exit [m].
    """
    ours = route.at(grid)
    speed = np.linalg.norm(others.velocity, axis=1)
    near = ~others.walker & (speed > SLOWEST)
    near &= np.linalg.norm(others.xy - ours[len(ours) // 2], axis=1) < 15.0 * LOOK
    for i in np.flatnonzero(near).tolist():
        if _same_way(route, s, others, i) or not _has_priority(junction, others.yaw[i]):
            continue
        for way, length in lane_ways(graph, others.xy[i], others.yaw[i], speed[i] * LOOK):
            d = way[None] - ours[:, None]
            close = d[..., 0] ** 2 + d[..., 1] ** 2 < WIDTH**2  # (K, P)
            apart = length[None] / speed[i] - comes[:, None]
            if np.any(close & (apart > -BEFORE) & (apart < AFTER)):
                return True
    return False


def _has_priority(junction: Junction, yaw: float) -> bool:
    """With a sign, everybody; in a left turn, those who come towards us."""
    towards = abs(float(wrap(yaw - junction.heading))) > np.radians(120.0)
    return junction.gives_way or (junction.left and towards)


def _same_way(route: Route, s: float, others: Others, i: int) -> bool:
    """Whether a road user drives on our own way, before or behind us."""
    d = route.xy - others.xy[i]
    squared = d[:, 0] ** 2 + d[:, 1] ** 2
    nearest = int(np.argmin(squared))
    aligned = abs(float(wrap(others.yaw[i] - route.yaw[nearest]))) < np.radians(30.0)
    behind = route.s[nearest] <= s + 1.0
    return bool(aligned and squared[nearest] < 2.0**2 and (behind or not route.junction[nearest]))


def lane_ways(graph: LaneGraph, xy: Floats, yaw: float, reach: float) -> list[tuple[Floats, Floats]]:
    """Every way that the lanes offer from a place: (P, 2) points and (P,) distance along it [m].

    Args:
        graph: the town's lanes.
        xy: (2,) start [m].
        yaw: heading there [rad].
        reach: length of the ways [m].
    """
    segment, point = graph.locate(xy, yaw)
    lane = graph.segments[segment]
    found: list[tuple[Floats, Floats]] = []
    open_ways = [(segment, lane.points[point:, :2], lane.s[point:] - lane.s[point])]
    while open_ways:
        last, points, length = open_ways.pop()
        following = graph.successors[last] if length[-1] < reach else ()
        if not following:
            found.append((points, length))
        for index in following:
            lane = graph.segments[index]
            open_ways.append(
                (
                    index,
                    np.concatenate((points, lane.points[:, :2])),
                    # Lanes meet: the next one's first point is the last one's end.
                    np.concatenate((length, length[-1] + lane.s + 1e-3)),
                )
            )
    return found
