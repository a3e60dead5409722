"""What a perfect perception stack would report in one frame: the ego on its route, and what lies ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.actors import Others
from sims.carla.drive.ego import Ego
from sims.carla.drive.geometry import boxes_overlap
from sims.carla.drive.route import Place, Route
from sims.carla.drive.signals import OFF, STOP, Crossings

CORRIDOR = 1.3
"""Half width of the way that must be free, the other's half width left out [m]."""
TAIL = 0.8
"""Share of the half length behind the centre that counts as the tail (leaderboard: RunningRedLightTest)."""
FORECAST_STEP = 0.2
"""Spacing of the forecast [s]."""
NO_COLLISION = 10.0
"""Time to collision where none is forecast [s]."""
SLOW = 0.5
"""Below this the ego is not forecast: whoever stands cannot be at fault [m/s]."""


@dataclass(frozen=True)
class Lead:
    """The next road user on the route; gap = sight where there is none."""

    gap: float
    """Between the bumpers along the route [m]."""
    speed: float
    """Along the route [m/s]."""
    present: bool


@dataclass(frozen=True)
class Ahead:
    """The next stop line of one sort on the route; distance = sight where there is none."""

    distance: float
    """From the ego's front; negative while the ego stands across the line [m]."""
    state: int
    """RED, YELLOW, GREEN, OFF (none) or STOP."""
    line: int
    """Index into the town's StopLines, -1 where there is none."""


@dataclass(frozen=True)
class Scene:
    """One frame."""

    frame: int
    time: float
    """Since the episode's first observation [s]."""
    ego: Ego
    place: Place
    others: Others
    route: Route
    speed_limit: float
    """[m/s]."""
    lead: Lead
    light: Ahead
    stop_sign: Ahead
    """State OFF once the ego has stopped before it."""
    states: NDArray[np.int64]
    """(L,) of the town's stop lines."""


def find_lead(route: Route, ego: Ego, place: Place, others: Others, sight: float) -> Lead:
    """The nearest road user ahead within the route's corridor."""
    none = Lead(sight, 0.0, False)
    if not len(others.ids):
        return none
    near = np.flatnonzero(np.max(np.abs(others.xy - ego.xy), axis=1) < sight + 5.0)
    first, last = place.index, min(place.index + int(sight) + 6, len(route.s))
    if not len(near) or last - first < 2:
        return none
    points = route.xy[first:last]
    d = others.xy[near, None] - points[None]
    squared = d[..., 0] ** 2 + d[..., 1] ** 2
    nearest = np.argmin(squared, axis=1)
    row = np.arange(len(near))
    yaw = route.yaw[first:last][nearest]
    c, s = np.cos(yaw), np.sin(yaw)
    dx, dy = d[row, nearest, 0], d[row, nearest, 1]
    along = route.s[first:last][nearest] + dx * c + dy * s
    turn = others.yaw[near] - yaw
    extent = others.extent[near]
    half_length = extent[:, 0] * np.abs(np.cos(turn)) + extent[:, 1] * np.abs(np.sin(turn))
    half_width = extent[:, 0] * np.abs(np.sin(turn)) + extent[:, 1] * np.abs(np.cos(turn))
    gap = along - half_length - (place.s + float(ego.extent[0]))
    inside = (np.abs(dy * c - dx * s) < CORRIDOR + half_width) & (along > place.s) & (gap < sight)
    if not inside.any():
        return none
    best = int(np.argmin(np.where(inside, gap, np.inf)))
    velocity = others.velocity[near[best]]
    return Lead(max(float(gap[best]), 0.0), float(velocity[0] * c[best] + velocity[1] * s[best]), True)


def find_ahead(
    crossed: Crossings, states: NDArray[np.int64], sign: bool, ego: Ego, place: Place, sight: float
) -> Ahead:
    """The next light (sign False) or stop sign (True) whose line the ego's tail has not passed."""
    front, tail = place.s + float(ego.extent[0]), place.s - TAIL * float(ego.extent[0])
    for s, line in zip(crossed.s.tolist(), crossed.line.tolist(), strict=True):
        if s - front > sight:
            break
        if s > tail and (states[line] == STOP) == sign:
            return Ahead(s - front, int(states[line]), line)
    return Ahead(sight, OFF, -1)


def time_to_collision(ego: Ego, others: Others, horizon: float) -> float:
    """When the ego's box first meets another's [s], NO_COLLISION where it does not within the horizon.

    Everybody goes on at constant velocity, the ego at its constant yaw rate too; road users behind the ego's
    centre do not count, as in nuPlan's time-to-collision metric.
    """
    if abs(ego.speed) < SLOW or not len(others.ids):
        return NO_COLLISION
    d = others.xy - ego.xy
    c, s = np.cos(ego.yaw), np.sin(ego.yaw)
    reach = (ego.speed + 20.0) * horizon + 10.0
    near = (d[:, 0] * c + d[:, 1] * s > 0.0) & (np.max(np.abs(d), axis=1) < reach)
    if not near.any():
        return NO_COLLISION
    t = np.arange(1, round(horizon / FORECAST_STEP) + 1, dtype=np.float64) * FORECAST_STEP
    yaw = ego.yaw - ego.yaw_rate * t
    heading = ego.yaw - 0.5 * ego.yaw_rate * t
    way = (ego.speed * t)[:, None] * np.stack((np.cos(heading), np.sin(heading)), axis=-1)
    meets = boxes_overlap(
        (ego.xy + way)[:, None],
        yaw[:, None],
        ego.extent,
        others.xy[near][None] + others.velocity[near][None] * t[:, None, None],
        others.yaw[near][None],
        others.extent[near][None],
    ).any(axis=1)
    return float(t[int(np.argmax(meets))]) if meets.any() else NO_COLLISION
