"""Other road users of an episode: cars of the TrafficManager, and pedestrians who cross the route."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landward.errors import require
from sims.carla.client import Simulator
from sims.carla.drive.cfg import TrafficCfg
from sims.carla.drive.geometry import Floats
from sims.carla.drive.route import Route

LIFT = 0.3
"""Actors appear this far above the road and settle [m]."""
WALKER_LIFT = 1.0
"""The same for pedestrians, whose origin is their middle [m]."""
KERB = (2.0, 3.0)
"""How far from the lanes' edge pedestrians wait [m]."""
WAIT_S = (1.0, 15.0)
"""How long they wait there [s]."""
GIVE_WAY = 15.0
"""They do not step out while the ego is this close [m]."""
LATE_S = 3.0
"""Who takes longer for the way by this has met an obstacle, and walks back at once [s]."""
EARLIEST = 25.0
"""Pedestrians cross no closer to the start than this [m]."""


def populate(
    simulator: Simulator, cfg: TrafficCfg, route: Route, spawn_points: Sequence[Any], rng: np.random.Generator
) -> int:
    """Put cars on free spawn points, the nearest to the route first, and hand them to the TrafficManager.

    Returns:
        How many there are; fewer than cfg.vehicles where spawn points run out.
    """
    if cfg.vehicles == 0:  # a TrafficManager, even one without cars, costs time in every tick
        return 0
    carla = require("carla", "carla", "driving")
    places = np.array([(pose.location.x, pose.location.y) for pose in spawn_points]).reshape(-1, 2)
    chosen = choose_places(places, route, cfg, rng)
    blueprints = cars(simulator.library)
    commands = []
    for index in chosen:
        blueprint = blueprints[int(rng.integers(len(blueprints)))]
        blueprint.set_attribute("role_name", "autopilot")
        commands.append(carla.command.SpawnActor(blueprint, spawn_points[index]))
    ids = [actor for actor in simulator.spawn_all(commands) if actor is not None]
    actors = sorted(simulator.world.get_actors(ids), key=lambda actor: actor.id) if ids else []
    traffic, port = simulator.traffic, simulator.traffic_port
    for actor in actors:
        actor.set_autopilot(True, port)
        traffic.vehicle_percentage_speed_difference(actor, float(rng.uniform(*cfg.slower)))
        traffic.ignore_lights_percentage(actor, cfg.ignore_lights)
    return len(actors)


def choose_places(places: Floats, route: Route, cfg: TrafficCfg, rng: np.random.Generator) -> list[int]:
    """Indices of the spawn points (S, 2) at which cars start: random ones near the route, then others."""
    if not len(places):
        return []
    gap = np.linalg.norm(places[:, None] - route.xy[None, ::5], axis=-1).min(axis=1)
    free = np.linalg.norm(places - route.xy[0], axis=1) > cfg.clear
    order = rng.permutation(len(places))
    order = order[np.argsort(gap[order] > cfg.around_route, kind="stable")]
    return [int(i) for i in order if free[i]][: cfg.vehicles]


def cars(library: Any) -> list[Any]:
    """Blueprints of four-wheeled cars, by id: vans and trucks are too wide for narrow towns."""
    found = [item for item in library.filter("vehicle.*") if _is_car(item)]
    return sorted(found, key=lambda item: item.id)


def _is_car(blueprint: Any) -> bool:
    if blueprint.get_attribute("number_of_wheels").as_int() != 4:
        return False
    return not blueprint.has_attribute("base_type") or blueprint.get_attribute("base_type").as_str() == "car"


@dataclass
class _Walker:
    actor: Any
    sides: list[tuple[float, float]]
    """Where it waits, on either side [m]."""
    speed: float
    wait: float
    """Until it steps out, or, on its way, until it turns back [s]."""
    side: int = 0
    walking: bool = False

    @property
    def way(self) -> tuple[float, float]:
        """Unit vector to the other side."""
        (x, y), (u, v) = self.sides[self.side], self.sides[1 - self.side]
        far = math.hypot(u - x, v - y)
        return (u - x) / far, (v - y) / far


class Pedestrians:
    """Walk to and fro across the route, never into a car that is upon them."""

    def __init__(self, simulator: Simulator, cfg: TrafficCfg, route: Route, rng: np.random.Generator) -> None:
        """Put them at the kerbs."""
        self._carla = require("carla", "carla", "driving")
        self._rng = rng
        self._walkers: list[_Walker] = []
        if cfg.walkers == 0 or route.length < 2.0 * EARLIEST:
            return
        library = simulator.library.filter("walker.pedestrian.*")
        blueprints = sorted(library, key=lambda item: item.id)
        for _ in range(cfg.walkers):
            sides, z = kerbs(route, rng)
            blueprint = blueprints[int(rng.integers(len(blueprints)))]
            location = self._carla.Location(float(sides[0, 0]), float(sides[0, 1]), z + WALKER_LIFT)
            actor = simulator.spawn(blueprint, self._carla.Transform(location))
            speed, wait = float(rng.uniform(*cfg.walker_speed)), float(rng.uniform(*WAIT_S))
            if actor is not None:
                self._walkers.append(_Walker(actor, [(x, y) for x, y in sides.tolist()], speed, wait))

    def step(self, ego_xy: Floats, delta: float) -> None:
        """Let those go who have waited, and stop those who have arrived; before a tick of `delta` seconds."""
        ego = ego_xy.tolist()
        for walker in self._walkers:
            walker.wait -= delta
            if walker.walking:
                place, goal, way = walker.actor.get_location(), walker.sides[1 - walker.side], walker.way
                if (place.x - goal[0]) * way[0] + (place.y - goal[1]) * way[1] >= 0.0:
                    self._arrive(walker)
                elif walker.wait <= 0.0:
                    walker.side = 1 - walker.side
                    self._walk(walker)
            elif walker.wait <= 0.0 and min(math.dist(side, ego) for side in walker.sides) > GIVE_WAY:
                self._walk(walker)

    def _walk(self, walker: _Walker) -> None:
        walker.walking = True
        walker.wait = math.dist(*walker.sides) / walker.speed + LATE_S
        self._go(walker, walker.speed)

    def _arrive(self, walker: _Walker) -> None:
        walker.side = 1 - walker.side
        walker.walking = False
        walker.wait = float(self._rng.uniform(*WAIT_S))
        self._go(walker, 0.0)

    def _go(self, walker: _Walker, speed: float) -> None:
        direction = self._carla.Vector3D(*walker.way, 0.0)
        walker.actor.apply_control(self._carla.WalkerControl(direction=direction, speed=speed))


def kerbs(route: Route, rng: np.random.Generator) -> tuple[Floats, float]:
    """Two places (2, 2) on either side of the road at a random point of the route, and its height [m].

    The far side is taken to be as wide as the near one: the other direction's lanes mirror these.
    """
    candidates = np.flatnonzero((route.s > EARLIEST) & ~route.junction)
    index = int(rng.choice(candidates)) if len(candidates) else len(route.s) // 2
    yaw = route.yaw[index]
    to_right = np.array([-np.sin(yaw), np.cos(yaw)])
    right = route.right[index] + rng.uniform(*KERB)
    left = 2.0 * route.left[index] + route.right[index] + rng.uniform(*KERB)
    sides = np.stack((route.xy[index] + right * to_right, route.xy[index] - left * to_right))
    return sides[:: rng.choice([1, -1])].copy(), float(route.z[index])
