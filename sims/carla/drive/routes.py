"""Seeded sets of routes through a town; training and held-out routes begin at different spawn points."""

from __future__ import annotations

import numpy as np

from landward.errors import LandwardError
from sims.carla.drive.cfg import RouteCfg
from sims.carla.drive.geometry import Floats, wrap
from sims.carla.drive.lanes import LaneGraph
from sims.carla.drive.planner import join, paths_within, straight_on, trace
from sims.carla.drive.route import Route

LENIENT = 0.8
"""Before a route is joined its length is known to this share: a lane change counts for more than its way."""
SHARPEST = 0.45
"""Routes that bend more within one step, as lane changes on short road sections do, are left out [rad]."""


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
    """One route from a spawn point, or None where no goal suits."""
    town = graph.name.rsplit("/", 1)[-1]
    if cfg.kind == "lane":
        route = straight_on(graph, places[origin], cfg.length[1], f"{town}:{origin}")
        return route if _suits(route, cfg) else None
    cost, came = paths_within(graph, places[origin], cfg.length[1])
    for goal in rng.permutation(len(places)).tolist():
        segment, point = places[goal]
        way = cost.get((segment, True), np.inf) + float(graph.segments[segment].s[point])
        if not cfg.length[0] * LENIENT <= way <= cfg.length[1] / LENIENT:
            continue
        path = trace(came, (segment, True))
        if len({graph.segments[i].junction for i in path} - {-1}) < min(cfg.junctions, 1):
            continue
        route = join(graph, path, places[origin][1], point, f"{town}:{origin}-{goal}")
        if _suits(route, cfg):
            return route
    return None


def _suits(route: Route, cfg: RouteCfg) -> bool:
    long_enough = cfg.length[0] <= route.length <= cfg.length[1] + 1.0
    sharpest = float(np.abs(wrap(np.diff(route.yaw))).max())
    return long_enough and route.junctions >= cfg.junctions and sharpest < SHARPEST
