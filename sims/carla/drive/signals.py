"""Stop lines of traffic lights and stop signs, read once from a town; which of them a route crosses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.geometry import Floats, wrap
from sims.carla.drive.lanes import LaneGraph
from sims.carla.drive.route import Route

RED, YELLOW, GREEN, OFF = 0, 1, 2, 3
"""States of a light, in CARLA's numbers."""
STOP = 4
"""State of a stop sign's line."""
NEAR = 70.0
"""Only the states of lights this close are asked for [m]."""
ALIGNED = np.radians(45.0)
"""A line belongs to a route that crosses it within this angle [rad] ..."""
BESIDE = 2.5
"""... and this close to its middle [m]."""


WALK, FARTHEST = 0.5, 60.0
"""From a light's trigger volume the junction is looked for in these steps, so far [m]."""


@dataclass(frozen=True)
class StopLines:
    """L lines across a lane each, in CARLA's world frame."""

    xy: Floats
    """(L, 2) middle [m]."""
    yaw: Floats
    """(L,) driving direction across the line [rad]."""
    half_width: Floats
    """(L,) [m]."""
    stop_sign: NDArray[np.bool_]
    """(L,) True for a stop sign's, False for a traffic light's."""
    actors: tuple[Any, ...]
    """The carla.TrafficLight or carla.TrafficSign of each."""

    @cached_property
    def facing(self) -> tuple[Floats, Floats]:
        """(L,) and (L,) cosines and sines of the directions."""
        return np.cos(self.yaw), np.sin(self.yaw)

    def states(self, near: Floats) -> NDArray[np.int64]:
        """(L,) RED, YELLOW, GREEN, OFF or STOP; lights far from the place (2,) count as OFF."""
        states = np.where(self.stop_sign, STOP, OFF)
        d = self.xy - near
        for i in np.flatnonzero(d[:, 0] ** 2 + d[:, 1] ** 2 < NEAR * NEAR).tolist():
            if not self.stop_sign[i]:
                states[i] = min(int(self.actors[i].state), OFF)
        return states


@dataclass(frozen=True)
class Crossings:
    """The C stop lines that a route crosses, in the order in which it does."""

    s: Floats
    """(C,) arc length [m]."""
    line: NDArray[np.int64]
    """(C,) index into StopLines."""


def read_stop_lines(world: Any, graph: LaneGraph) -> StopLines:
    """The lines of every light and stop sign of a carla.World; the world must have ticked once."""
    rows: list[tuple[float, float, float, float, bool]] = []
    actors: list[Any] = []
    for actor in sorted(world.get_actors().filter("traffic.*"), key=lambda actor: actor.id):
        if actor.type_id == "traffic.traffic_light":
            ends = {_key(end): end for end in map(_before_junction, actor.get_stop_waypoints())}
            lines = [_line(end.transform, end.lane_width) for end in ends.values()]
        elif actor.type_id == "traffic.stop":
            lines = [_sign_line(actor, graph)]
        else:
            continue
        rows += [(*line, actor.type_id == "traffic.stop") for line in lines]
        actors += [actor] * len(lines)
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    return StopLines(table[:, :2], table[:, 2], table[:, 3], table[:, 4] > 0.5, tuple(actors))


def _line(pose: Any, width: float) -> tuple[float, float, float, float]:
    return pose.location.x, pose.location.y, float(np.radians(pose.rotation.yaw)), width / 2.0


def _before_junction(waypoint: Any) -> Any:
    """The last place before the junction, where the leaderboard has the stop line.

    The client's stop waypoints lie somewhere in the light's trigger volume.
    """
    for _ in range(round(FARTHEST / WALK)):
        ahead = waypoint.next(WALK)
        if not ahead or ahead[0].is_junction:
            break
        waypoint = ahead[0]
    return waypoint


def _key(waypoint: Any) -> tuple[int, int]:
    return waypoint.road_id, waypoint.lane_id


def _sign_line(sign: Any, graph: LaneGraph) -> tuple[float, float, float, float]:
    """A stop sign's line: the far edge of its trigger volume, across the lane below its middle."""
    volume, pose = sign.trigger_volume, sign.get_transform()
    middle = pose.transform(volume.location)
    xy = np.array([middle.x, middle.y])
    yaw_box = np.radians(pose.rotation.yaw + volume.rotation.yaw)
    segment, point = _entering(graph, xy)
    lane = graph.segments[segment]
    yaw = float(lane.yaw[point])
    turn = yaw_box - yaw
    reach = volume.extent.x * abs(np.cos(turn)) + volume.extent.y * abs(np.sin(turn))
    place = lane.points[point, :2] + reach * np.array([np.cos(yaw), np.sin(yaw)])
    return float(place[0]), float(place[1]), yaw, float(lane.width[point]) / 2.0


def _entering(graph: LaneGraph, xy: Floats) -> tuple[int, int]:
    """The lane outside of junctions nearest to a place."""
    best = (np.inf, 0, 0)
    for i, lane in enumerate(graph.segments):
        if lane.junction < 0:
            distance = np.hypot(lane.points[:, 0] - xy[0], lane.points[:, 1] - xy[1])
            nearest = int(np.argmin(distance))
            best = min(best, (float(distance[nearest]), i, nearest))
    return best[1], best[2]


def crossings(lines: StopLines, route: Route) -> Crossings:
    """The stop lines on a route's way; one that it passes twice appears twice."""
    found: list[tuple[float, int]] = []
    d = route.xy - lines.xy[:, None]
    distances = np.hypot(d[..., 0], d[..., 1])
    beside = distances < BESIDE
    for i in np.flatnonzero(beside.any(axis=1)).tolist():
        distance = distances[i]
        close = beside[i] & (np.abs(wrap(route.yaw - lines.yaw[i])) < ALIGNED)
        edges = np.flatnonzero(np.diff(close.astype(np.int8), prepend=0, append=0))
        for first, last in edges.reshape(-1, 2):
            nearest = first + int(np.argmin(distance[first:last]))
            found.append((float(route.s[nearest]), i))
    found.sort()
    return Crossings(
        np.array([s for s, _ in found], dtype=np.float64), np.array([i for _, i in found], dtype=np.int64)
    )


def in_line_frame(lines: StopLines, point: Floats) -> tuple[Floats, Floats]:
    """(L,) how far a point lies beyond each line, and to the right of its middle [m]."""
    d = point - lines.xy
    c, s = lines.facing
    return d[:, 0] * c + d[:, 1] * s, d[:, 1] * c - d[:, 0] * s
