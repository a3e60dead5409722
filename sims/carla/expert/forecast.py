"""Whose way crosses ours within the next seconds, judged from motion alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.carla.drive.actors import Others
from sims.carla.drive.ego import Ego
from sims.carla.drive.geometry import boxes_overlap, wrap
from sims.carla.drive.route import Route

Floats = NDArray[np.float64]

STEP = 0.25
"""Spacing of the forecast [s]."""
HORIZON = 3.0
"""How far vehicles are forecast [s]; their turn rate will not last longer."""
BEFORE, AFTER = 0.8, 1.2
"""Somebody who leaves our way this long before we come [s], or enters it this long after, is no conflict."""
SIGHT = 45.0
"""Length of route that is looked at [m]."""
MARGIN = 0.35
"""Added to half the ego's width [m] ..."""
WALKER_MARGIN = 0.9
"""... and to a walker's half extents: a walker may swerve, and is hurt more ..."""
PATIENT_MARGIN = 0.3
"""... less where the ego has waited long enough to see that the walker stays."""
ALONG = np.radians(35.0)
"""Vehicles with less angle to our way are leaders or followers, which is another rule's business [rad]."""
FASTEST_TURN = 1.0
"""Turn rates are cut to this [rad/s]: one of two noisy headings must not spin a forecast."""


def arrival(distance: Floats, speed: float, wanted: float, acceleration: float) -> Floats:
    """When each place ahead is reached [s] with constant acceleration up to the wanted speed.

    Args:
        distance: (K,) ahead [m]; behind counts as here.
        speed: now [m/s].
        wanted: [m/s], cut to at least the present speed and 1 m/s.
        acceleration: [m/s^2], positive.
    """
    top = max(wanted, speed, 1.0)
    distance = np.maximum(distance, 0.0)
    ramp = (top - speed) / acceleration
    length = 0.5 * (speed + top) * ramp
    inside = (np.sqrt(speed**2 + 2.0 * acceleration * distance) - speed) / acceleration
    return np.where(distance <= length, inside, ramp + (distance - length) / top)


def turn_forecast(
    xy: Floats, yaw: Floats, velocity: Floats, turn: Floats, times: Floats
) -> tuple[Floats, Floats]:
    """Positions (T, N, 2) and headings (T, N) at constant speed and turn rate.

    Args:
        xy: (N, 2) [m].
        yaw: (N,) [rad].
        velocity: (N, 2) [m/s].
        turn: (N,) of the velocity's direction [rad/s].
        times: (T,) [s].
    """
    swept = turn[None] * times[:, None]
    small = np.abs(turn) < 1e-4
    rate = np.where(small, 1.0, turn)
    # Integral of the rotated velocity: sin(wt)/w along, (1 - cos(wt))/w across.
    along = np.where(small[None], times[:, None], np.sin(swept) / rate[None])
    across = np.where(small[None], 0.0, (1.0 - np.cos(swept)) / rate[None])
    vx, vy = velocity[:, 0], velocity[:, 1]
    moved = np.stack((vx * along - vy * across, vy * along + vx * across), axis=-1)
    return xy[None] + moved, yaw[None] + swept


def conflict(
    route: Route, s: float, ego: Ego, others: Others, turn: Floats, wanted: float, patient: bool
) -> float:
    """How far the ego may drive before it is in the way of somebody who comes when it comes [m], or inf.

    The route ahead is covered with the ego's boxes, a metre apart; for each it is asked whether somebody is
    forecast there at about the time at which the ego is. Who already is in the ego's way where it stands
    cannot be avoided by braking and does not count.

    Args:
        route: of the ego.
        s: the ego's place on it [m].
        ego: its state.
        others: road users.
        turn: (N,) their turn rates, clockwise from above [rad/s].
        wanted: speed that the ego drives on a free road [m/s].
        patient: whether the ego has waited for long already.
    """
    if not len(others.ids):
        return np.inf
    reach = min(SIGHT, max(12.0, ego.speed * HORIZON + 8.0))
    near = np.linalg.norm(others.xy - ego.xy, axis=1) < reach + 15.0 * HORIZON
    near &= _crosses(route, s, reach, others)
    if not near.any():
        return np.inf
    ahead = np.arange(0.0, reach + 1.0)
    places = route.at(s + ahead)
    yaw = np.interp(s + ahead, route.s, np.unwrap(route.yaw))
    times = np.arange(0.0, HORIZON + STEP, STEP)
    xy, heading = turn_forecast(
        others.xy[near],
        others.yaw[near],
        others.velocity[near],
        np.clip(turn[near], -FASTEST_TURN, FASTEST_TURN),
        times,
    )
    margin = PATIENT_MARGIN if patient else WALKER_MARGIN
    extent = others.extent[near] + np.where(others.walker[near], margin, 0.0)[:, None]
    meets = boxes_overlap(
        places[:, None, None],
        yaw[:, None, None],
        ego.extent + np.array([0.0, MARGIN]),
        xy[None],
        heading[None],
        extent[None, None],
    )  # (K, T, n)
    comes = arrival(ahead, ego.speed, wanted, 2.0)[:, None]
    meant = (times[None] >= comes - BEFORE) & (times[None] <= comes + AFTER)
    return _first_free(meets, meant, ahead)


def _first_free(meets: NDArray[np.bool_], meant: NDArray[np.bool_], ahead: Floats) -> float:
    """Distance to the first place that is crossed by somebody whom the ego would meet on its way."""
    ever = meets.any(axis=1)  # (K, n)
    entered = np.argmax(ever, axis=0)
    threat = (meets & meant[:, :, None]).any(axis=(0, 1)) & (entered > 0)
    return float(np.min(ahead[entered[threat]], initial=np.inf)) if threat.any() else np.inf


def _crosses(route: Route, s: float, reach: float, others: Others) -> NDArray[np.bool_]:
    """(N,) whether a road user moves at an angle to our way; walkers always do."""
    first = int(np.searchsorted(route.s, s))
    last = max(first + 1, min(len(route.s), first + int(reach) + 1))
    d = others.xy[:, None] - route.xy[None, first:last]
    nearest = first + np.argmin(d[..., 0] ** 2 + d[..., 1] ** 2, axis=1)
    angle = np.abs(wrap(others.yaw - route.yaw[nearest]))
    moving = np.linalg.norm(others.velocity, axis=1) > 0.3
    return (moving & (angle > ALONG)) | others.walker
