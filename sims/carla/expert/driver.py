"""The expert: from the scene of one frame to steering wheel and pedals."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.actors import Others
from sims.carla.drive.geometry import to_body, wrap
from sims.carla.drive.lanes import LaneGraph
from sims.carla.drive.route import Route
from sims.carla.drive.scene import TAIL, Scene
from sims.carla.drive.signals import RED, STOP, YELLOW
from sims.carla.expert.forecast import arrival, conflict
from sims.carla.expert.idm import IdmCfg, acceleration, can_stop, stopping
from sims.carla.expert.lane_change import changing_to, lane_taken
from sims.carla.expert.right_of_way import Junction, blocked_until, find_junctions, read_signs
from sims.carla.expert.steering import curvature, curve_speed, lookahead, pursuit_angle

Floats = NDArray[np.float64]

CURVE_LOOK = 50
"""Points of the route whose curvature is looked at [m]."""
IMPATIENCE = 25.0
"""Who has waited this long at a sign takes shorter gaps [s]."""
PATIENCE = 6.0
"""Who has waited this long for somebody who crosses passes closer by [s]."""


@dataclass(frozen=True)
class ExpertCfg:
    """How the expert drives."""

    idm: IdmCfg = field(default_factory=IdmCfg)
    limit_share: float = 0.95
    """Wanted speed as a share of the limit."""
    lateral: float = 2.2
    """Acceleration in curves [m/s^2]."""
    line_margin: float = 0.8
    """The front bumper stops this far before a stop line [m]."""
    conflict_margin: float = 2.5
    """The ego stops this far before the way of somebody who crosses [m]."""
    yellow_braking: float = 4.0
    """A yellow light is driven through where stopping would take more [m/s^2]."""
    full_throttle: float = 4.0
    """Acceleration that full throttle stands for [m/s^2] ..."""
    full_brake: float = 8.0
    """... and full brake."""
    integral: float = 0.4
    """Of the pedals' controller [1/s]."""


@dataclass(frozen=True)
class Body:
    """What the expert knows of its car."""

    wheelbase: float
    """[m]."""
    rear_axle: float
    """From the box's centre back to the rear axle [m]."""
    max_steer: float
    """Wheel angle at full steering [rad]."""


def read_body(vehicle: Any) -> Body:
    """The measures of a carla.Vehicle; axles lie about 0.29 of a car's length from its middle."""
    length = 2.0 * vehicle.bounding_box.extent.x
    angles = [abs(wheel.max_steer_angle) for wheel in vehicle.get_physics_control().wheels]
    return Body(0.58 * length, 0.29 * length, float(np.radians(max(angles))))


