"""Routes over the lane graph: A* between two places, or straight on as the roads lead."""

from __future__ import annotations

import heapq

import numpy as np

from landward.errors import LandwardError
from sims.carla.drive.geometry import Floats
from sims.carla.drive.lanes import LaneGraph, Segment
from sims.carla.drive.route import RoadOption, Route, resample

LANE_CHANGE_COST = 20.0
"""What a lane change counts for [m]."""
LANE_CHANGE = 25.0
"""Length over which a lane is changed, where there is as much road left [m]."""
LEAST_LANE_CHANGE = 12.0
"""A lane is not changed on less road than this [m]."""
TURN = np.radians(30.0)
"""A junction that changes the heading by more is a turn [rad]."""
JUNCTION_MARGIN = 1.0
"""Room beside the lane inside a junction, where lanes have no marks [m]."""

Node = tuple[int, bool]
"""Segment, and whether the start's road section has been left."""
Place = tuple[int, int]
"""Segment and point."""


def plan(graph: LaneGraph, start: Place, goal: Place, name: str = "") -> Route:
    """The shortest route between two places.

    Raises:
        LandwardError: no lanes lead from start to goal.
    """
    path = shortest_path(graph, start, goal)
    if path is None:
        a, b = graph.segments[start[0]].key, graph.segments[goal[0]].key
        raise LandwardError(
            f"map {graph.name!r}: no way from lane {a} to lane {b} (road, section, lane); choose another goal"
        )
    return join(graph, path, start[1], goal[1], name)


def shortest_path(graph: LaneGraph, start: Place, goal: Place) -> list[int] | None:
    """Segments from start to goal (A*, Hart et al. 1968), or None where none lead there."""
    target = graph.segments[goal[0]].points[goal[1]]
    begin: Node = (start[0], False)
    cost: dict[Node, float] = {begin: 0.0}
    came: dict[Node, Node] = {}
    queue: list[tuple[float, Node]] = [(0.0, begin)]
    closed: set[Node] = set()
    while queue:
        _, node = heapq.heappop(queue)
        if node in closed:
            continue
        closed.add(node)
        if node[0] == goal[0] and (node[1] or _ahead(graph, start, node[0], goal)):
            return trace(came, node)
        for following, price in _moves(graph, node, start):
            total = cost[node] + price
            if total < cost.get(following, np.inf):
                cost[following] = total
                came[following] = node
                left = (
                    np.linalg.norm(graph.segments[following[0]].points[0] - target) if following[1] else 0.0
                )
                heapq.heappush(queue, (total + float(left), following))
    return None


def paths_within(graph: LaneGraph, start: Place, limit: float) -> tuple[dict[Node, float], dict[Node, Node]]:
    """Everything that can be reached from a place (Dijkstra 1959).

    Returns:
        Node -> cost of its segment's start, at most `limit` [m]; and node -> the node before it.
    """
    begin: Node = (start[0], False)
    cost: dict[Node, float] = {begin: 0.0}
    came: dict[Node, Node] = {}
    queue: list[tuple[float, Node]] = [(0.0, begin)]
    while queue:
        so_far, node = heapq.heappop(queue)
        if so_far > cost[node]:
            continue
        for following, price in _moves(graph, node, start):
            total = so_far + price
            if total <= limit and total < cost.get(following, np.inf):
                cost[following] = total
                came[following] = node
                heapq.heappush(queue, (total, following))
    return cost, came


def _moves(graph: LaneGraph, node: Node, start: Place) -> list[tuple[Node, float]]:
    segment, moved = node
    lane = graph.segments[segment]
    share = 0.0 if moved else start[1] / max(len(graph.segments[start[0]].s) - 1, 1)
    road = lane.length * (1.0 - share)
    moves: list[tuple[Node, float]] = [((i, True), road) for i in graph.successors[segment]]
    for beside in (graph.left[segment], graph.right[segment]):
        if beside >= 0 and road >= LEAST_LANE_CHANGE:
            moves.append(((beside, moved), LANE_CHANGE_COST))
    return moves


def _ahead(graph: LaneGraph, start: Place, segment: int, goal: Place) -> bool:
    """Whether the goal lies ahead of the start within the start's own road section."""
    room = LEAST_LANE_CHANGE if segment != start[0] else 0.0
    share = start[1] / max(len(graph.segments[start[0]].s) - 1, 1)
    lane = graph.segments[segment]
    return float(lane.s[goal[1]]) > share * lane.length + room


