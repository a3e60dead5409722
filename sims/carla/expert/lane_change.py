"""Whether a lane change that the route asks for may begin."""

from __future__ import annotations

import numpy as np

from sims.carla.drive.actors import Others
from sims.carla.drive.ego import Ego
from sims.carla.drive.geometry import to_body, wrap
from sims.carla.drive.route import RoadOption, Route

SOON = 6
"""Points ahead at which a lane change is prepared [m]."""
COMMITTED = 8.0
"""Who has come this far into a lane change goes on with it [m]."""
BESIDE = (1.5, 5.5)
"""Distance to the side of the middle of the next lane's cars [m]."""
ALIGNED = np.radians(30.0)
"""Cars with more angle to ours are not in the next lane [rad]."""
FRONT, REAR = 1.0, 2.0
"""Free room before and behind us in the next lane [m] ..."""
CLOSING = 3.0
"""... and behind us this much time at the speed at which somebody closes in [s]."""


def changing_to(route: Route, s: float) -> int:
    """1 where a change to the left begins soon or has just begun, -1 to the right, 0 for none.

    Args:
        route: to be driven.
        s: the ego's place on it [m].
    """
    here = int(np.searchsorted(route.s, s))
    for option, side in ((RoadOption.CHANGELANELEFT, 1), (RoadOption.CHANGELANERIGHT, -1)):
        changes = route.options == option
        ahead = np.flatnonzero(changes[here : here + SOON])
        if not len(ahead):
            continue
        index = here + int(ahead[0])
        before = np.flatnonzero(~changes[:index])
        begin = float(route.s[before[-1] + 1]) if len(before) else 0.0
        return side if s - begin < COMMITTED else 0
    return 0


def lane_taken(side: int, ego: Ego, others: Others) -> bool:
    """Whether somebody in the next lane is beside us or comes from behind.

    Args:
        side: 1 for the left lane, -1 for the right one.
        ego: its state.
        others: road users.
    """
    body = to_body(others.xy, ego.xy, ego.yaw)
    across = side * body[:, 1]
    beside = (across > BESIDE[0]) & (across < BESIDE[1]) & ~others.walker
    beside &= np.abs(wrap(others.yaw - ego.yaw)) < ALIGNED
    reach = others.extent[:, 0] + float(ego.extent[0])
    closing = np.linalg.norm(others.velocity, axis=1) - ego.speed
    room = reach + REAR + CLOSING * np.maximum(closing, 0.0)
    return bool(np.any(beside & (body[:, 0] < reach + FRONT) & (body[:, 0] > -room)))
