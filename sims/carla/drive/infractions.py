"""The CARLA leaderboard's infractions, detected tick by tick, and the score they leave.

Definitions and factors: leaderboard.carla.org, "Evaluation and metrics" of leaderboard 1.0; the geometry
as in scenario_runner's atomic criteria (CollisionTest, RunningRedLightTest, RunningStopTest,
OutsideRouteLanesTest, InRouteTest, ActorBlockedTest), restated on our route and stop lines.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.geometry import Floats, wrap
from sims.carla.drive.scene import TAIL, Scene
from sims.carla.drive.signals import ALIGNED, RED, StopLines, in_line_frame
from sims.carla.sensors import Collision

PENALTY = {
    "collision_pedestrian": 0.50,
    "collision_vehicle": 0.60,
    "collision_static": 0.65,
    "red_light": 0.70,
    "stop_sign": 0.80,
}
"""Factor on the score for each infraction (leaderboard 1.0)."""
COLLISIONS = ("collision_pedestrian", "collision_vehicle", "collision_static")
GROUND = ("static.road", "static.roadline", "static.roads", "static.roadlines", "static.ground")
GROUND += ("static.terrain", "static.sidewalk", "static.sidewalks", "static.unknown")
"""What a wheel may touch."""
SAME_S, SAME_M = 5.0, 5.0
"""A further collision with the same thing within this time [s], or of a thing without an id within this
distance [m], is the same collision (CollisionTest)."""
STANDING = 0.1
"""Below this a vehicle stands [m/s] (RunningStopTest, ActorBlockedTest)."""
BEFORE = 2
"""Ticks before the present one whose speed tells whether the ego stood before it was hit: collisions are
reported one tick late, and the hit itself moves it."""
STOP_ZONE = (-6.0, 2.0)
"""The ego has stopped at a sign when its front stands this far beyond the line [m]."""
TOLERANCE = 0.3
"""How far the centre may lie beyond the lanes of its direction before the way counts as outside [m]."""


@dataclass(frozen=True)
class Infraction:
    """One event."""

    kind: str
    """A key of PENALTY."""
    time: float
    """Since the episode's first observation [s]."""
    location: tuple[float, float, float]
    """Of the ego, world [m]."""
    other: str = ""
    """Type id of what was hit."""
    other_id: int = 0
    """Its actor id, 0 where it has none."""
    speed: float = 0.0
    """Of the ego [m/s]."""


def infraction_score(counts: Mapping[str, int], outside_share: float = 0.0) -> float:
    """What infractions leave of 1: the product of their factors, times 1 - share driven outside the lanes."""
    score = 1.0 - min(max(outside_share, 0.0), 1.0)
    for kind, count in counts.items():
        score *= PENALTY[kind] ** count
    return score


def collision_kind(other_type: str) -> str:
    """The infraction that touching an actor of this type is; "" for the ground."""
    if other_type.startswith("walker."):
        return "collision_pedestrian"
    if other_type.startswith("vehicle."):
        return "collision_vehicle"
    return "" if other_type.lower() in GROUND else "collision_static"


class InfractionDetector:
    """Watches one episode; `update` once a tick."""

    def __init__(self, lines: StopLines) -> None:
        """Watch a town's stop lines."""
        self._lines = lines
        self._stopped = np.zeros(len(lines.yaw), dtype=np.bool_)
        self._before: tuple[Floats, Floats] | None = None
        self._hits: list[tuple[str, int, float, Floats]] = []
        self._speeds: deque[float] = deque(maxlen=BEFORE)
        self._last_xy: Floats | None = None
        self.driven = 0.0
        """[m]."""
        self.outside = 0.0
        """Of that, outside the lanes of the route's direction [m]."""
        self.standing_for = 0.0
        """[s]."""

    @property
    def stopped(self) -> NDArray[np.bool_]:
        """(L,) stop signs before which the ego has stopped, until it passes them."""
        return self._stopped

    def update(self, scene: Scene, collisions: Iterable[Collision], delta: float) -> list[Infraction]:
        """What happened in the tick of `delta` seconds that led to this scene."""
        found = [
            *self._collide(scene, collisions),
            *self._cross(scene),
        ]
        self._drive(scene, delta)
        self._speeds.append(abs(scene.ego.speed))
        return found

    def _collide(self, scene: Scene, collisions: Iterable[Collision]) -> list[Infraction]:
        found: list[Infraction] = []
        before = self._speeds[0] if len(self._speeds) == BEFORE else abs(scene.ego.speed)
        for hit in collisions:
            kind = collision_kind(hit.other_type)
            if not kind or before < STANDING or self._known(kind, hit.other_id, scene):
                continue
            self._hits.append((kind, hit.other_id, scene.time, scene.ego.xy))
            found.append(_infraction(kind, scene, hit.other_type, hit.other_id))
        return found

    def _known(self, kind: str, other_id: int, scene: Scene) -> bool:
        for known, known_id, time, place in self._hits:
            if known != kind or known_id != other_id:
                continue
            if scene.time - time < SAME_S if other_id else np.linalg.norm(place - scene.ego.xy) < SAME_M:
                return True
        return False

    def _cross(self, scene: Scene) -> list[Infraction]:
        """Red lights that the tail passes, and stop signs that the centre passes without a stop."""
        ego = scene.ego
        heading = np.array([np.cos(ego.yaw), np.sin(ego.yaw)])
        tail, _ = in_line_frame(self._lines, ego.xy - TAIL * ego.extent[0] * heading)
        centre, across = in_line_frame(self._lines, ego.xy)
        front, _ = in_line_frame(self._lines, ego.xy + ego.extent[0] * heading)
        aligned = np.abs(wrap(ego.yaw - self._lines.yaw)) < ALIGNED
        on_lane = aligned & (np.abs(across) < self._lines.half_width)
        found: list[Infraction] = []
        if self._before is not None:
            red = on_lane & (self._before[0] < 0.0) & (tail >= 0.0) & (scene.states == RED)
            found += [_infraction("red_light", scene)] * min(int(np.count_nonzero(red)), 1)
            passed = on_lane & (self._before[1] < 0.0) & (centre >= 0.0) & self._lines.stop_sign
            run = passed & ~self._stopped
            found += [_infraction("stop_sign", scene)] * min(int(np.count_nonzero(run)), 1)
            self._stopped = self._stopped & ~passed
        if abs(ego.speed) < STANDING:
            zone = on_lane & self._lines.stop_sign & (front >= STOP_ZONE[0]) & (front <= STOP_ZONE[1])
            self._stopped = self._stopped | (zone & (centre < 0.0))
        self._before = (tail, centre)
        return found

    def _drive(self, scene: Scene, delta: float) -> None:
        if self._last_xy is not None:
            way = float(np.linalg.norm(scene.ego.xy - self._last_xy))
            self.driven += way
            if scene.place.outside > TOLERANCE:
                self.outside += way
        self._last_xy = scene.ego.xy
        self.standing_for = self.standing_for + delta if abs(scene.ego.speed) < STANDING else 0.0


def _infraction(kind: str, scene: Scene, other: str = "", other_id: int = 0) -> Infraction:
    ego = scene.ego
    place = (float(ego.xy[0]), float(ego.xy[1]), ego.z)
    return Infraction(kind, scene.time, place, other, other_id, abs(ego.speed))
