"""CaRL's reward (Jaeger et al. 2025; card C8): progress times soft factors, less a hint at a bad end."""

from __future__ import annotations

from collections.abc import Mapping

from sims.carla.drive.cfg import RewardCfg
from sims.carla.drive.route import RoadOption
from sims.carla.drive.scene import Scene
from sims.carla.drive.terms import COMFORT, TIMERS

LIMITS: dict[str, tuple[float, float]] = {
    "lon_acceleration": (-4.05, 2.40),
    "lat_acceleration": (-4.89, 4.89),
    "jerk": (0.0, 8.37),
    "lon_jerk": (-4.13, 4.13),
    "yaw_rate": (-0.95, 0.95),
    "yaw_acceleration": (-1.93, 1.93),
}
"""nuPlan's comfort limits [m/s^2, m/s^3, rad/s, rad/s^2] (nuplan-devkit, ego_is_comfortable)."""


def comfort_values(scene: Scene) -> dict[str, float]:
    """What LIMITS bounds."""
    ego = scene.ego
    return {
        "lon_acceleration": float(ego.acceleration[0]),
        "lat_acceleration": float(ego.acceleration[1]),
        "jerk": float((ego.jerk[0] ** 2 + ego.jerk[1] ** 2) ** 0.5),
        "lon_jerk": float(ego.jerk[0]),
        "yaw_rate": ego.yaw_rate,
        "yaw_acceleration": ego.yaw_acceleration,
    }


def uncomfortable(values: Mapping[str, float]) -> tuple[str, ...]:
    """The comfort metrics that are out of their limits."""
    return tuple(name for name in COMFORT if not LIMITS[name][0] <= values[name] <= LIMITS[name][1])


def outside_factor(outside: float) -> float:
    """0 outside of the lanes of the route's direction, 1 within; `outside` in metres."""
    return 0.0 if outside > 0.0 else 1.0


def speed_factor(speed: float, limit: float, span: float) -> float:
    """max(0, 1 - (v - v_lim) / span) above the limit, 1 below [m/s]."""
    return 1.0 if speed <= limit else max(0.0, 1.0 - (speed - limit) / span)


def ttc_factor(remaining: float, least: float) -> float:
    """`least` while the penalty lasts [s], else 1."""
    return least if remaining > 0.0 else 1.0


def comfort_factor(remaining: Mapping[str, float], least: float) -> float:
    """From 1 down to `least`, by the share of the six metrics whose penalty lasts."""
    active = sum(remaining[name] > 0.0 for name in COMFORT)
    return 1.0 - (1.0 - least) * active / len(COMFORT)


def lane_factor(away_for: float, patience: float, least: float) -> float:
    """`least` once the ego has been away from the lane's centre for longer than `patience` [s]."""
    return least if away_for > patience else 1.0


class Penalties:
    """How long each penalty still lasts; `update` once a tick."""

    def __init__(self, cfg: RewardCfg) -> None:
        """All at rest."""
        self._cfg = cfg
        self.remaining: dict[str, float] = dict.fromkeys(TIMERS, 0.0)
        """[s]; of "lane": for how long the ego has been away from the centre."""

    def update(self, scene: Scene, collision_forecast: bool, delta: float) -> None:
        """Let `delta` seconds pass, then start what this scene violates."""
        for name in TIMERS[:-1]:
            self.remaining[name] = max(0.0, self.remaining[name] - delta)
        if collision_forecast:
            self.remaining["time_to_collision"] = self._cfg.penalty_s
        for name in uncomfortable(comfort_values(scene)):
            self.remaining[name] = self._cfg.penalty_s
        away = abs(scene.place.offset) > self._cfg.lane_offset and lane_keeping(scene)
        self.remaining["lane"] = self.remaining["lane"] + delta if away else 0.0


def lane_keeping(scene: Scene) -> bool:
    """Whether there is a lane to keep: not while lanes are changed."""
    return int(scene.route.options[scene.place.index]) <= RoadOption.LANEFOLLOW


def factors(scene: Scene, penalties: Penalties, cfg: RewardCfg) -> dict[str, float]:
    """Every soft factor of CaRL by name."""
    remaining = penalties.remaining
    return {
        "outside": outside_factor(scene.place.outside),
        "speed": speed_factor(scene.ego.speed, scene.speed_limit, cfg.speeding_span),
        "time_to_collision": ttc_factor(remaining["time_to_collision"], cfg.time_to_collision),
        "comfort": comfort_factor(remaining, cfg.comfort),
        "lane": lane_factor(remaining["lane"], cfg.lane_s, cfg.lane),
    }


def reward(progress: float, soft: Mapping[str, float], terminal: bool, cfg: RewardCfg) -> float:
    """Progress [% of the route] * weight * product of the factors + the terminal hint.

    With cfg.penalties = "constraints" the factors and the hint are left out: CaT wants rewards that are not
    negative, and its hard constraints take the future away.
    """
    value = cfg.progress * progress
    if cfg.penalties == "constraints":
        return value
    for factor in soft.values():
        value *= factor
    return value + (cfg.terminal if terminal else 0.0)
