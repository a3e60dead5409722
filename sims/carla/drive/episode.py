"""One car's driving episodes in one connected world: what a worker runs, and what an evaluation drives."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import LandwardError, SimulationError, require
from sims.carla.client import Simulator
from sims.carla.drive import observe
from sims.carla.drive.actors import Boxes, Roster
from sims.carla.drive.bev import BirdEyeView
from sims.carla.drive.cfg import DriveCfg
from sims.carla.drive.ego import EgoMotion
from sims.carla.drive.infractions import COLLISIONS, Infraction, InfractionDetector, infraction_score
from sims.carla.drive.lanes import LaneGraph
from sims.carla.drive.picture import mark_ego, paint
from sims.carla.drive.raster import draw_mask, draw_town, off_road_share
from sims.carla.drive.reward import Penalties, factors, reward
from sims.carla.drive.route import Place, Route, locate
from sims.carla.drive.routes import routes
from sims.carla.drive.scene import NO_COLLISION, Scene, find_ahead, find_lead, time_to_collision
from sims.carla.drive.signals import OFF, Crossings, crossings, read_stop_lines
from sims.carla.drive.traffic import LIFT, Pedestrians, populate
from sims.remote.world import Outcome

Array = NDArray[np.generic]
TRUNCATED = ("completed", "timeout")
"""Endings after which the world would go on: the value is bootstrapped."""
BAD = ("collision", "red_light")
"""Endings that the reward hints at."""
START_MARGIN, START_BRAKING, START_SLOWEST = 5.0, 2.0, 1.0
"""An episode begins no faster than can be braked away this far before what is ahead [m, m/s^2], or at rest
where that is slower than the last [m/s]."""
FORECAST_EVERY = 2
"""Ticks between two forecasts of collisions (card C8)."""


class DrivingEpisode:
    """Episodes of the driving task; reads the town once."""

    def __init__(self, simulator: Simulator, cfg: DriveCfg) -> None:
        """Read the town.

        Raises:
            LandwardError: the town has no lanes, no spawn points or no route of the wanted kind.
        """
        self.simulator, self.cfg = simulator, cfg
        self._carla = require("carla", "carla", "driving")
        self.graph = LaneGraph(simulator.map)
        self._spawn_points = list(simulator.map.get_spawn_points())
        if not self._spawn_points:
            raise LandwardError(f"town {simulator.town!r} has no spawn points; use another town")
        poses = [(p.location.x, p.location.y, np.radians(p.rotation.yaw)) for p in self._spawn_points]
        self.lines = read_stop_lines(simulator.world, self.graph)
        drawn = routes(self.graph, np.array(poses), cfg.route, cfg.route.split, cfg.route.count)
        self.routes = tuple(
            route for route in drawn if cfg.route.stop_signs or not self._has_stop_sign(route)
        )
        if not self.routes:
            raise LandwardError(
                f"every route of town {simulator.town!r} leads over a stop sign: set "
                "--env.drive.route.stop-signs"
            )
        self._mask = draw_mask(self.graph)
        self._town = draw_town(self.graph, cfg.bev.pixels_per_metre)
        self._view = BirdEyeView(self._town, self.lines, cfg.bev)
        self._pictures: dict[int, BirdEyeView] = {}
        self._motion = EgoMotion(simulator.delta)
        self._boxes: Boxes = {}
        self.ego: Any = None
        self.route: Route = self.routes[0]

    def reset(self, seed: int, route: Route | None = None) -> Outcome:
        """Begin an episode; everything random in it follows from the seed.

        Args:
            seed: of the route, the traffic and the pedestrians.
            route: to be driven; one of cfg.route's set where None.

        Raises:
            SimulationError: the ego cannot be placed at the route's start.
        """
        rng = np.random.default_rng(seed)
        drawn = self.routes[int(rng.integers(len(self.routes)))]
        self.route = drawn if route is None else route
        self.simulator.begin(seed, traffic=self.cfg.traffic.vehicles > 0)
        self._set_lights()
        self.ego = self._spawn_ego()
        self._roster = Roster(self.simulator.world, self.ego.id, self.simulator.delta, self._boxes)
        length, width, self._ahead = self._roster.box(self.ego)
        self._extent = np.array([length, width])
        populate(self.simulator, self.cfg.traffic, self.route, self._spawn_points, rng)
        self._pedestrians = Pedestrians(self.simulator, self.cfg.traffic, self.route, rng)
        self._collisions = self._listen()
        self._begin()
        for _ in range(max(1, round(self.cfg.settle_s / self.simulator.delta))):
            self.ego.apply_control(self._carla.VehicleControl(brake=1.0))
            snapshot = self.simulator.tick()
        self._collisions.events(snapshot.frame)
        self.scene = self._look(snapshot)
        if self.cfg.endings == "training":
            self._set_moving(float(rng.uniform(*self.cfg.start_speed)))
        self._detector.update(self.scene, (), self.simulator.delta)
        self.progress = self.scene.place.s
        return Outcome(self._terms(), state=self._state({}))

    def step(self, control: Any) -> Outcome:
        """One tick.

        Args:
            control: (2,) steer in [-1, 1], positive to the RIGHT as CARLA has it, and throttle in [-1, 1],
                negative brakes (or target speed [m/s], by cfg.control); or a carla.VehicleControl; or None,
                where somebody else drives.
        """
        if control is not None:
            self.ego.apply_control(self._decode(control))
        self._pedestrians.step(self.scene.ego.xy, self.simulator.delta)
        snapshot = self.simulator.tick()
        self._steps += 1
        self.scene = self._look(snapshot)
        # A collision message may come after its tick: the one of the tick before has come for certain.
        touched = self._collisions.events(snapshot.frame - 1)
        found = self._detector.update(self.scene, touched, self.simulator.delta)
        self.infractions += found
        hits = Counter(infraction.kind for infraction in found)
        if self._steps % FORECAST_EVERY == 0:
            horizon = self.cfg.reward.forecast_s
            self._ttc = time_to_collision(self.scene.ego, self.scene.others, horizon)
            self._penalties.update(self.scene, self._ttc < NO_COLLISION, self.simulator.delta)
        else:
            self._penalties.update(self.scene, False, self.simulator.delta)
        gained = max(self.scene.place.s - self.progress, 0.0)
        self.progress += gained
        self.ended = self._ending(hits)
        soft = factors(self.scene, self._penalties, self.cfg.reward)
        self._factor_sums.update(soft)
        value = reward(100.0 * gained / self.route.length, soft, self.ended in BAD, self.cfg.reward)
        return Outcome(
            self._terms(),
            value,
            terminated=self.ended not in ("", *TRUNCATED),
            truncated=self.ended in TRUNCATED,
            state=self._state(hits),
            info=self.summary() if self.ended else {},
        )

    @property
    def completion(self) -> float:
        """Share of the route that was driven, 1 where its end was reached."""
        return 1.0 if self.ended == "completed" else min(self.progress / self.route.length, 1.0)

    @property
    def driven(self) -> float:
        """[m]."""
        return self._detector.driven

    @property
    def outside(self) -> float:
        """Of that, outside the lanes of the route's direction [m]."""
        return self._detector.outside

    @property
    def frame(self) -> int:
        """Of the world."""
        return self.scene.frame

    @property
    def time(self) -> float:
        """Since the episode's first observation [s]."""
        return self.scene.time

    def summary(self) -> dict[str, float]:
        """The episode so far: completion, leaderboard scores, how it ended, means of the soft factors."""
        counts = Counter(infraction.kind for infraction in self.infractions)
        score = infraction_score(counts, self.outside / max(self.driven, 1e-6))
        means = {f"reward/{name}": total / max(self._steps, 1) for name, total in self._factor_sums.items()}
        return {
            "episode/route_completion": self.completion,
            "episode/infraction_score": score,
            "episode/driving_score": 100.0 * self.completion * score,
            "episode/collision": float(any(counts[kind] for kind in COLLISIONS)),
            "episode/red_light": float(counts["red_light"] > 0),
            "episode/stop_sign": float(counts["stop_sign"] > 0),
            **{f"episode/{name}": float(self.ended == name) for name in ("completed", "blocked", "off_road")},
            "episode/mean_speed": self.driven / max(self.time, self.simulator.delta),
            **means,
        }

    def picture(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB: the scene from above; `size` is (width, height) in pixels."""
        side = max(size)
        if side not in self._pictures:
            scale = side / self.cfg.bev.size
            cfg = dataclasses.replace(
                self.cfg.bev, size=side, pixels_per_metre=self.cfg.bev.pixels_per_metre * scale
            )
            self._pictures[side] = BirdEyeView(draw_town(self.graph, cfg.pixels_per_metre), self.lines, cfg)
        view = self._pictures[side]
        image = paint(view.draw(self.scene))
        mark_ego(image, view.row, view.column, *(self._extent * view.pixels_per_metre))
        top, left = (side - size[1]) // 2, (side - size[0]) // 2
        return np.ascontiguousarray(image[top : top + size[1], left : left + size[0]])

    def close(self) -> None:
        """Take what was spawned out of the world."""
        self.simulator.clear()

    def _begin(self) -> None:
        self._motion.reset()
        self._detector = InfractionDetector(self.lines)
        self._penalties = Penalties(self.cfg.reward)
        self._crossings: Crossings = crossings(self.lines, self.route)
        limit = self.cfg.terminations
        self._time_limit = limit.seconds + limit.seconds_per_metre * self.route.length
        self._place: Place | None = None
        self._steps, self._ttc, self.ended = 0, NO_COLLISION, ""
        self._factor_sums: Counter[str] = Counter()
        self.infractions: list[Infraction] = []
        self.progress = 0.0

    def _has_stop_sign(self, route: Route) -> bool:
        return bool(self.lines.stop_sign[crossings(self.lines, route).line].any())

    def _set_lights(self) -> None:
        lights = {actor.id: actor for actor in self.lines.actors if actor.type_id == "traffic.traffic_light"}
        green = self.cfg.traffic.lights == "green"
        for light in lights.values() if green else ():
            light.set_state(self._carla.TrafficLightState.Green)
        for light in list(lights.values())[:1]:  # the client freezes all of them by any
            light.freeze(green)

    def _set_moving(self, speed: float) -> None:
        """Let the ego roll at up to `speed` [m/s], as far as it could still stop."""
        scene = self.scene
        free = min(scene.lead.gap, scene.light.distance, scene.stop_sign.distance) - START_MARGIN
        speed = min(speed, math.sqrt(2.0 * START_BRAKING * max(free, 0.0)))
        if speed < START_SLOWEST:
            return
        c, s = math.cos(scene.ego.yaw), math.sin(scene.ego.yaw)
        self.ego.apply_control(self._carla.VehicleControl())
        self.ego.set_target_velocity(self._carla.Vector3D(speed * c, speed * s, 0.0))
        self._motion.reset()
        self.scene = self._look(self.simulator.tick())

    def _spawn_ego(self) -> Any:
        carla, route = self._carla, self.route
        found = self.simulator.library.filter(self.cfg.ego)
        if not found:
            raise LandwardError(f"the server has no vehicle {self.cfg.ego!r}; set --env.drive.ego")
        blueprint = found[0]
        blueprint.set_attribute("role_name", "hero")
        x, y = route.xy[0].tolist()
        pose = carla.Transform(
            carla.Location(x, y, float(route.z[0]) + LIFT),
            carla.Rotation(yaw=float(np.degrees(route.yaw[0]))),
        )
        ego = self.simulator.spawn(blueprint, pose)
        if ego is None:
            raise SimulationError(
                f"the start of route {route.name} at ({x:.1f}, {y:.1f}) is taken: another client's actor "
                "stands there; remove it, or reload the world"
            )
        return ego

    def _listen(self) -> Any:
        blueprint = self.simulator.library.find("sensor.other.collision")
        sensor = self.simulator.spawn(blueprint, self._carla.Transform(), self.ego)
        return self.simulator.listen(sensor)

    def _decode(self, control: Any) -> Any:
        if isinstance(control, self._carla.VehicleControl):
            return control
        steer, second = (float(value) for value in control)
        pedal = second
        if self.cfg.control == "speed":
            pedal = self.cfg.speed_gain * (second - self.scene.ego.speed)
        pedal = min(max(pedal, -1.0), 1.0)
        return self._carla.VehicleControl(
            steer=min(max(steer, -1.0), 1.0), throttle=max(pedal, 0.0), brake=max(-pedal, 0.0)
        )

    def _look(self, snapshot: Any) -> Scene:
        """The scene in a carla.WorldSnapshot."""
        actor = snapshot.find(self.ego.id)
        if actor is None:
            raise SimulationError("the ego vehicle is gone from the world: another client destroyed it")
        pedals = self.ego.get_control()
        applied = (pedals.steer, pedals.throttle, pedals.brake)
        ego = self._motion.read(actor, self._extent, self._ahead, applied)
        if not np.isfinite(ego.xy).all() or not np.isfinite(ego.speed):
            raise SimulationError(f"the server reports the ego at {ego.xy} with {ego.speed} m/s")
        others = self._roster.read(snapshot, ego.xy)
        place = locate(self.route, ego.xy, ego.yaw, None if self._place is None else self._place.index)
        self._place = place
        states = self.lines.states(ego.xy)
        light = find_ahead(self._crossings, states, False, ego, place, self.cfg.sight)
        sign = find_ahead(self._crossings, states, True, ego, place, self.cfg.sight)
        if sign.line >= 0 and self._detector.stopped[sign.line]:
            sign = dataclasses.replace(sign, state=OFF)
        return Scene(
            frame=snapshot.frame,
            time=self._steps * self.simulator.delta,
            ego=ego,
            place=place,
            others=others,
            route=self.route,
            speed_limit=self.ego.get_speed_limit() / 3.6,
            lead=find_lead(self.route, ego, place, others, self.cfg.sight),
            light=light,
            stop_sign=sign,
            states=states,
        )

    def _ending(self, hits: Mapping[str, int]) -> str:
        """How the episode ends with this step; "" where it goes on."""
        limit, scene = self.cfg.terminations, self.scene
        if self.cfg.endings == "training":
            if any(kind in hits for kind in COLLISIONS):
                return "collision"
            for kind in ("red_light", "stop_sign"):
                if kind in hits:
                    return kind
            inside = scene.place.outside == 0.0  # then the footprint need not be looked at
            share = 0.0 if inside else off_road_share(self._mask, scene.ego.xy, scene.ego.yaw, self._extent)
            if share > limit.off_road:
                return "off_road"
        if np.linalg.norm(scene.ego.xy - self.route.xy[scene.place.index]) > limit.deviation:
            return "route_deviation"
        if self._detector.standing_for >= limit.blocked_s:
            return "blocked"
        if self.progress >= self.route.length - limit.goal:
            return "completed"
        return "timeout" if scene.time >= self._time_limit else ""

    def _terms(self) -> dict[str, Array]:
        scene = self.scene
        return {
            "bev": self._view.draw(scene),
            **observe.state_terms(scene),
            **observe.privileged_terms(
                self._penalties.remaining,
                max(self._time_limit - scene.time, 0.0),
                max(self.route.length - self.progress, 0.0),
                self._detector.standing_for,
            ),
        }

    def _state(self, hits: Mapping[str, int]) -> dict[str, float]:
        return observe.constraint_state(self.scene, self._ttc, hits)