class Expert:
    """Drives one episode; reads the scene, never the simulator's hidden state."""

    def __init__(self, graph: LaneGraph, route: Route, signs: Floats, body: Body, delta: float) -> None:
        """Prepare for a route.

        Args:
            graph: the town's lanes.
            route: to be driven.
            signs: (G, 2) places of yield and stop signs [m].
            body: the ego's measures.
            delta: control period [s].
        """
        self.cfg = ExpertCfg()
        self._graph, self._route, self._body, self._delta = graph, route, body, delta
        self._junctions = find_junctions(route, signs)
        self._curvature = curvature(route.yaw, route.s)
        self._seen: dict[int, tuple[float, float, float]] = {}
        self._pedal_memory = 0.0
        self._waited = self._held = 0.0
        self.reason = ""
        """What decided the last speed: free, leader, light, stop sign, way, conflict or lane change."""

    @classmethod
    def of_episode(cls, episode: Any) -> Expert:
        """For a DrivingEpisode that was just reset."""
        simulator = episode.simulator
        return cls(
            episode.graph, episode.route, read_signs(simulator.world), read_body(episode.ego), simulator.delta
        )

    def __call__(self, scene: Scene) -> tuple[float, float]:
        """Steer (positive to the RIGHT) and pedal (throttle, negative: brake), both in [-1, 1]."""
        wanted = self._wanted_speed(scene)
        limits = {
            "free": acceleration(scene.ego.speed, wanted, np.zeros(0), np.zeros(0), self.cfg.idm),
            "leader": self._leader(scene, wanted),
            "light": self._light(scene),
            "stop sign": self._stop_sign(scene),
            "way": self._way(scene, wanted),
            "conflict": self._conflict(scene, wanted),
            "lane change": self._lane_change(scene),
        }
        self.reason = min(limits, key=lambda name: limits[name])
        return self._steer(scene), self._pedal(
            scene.ego.speed, limits[self.reason], float(scene.ego.acceleration[0])
        )

    def _wanted_speed(self, scene: Scene) -> float:
        first = scene.place.index
        ahead = slice(first, first + CURVE_LOOK)
        curve = curve_speed(
            self._curvature[ahead],
            self._route.s[ahead] - scene.place.s,
            self.cfg.lateral,
            0.6 * self.cfg.idm.braking,
        )
        return min(self.cfg.limit_share * scene.speed_limit, curve)

    def _leader(self, scene: Scene, wanted: float) -> float:
        lead = scene.lead
        if not lead.present:
            return np.inf
        gap, speed = np.array([lead.gap]), np.array([max(lead.speed, 0.0)])
        return acceleration(scene.ego.speed, wanted, gap, speed, self.cfg.idm)

    def _light(self, scene: Scene) -> float:
        light = scene.light
        speed, distance = scene.ego.speed, light.distance - self.cfg.line_margin
        if light.state == YELLOW and not can_stop(speed, distance, self.cfg.yellow_braking):
            return np.inf
        if light.state not in (RED, YELLOW):
            return np.inf
        if light.distance > 0.0:
            return stopping(speed, distance, self.cfg.idm)
        # Across the line: it has not been run before the tail has passed, but a car that cannot stop goes on.
        left = light.distance + (1.0 + TAIL) * float(scene.ego.extent[0]) - 0.3
        return -self.cfg.idm.hardest if can_stop(speed, left, 0.7 * self.cfg.idm.hardest) else np.inf

    def _stop_sign(self, scene: Scene) -> float:
        sign = scene.stop_sign
        if sign.state != STOP or sign.distance < -1.5:
            return np.inf
        return stopping(scene.ego.speed, sign.distance - 0.3, self.cfg.idm)

    def _way(self, scene: Scene, wanted: float) -> float:
        """Give way at the next junction."""
        junction = self._next_junction(scene)
        if junction is None or scene.light.state == RED:
            self._waited = 0.0
            return np.inf
        front = scene.place.s + float(scene.ego.extent[0])
        distance = junction.enter - 0.5 - front
        if not -1.0 < distance < 25.0 or (scene.stop_sign.state == STOP and distance > 3.0):
            return np.inf
        grid = np.arange(junction.enter, junction.leave + 6.0)
        comes = arrival(grid - front, scene.ego.speed, wanted, 1.8)
        if self._waited > IMPATIENCE:
            comes = 0.7 * comes
        if not blocked_until(self._graph, self._route, scene.place.s, junction, scene.others, comes, grid):
            return np.inf
        self._waited += self._delta if scene.ego.speed < 0.5 else 0.0
        return stopping(scene.ego.speed, max(distance, 0.1), self.cfg.idm)

    def _next_junction(self, scene: Scene) -> Junction | None:
        """The next one at which somebody may have the right of way."""
        front = scene.place.s + float(scene.ego.extent[0])
        ahead = [j for j in self._junctions if j.enter > front - 1.5]
        return ahead[0] if ahead and (ahead[0].gives_way or ahead[0].left) else None

    def _conflict(self, scene: Scene, wanted: float) -> float:
        others, turn = self._moving(scene.others)
        self._held = self._held + self._delta if self._stands_for_somebody(scene) else 0.0
        patient = self._held > PATIENCE
        way = conflict(self._route, scene.place.s, scene.ego, others, turn, wanted, patient)
        if not np.isfinite(way):
            return np.inf
        # Gentler rules would wait for the last moment; others do not behave as forecast.
        eager = replace(self.cfg.idm, braking=1.0)
        return stopping(scene.ego.speed, max(way - self.cfg.conflict_margin, 0.05), eager)

    def _lane_change(self, scene: Scene) -> float:
        side = changing_to(self._route, scene.place.s)
        return -self.cfg.idm.braking if side and lane_taken(side, scene.ego, scene.others) else np.inf

    def _stands_for_somebody(self, scene: Scene) -> bool:
        """Whether the ego still stands where it has stopped for somebody who crosses, or creeps past."""
        return scene.ego.speed < 0.3 and self.reason == "conflict" or 0.0 < scene.ego.speed < 2.0 < self._held

    def _moving(self, others: Others) -> tuple[Others, Floats]:
        """The others as they have moved since the last frame, and their turn rates (N,) [rad/s].

        A walker who walks against an obstacle reports a velocity all the same.
        """
        now = np.column_stack((others.xy, others.yaw))
        ids = others.ids.tolist()
        first = now - np.column_stack((others.velocity * self._delta, np.zeros(len(ids))))
        before = np.array([self._seen.get(i, row) for i, row in zip(ids, first.tolist(), strict=True)])
        before = before.reshape(-1, 3)
        self._seen = dict(zip(ids, map(tuple, now.tolist()), strict=True))
        moved = np.linalg.norm(now[:, :2] - before[:, :2], axis=1) / self._delta
        share = np.minimum(moved / np.maximum(np.linalg.norm(others.velocity, axis=1), 1e-6), 1.0)
        seen = replace(others, velocity=others.velocity * share[:, None])
        return seen, wrap(now[:, 2] - before[:, 2]) / self._delta

    def _steer(self, scene: Scene) -> float:
        ego, body = scene.ego, self._body
        heading = np.array([np.cos(ego.yaw), np.sin(ego.yaw)])
        rear = ego.xy - body.rear_axle * heading
        far = scene.place.s - body.rear_axle + lookahead(max(ego.speed, 0.0))
        target = to_body(self._route.at(np.array([far])), rear, ego.yaw)[0]
        angle = pursuit_angle(target, body.wheelbase)
        return float(np.clip(-angle / body.max_steer, -1.0, 1.0))

    def _pedal(self, speed: float, wanted: float, measured: float) -> float:
        """Feed-forward, and an integral part for what drag and gears take."""
        cfg = self.cfg
        if wanted <= 0.05 and speed < 0.3:
            self._pedal_memory = 0.0
            return -0.6
        error = np.clip(wanted - measured, -2.0, 2.0)
        self._pedal_memory = float(
            np.clip(self._pedal_memory + cfg.integral * error * self._delta, -0.5, 0.5)
        )
        full = cfg.full_throttle if wanted >= 0.0 else cfg.full_brake
        return float(np.clip(wanted / full + self._pedal_memory, -1.0, 1.0))