def trace(came: dict[Node, Node], node: Node) -> list[int]:
    """Segments from the start to a node."""
    path = [node[0]]
    while node in came:
        node = came[node]
        path.append(node[0])
    return path[::-1]


def straight_on(graph: LaneGraph, start: Place, length: float, name: str = "") -> Route:
    """The route of a given length [m] that turns least at every junction."""
    path = [start[0]]
    reached = graph.segments[start[0]].length - float(graph.segments[start[0]].s[start[1]])
    while reached < length:
        successors = graph.successors[path[-1]]
        if not successors:
            break
        path.append(min(successors, key=lambda i: abs(graph.segments[i].turn)))
        reached += graph.segments[path[-1]].length
    last = graph.segments[path[-1]]
    end = int(np.searchsorted(last.s, last.length - max(reached - length, 0.0)))
    return join(graph, path, start[1], min(end, len(last.s) - 1), name)


def join(graph: LaneGraph, path: list[int], first: int, last: int, name: str) -> Route:
    """The route along segments, from point `first` of the first to point `last` of the last one."""
    pieces: list[tuple[Floats, Floats, Floats, int, bool]] = []
    at = first
    for step, index in enumerate(path):
        lane = graph.segments[index]
        beside = path[step + 1] if step + 1 < len(path) else -1
        end = last + 1 if beside < 0 else len(lane.s)
        if beside >= 0 and beside in (graph.left[index], graph.right[index]):
            final = last if step + 2 == len(path) else len(graph.segments[beside].s) - 1
            piece, at = _change(lane, graph.segments[beside], at, final, beside == graph.left[index])
            pieces.append(piece)
            continue
        option = _option(graph, path, step) if lane.junction >= 0 else RoadOption.LANEFOLLOW
        margin = JUNCTION_MARGIN if lane.junction >= 0 else 0.0
        shift = np.full(max(end - at, 0), margin)
        part = slice(at, end)
        pieces.append((lane.points[part], lane.left + shift, lane.right + shift, option, lane.junction >= 0))
        at = 0
    counts = [len(piece[0]) for piece in pieces]
    return resample(
        name,
        np.concatenate([piece[0] for piece in pieces]),
        np.concatenate([piece[1] for piece in pieces]),
        np.concatenate([piece[2] for piece in pieces]),
        np.repeat(np.array([piece[3] for piece in pieces], dtype=np.int8), counts),
        np.repeat(np.array([piece[4] for piece in pieces]), counts),
    )


def _change(
    lane: Segment, beside: Segment, at: int, final: int, left: bool
) -> tuple[tuple[Floats, Floats, Floats, int, bool], int]:
    """The piece that crosses to a neighbouring lane, and the point of that lane at which it ends."""
    ratio = (len(beside.s) - 1) / max(len(lane.s) - 1, 1)
    begin = round(at * ratio)
    end = max(min(begin + round(LANE_CHANGE), final), begin + 1)
    index = np.arange(begin, min(end, len(beside.s) - 1) + 1)
    source = np.clip(np.round(index / ratio).astype(np.int64), 0, len(lane.s) - 1)
    t = np.linspace(0.0, 1.0, len(index))
    t = t * t * (3.0 - 2.0 * t)
    points = (1.0 - t)[:, None] * lane.points[source] + t[:, None] * beside.points[index]
    option = RoadOption.CHANGELANELEFT if left else RoadOption.CHANGELANERIGHT
    reach_left = (1.0 - t) * lane.left + t * beside.left
    reach_right = (1.0 - t) * lane.right + t * beside.right
    return (points, reach_left, reach_right, option, False), int(index[-1])


def _option(graph: LaneGraph, path: list[int], step: int) -> RoadOption:
    """The turn of the junction that this step lies in; its segments are taken together."""
    junction = graph.segments[path[step]].junction
    first, end = step, step + 1
    while first > 0 and graph.segments[path[first - 1]].junction == junction:
        first -= 1
    while end < len(path) and graph.segments[path[end]].junction == junction:
        end += 1
    turn = sum(graph.segments[i].turn for i in path[first:end])
    if abs(turn) < TURN:
        return RoadOption.STRAIGHT
    return RoadOption.RIGHT if turn > 0.0 else RoadOption.LEFT
