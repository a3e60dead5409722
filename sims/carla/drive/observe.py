"""The observation terms of a scene, in SI units; names and shapes as in `terms`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.geometry import to_body
from sims.carla.drive.reward import comfort_values, lane_keeping
from sims.carla.drive.scene import Scene
from sims.carla.drive.signals import GREEN, RED, STOP, YELLOW
from sims.carla.drive.terms import LOOKAHEAD, TIMERS

Terms = dict[str, NDArray[np.generic]]


def state_terms(scene: Scene) -> Terms:
    """What the policy sees beside the bird's-eye view."""
    ego, light, sign, lead = scene.ego, scene.light, scene.stop_sign, scene.lead
    ahead = to_body(scene.route.at(scene.place.s + np.array(LOOKAHEAD)), ego.xy, ego.yaw)
    lamps = [float(light.state == state) for state in (RED, YELLOW, GREEN)]
    return {
        "speed": _floats(ego.speed),
        "speed_limit": _floats(scene.speed_limit),
        "pedals": _floats(*ego.control),
        "acceleration": ego.acceleration.astype(np.float32),
        "yaw_rate": _floats(ego.yaw_rate),
        "lane_error": _floats(scene.place.offset, scene.place.heading),
        "route_ahead": ahead.astype(np.float32),
        "light": _floats(light.distance, *lamps),
        "stop_sign": _floats(sign.distance, sign.state == STOP),
        "lead": _floats(lead.gap, lead.speed, lead.present),
    }


def privileged_terms(
    remaining: Mapping[str, float], time_left: float, route_left: float, standing_for: float
) -> Terms:
    """What the value sees besides: penalty timers [s], time left [s], way left [m], standing for [s]."""
    return {
        "penalty_timers": _floats(*(remaining[name] for name in TIMERS)),
        "time_left": _floats(time_left),
        "route_left": _floats(route_left),
        "standing_for": _floats(standing_for),
    }


def constraint_state(scene: Scene, time_to_collision: float, hits: Mapping[str, int]) -> dict[str, float]:
    """Every entry that a constraint of the task reads.

    Args:
        scene: of this step.
        time_to_collision: [s].
        hits: infraction kind -> how many happened in this step.
    """
    return {
        **comfort_values(scene),
        "speed": scene.ego.speed,
        "speed_limit": scene.speed_limit,
        "lane_offset": scene.place.offset,
        "lane_keeping": float(lane_keeping(scene)),
        "outside": scene.place.outside,
        "time_to_collision": time_to_collision,
        "collision": float(sum(count for kind, count in hits.items() if kind.startswith("collision"))),
        "red_light": float(hits.get("red_light", 0)),
        "stop_sign": float(hits.get("stop_sign", 0)),
    }


def _floats(*values: float) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)
