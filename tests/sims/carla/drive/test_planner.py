"""Routes through the lane graph."""

import numpy as np
import pytest

from landward.errors import LandwardError
from sims.carla.drive.geometry import wrap
from sims.carla.drive.planner import LANE_CHANGE_COST, paths_within, plan, shortest_path, straight_on, trace
from sims.carla.drive.route import RoadOption


class Lane:
    """What the planner asks a segment for: a straight lane."""

    def __init__(self, key, start, end, junction=-1):
        count = round(float(np.linalg.norm(np.subtract(end, start)))) + 1
        xy = np.linspace(start, end, count)
        self.key, self.junction = key, junction
        self.points = np.column_stack((xy, np.zeros(count)))
        heading = np.arctan2(end[1] - start[1], end[0] - start[0])
        self.yaw = np.full(count, heading)
        self.s = np.arange(count, dtype=float)
        self.left = self.right = 1.75
        self.length = float(self.s[-1])
        self.turn = 0.0


class Graph:
    """Two ways from A to D: over B (200 m) and over C (140 m); E is the lane right of A."""

    name = "Hand"

    def __init__(self):
        self.segments = (
            Lane((1, 0, -1), (0.0, 0.0), (60.0, 0.0)),
            Lane((2, 0, -1), (60.0, 0.0), (60.0, 200.0)),
            Lane((3, 0, -1), (60.0, 0.0), (200.0, 0.0)),
            Lane((4, 0, -1), (200.0, 0.0), (260.0, 0.0)),
            Lane((1, 0, -2), (0.0, 3.5), (60.0, 3.5)),
        )
        self.successors = ((1, 2), (3,), (3,), (), (2,))
        self.left = (-1, -1, -1, -1, 0)
        self.right = (4, -1, -1, -1, -1)


def test_the_shorter_way_is_taken():
    assert shortest_path(Graph(), (0, 10), (3, 5)) == [0, 2, 3]


def test_a_goal_behind_the_start_needs_a_way_round():
    graph = Graph()
    assert shortest_path(graph, (0, 10), (0, 30)) == [0]
    assert shortest_path(graph, (0, 30), (0, 10)) is None
    with pytest.raises(LandwardError, match=r"no way from lane \(1, 0, -1\) to lane \(1, 0, -1\)"):
        plan(graph, (0, 30), (0, 10))


def test_a_lane_is_changed_where_only_the_neighbour_leads_there():
    graph = Graph()
    graph.successors = ((1,), (3,), (3,), (), (2,))
    assert shortest_path(graph, (0, 0), (2, 50)) == [0, 4, 2]
    route = plan(graph, (0, 0), (2, 50))
    assert set(route.options.tolist()) == {RoadOption.CHANGELANERIGHT, RoadOption.LANEFOLLOW}
    assert route.xy[0] == pytest.approx([0.0, 0.0])
    assert route.xy[30] == pytest.approx([30.0, 3.5], abs=0.3)
    assert np.all(np.diff(route.xy[:27, 1]) >= 0.0)
    assert LANE_CHANGE_COST > 0.0


def test_routes_of_the_town_are_smooth_and_end_where_they_should(graph, spawn_points):
    places = [graph.locate(point[:2], float(point[2])) for point in spawn_points]
    rng = np.random.default_rng(3)
    for _ in range(12):
        start, goal = (places[i] for i in rng.choice(len(places), 2, replace=False))
        route = plan(graph, start, goal)
        assert np.linalg.norm(route.xy[0] - graph.segments[start[0]].points[start[1], :2]) < 0.1
        assert np.linalg.norm(route.xy[-1] - graph.segments[goal[0]].points[goal[1], :2]) < 1.1
        step = np.linalg.norm(np.diff(route.xy, axis=0), axis=1)
        assert step.max() < 1.01
        assert step.min() > 0.95
        assert np.abs(wrap(np.diff(route.yaw))).max() < 0.3


def test_a_star_finds_what_dijkstra_finds(graph, spawn_points):
    places = [graph.locate(point[:2], float(point[2])) for point in spawn_points[:10]]
    rng = np.random.default_rng(1)
    for _ in range(6):
        start, goal = (places[i] for i in rng.choice(len(places), 2, replace=False))
        path = shortest_path(graph, start, goal)
        assert path is not None
        assert _cost(graph, path, start) == pytest.approx(_dijkstra(graph, start, goal))


def _cost(graph, path, start):
    total, first = 0.0, True
    for here, after in zip(path, path[1:], strict=False):
        if after in (graph.left[here], graph.right[here]):
            total += LANE_CHANGE_COST
        else:
            lane = graph.segments[here]
            share = start[1] / (len(graph.segments[start[0]].s) - 1) if first else 0.0
            total, first = total + lane.length * (1.0 - share), False
    return total


def _dijkstra(graph, start, goal):
    """Without a heuristic and without a closed set."""
    from sims.carla.drive.planner import _ahead, _moves

    best, open_ = {(start[0], False): 0.0}, [(start[0], False)]
    while open_:
        node = open_.pop()
        for following, price in _moves(graph, node, start):
            if best[node] + price < best.get(following, np.inf) - 1e-9:
                best[following] = best[node] + price
                open_.append(following)
    ends = [
        cost
        for node, cost in best.items()
        if node[0] == goal[0] and (node[1] or _ahead(graph, start, node[0], goal))
    ]
    return min(ends)


def test_paths_within_a_limit_cost_what_a_star_says(graph, spawn_points):
    start = graph.locate(spawn_points[3, :2], float(spawn_points[3, 2]))
    cost, came = paths_within(graph, start, 300.0)
    assert max(cost.values()) <= 300.0
    for node in [node for node in cost if node[1]][::7]:
        path = shortest_path(graph, start, (node[0], 0))
        assert path is not None
        assert _cost(graph, path, start) == pytest.approx(cost[node])
        assert trace(came, node)[-1] == node[0]


def test_straight_on_turns_least(graph, spawn_points):
    place = graph.locate(spawn_points[0, :2], float(spawn_points[0, 2]))
    route = straight_on(graph, place, 200.0)
    assert route.length == pytest.approx(200.0, abs=2.0)


def test_turns_are_named_after_their_side(graph):
    named = {RoadOption.LEFT: -1.0, RoadOption.RIGHT: 1.0}
    seen = set()
    for index, lane in enumerate(graph.segments):
        if lane.junction < 0 or abs(lane.turn) < np.radians(60.0):
            continue
        before = next(i for i, after in enumerate(graph.successors) if index in after)
        route = plan(graph, (before, 0), (graph.successors[index][0], 5))
        options = set(route.options[route.junction].tolist()) & set(named)
        if len(options) == 1 and route.junctions == 1:
            option = options.pop()
            seen.add(option)
            assert named[RoadOption(option)] * lane.turn > 0.0
    assert seen == {RoadOption.LEFT, RoadOption.RIGHT}
