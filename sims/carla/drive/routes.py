"""Seeded sets of routes through a town; training and held-out routes begin at different spawn points."""

from __future__ import annotations

import numpy as np

from landward.errors import LandwardError
from sims.carla.drive.cfg import RouteCfg
from sims.carla.drive.geometry import Floats
from sims.carla.drive.lanes import LaneGraph
from sims.carla.drive.planner import join, shortest_path, straight_on
from sims.carla.drive.route import Route

TRIES = 60
"""Goals that are tried for each route."""


def starts(count: int, cfg: RouteCfg, split: str) -> list[int]:
    """Indices of the spawn points at which the routes of a set begin, in random order."""
    order = np.random.default_rng([cfg.seed, count]).permutation(count)
    held = max(1, round(cfg.heldout * count))
    return [int(i) for i in (order[:held] if split == "heldout" else order[held:])]


def routes(
    graph: LaneGraph, spawn_points: Floats, cfg: RouteCfg, split: str, count: int, seed: int | None = None
) -> tuple[Route, ...]:
    """Up to `count` different routes, the same for the same arguments.

    Args:
        graph: the town's lanes.
        spawn_points: (S, 3) x, y [m] and yaw [rad].
        cfg: kind, lengths and division.
        split: "train" or "heldout".
        count: how many at most.
        seed: of the choice, cfg.seed where None; the division is cfg.seed's alone.

    Raises:
        LandwardError: not one route of the wanted kind exists.
    """
    rng = np.random.default_rng([cfg.seed if seed is None else seed, split == "heldout"])
    places = [graph.locate(point[:2], float(point[2])) for point in spawn_points]
    origins = starts(len(places), cfg, split)
    found: dict[str, Route] = {}
    rounds = 0
    while len(found) < count and origins and rounds < -(-count // len(origins)) + 2:
        rounds += 1
        for origin in origins:
            route = _draw(graph, places, origin, cfg, rng)
            if route is not None and len(found) < count:
                found.setdefault(route.name, route)
    if not found:
        raise LandwardError(
            f"map {graph.name!r} has no {split} route of {cfg.length[0]:g} to {cfg.length[1]:g} m with "
            f"{cfg.junctions} junctions from its {len(places)} spawn points; change --env.drive.route.*"
        )
    return tuple(found.values())


def _draw(
    graph: LaneGraph, places: list[tuple[int, int]], origin: int, cfg: RouteCfg, rng: np.random.Generator
) -> Route | None:
    """One route from a spawn point, or None where none of the tried goals suits."""
    town = graph.name.rsplit("/", 1)[-1]
    if cfg.kind == "lane":
        route = straight_on(graph, places[origin], cfg.length[1], f"{town}:{origin}")
        return route if _suits(route, cfg) else None
    start = graph.segments[places[origin][0]].points[places[origin][1]]
    goals = np.array([graph.segments[segment].points[point] for segment, point in places])
    reach = np.flatnonzero(np.linalg.norm(goals - start, axis=1) < cfg.length[1])
    for goal in rng.permutation(reach[reach != origin])[:TRIES]:
        path = shortest_path(graph, places[origin], places[goal])
        if path is None or not _may_suit(graph, path, cfg):
            continue
        route = join(graph, path, places[origin][1], places[goal][1], f"{town}:{origin}-{goal}")
        if _suits(route, cfg):
            return route
    return None


def _may_suit(graph: LaneGraph, path: list[int], cfg: RouteCfg) -> bool:
    """A cheap test before the arrays are joined: segments between the first and the last one."""
    inner = sum(graph.segments[i].length for i in path[1:-1])
    whole = inner + graph.segments[path[0]].length + graph.segments[path[-1]].length
    return inner <= cfg.length[1] and whole >= cfg.length[0]


def _suits(route: Route, cfg: RouteCfg) -> bool:
    return cfg.length[0] <= route.length <= cfg.length[1] + 1.0 and route.junctions >= cfg.junctions
