"""A route as arrays, and where the ego is on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from landward.errors import LandwardError
from sims.carla.drive.geometry import Floats, arc_length

STEP = 1.0
"""Distance of a route's points [m]."""
BACK, AHEAD = 5, 30
"""The ego is looked for this many points behind and ahead of where it was last."""


class RoadOption(IntEnum):
    """What the driver is told, in CARLA's numbers."""

    LEFT = 1
    RIGHT = 2
    STRAIGHT = 3
    LANEFOLLOW = 4
    CHANGELANELEFT = 5
    CHANGELANERIGHT = 6


@dataclass(frozen=True)
class Route:
    """Points STEP apart along the lanes to be driven, in CARLA's world frame."""

    name: str
    """Town, start and goal."""
    xy: Floats
    """(P, 2) [m]."""
    z: Floats
    """(P,) [m]."""
    yaw: Floats
    """(P,) [rad]."""
    s: Floats
    """(P,) arc length [m]."""
    left: Floats
    """(P,) how far to the left of the point the lanes of this direction reach [m] ..."""
    right: Floats
    """(P,) ... and to the right."""
    options: NDArray[np.int8]
    """(P,) RoadOption."""
    junction: NDArray[np.bool_]
    """(P,) whether the point lies in a junction."""

    @property
    def length(self) -> float:
        """[m]."""
        return float(self.s[-1])

    @property
    def junctions(self) -> int:
        """How many junctions the route crosses."""
        entered = np.diff(self.junction.astype(np.int8), prepend=0) == 1
        return int(np.count_nonzero(entered))

    def at(self, s: Floats) -> Floats:
        """(K, 2) points at arc lengths (K,) [m]; beyond the end the last straight goes on."""
        inside = np.clip(s, 0.0, self.length)
        points = np.stack(
            (np.interp(inside, self.s, self.xy[:, 0]), np.interp(inside, self.s, self.xy[:, 1])), axis=-1
        )
        heading = np.array([np.cos(self.yaw[-1]), np.sin(self.yaw[-1])])
        return points + np.maximum(s - self.length, 0.0)[:, None] * heading


@dataclass(frozen=True)
class Place:
    """Where a vehicle is in relation to its route."""

    index: int
    """Nearest point of the route."""
    s: float
    """Arc length of the nearest place on the route [m]."""
    offset: float
    """Distance from it; positive to the LEFT [m]."""
    heading: float
    """Heading error; positive where the vehicle points to the LEFT of the route [rad]."""
    outside: float
    """How far the vehicle's centre lies beyond the lanes of its direction [m]; 0 inside."""


def locate(route: Route, xy: Floats, yaw: float, hint: int | None = None) -> Place:
    """The place on the route nearest to (x, y) [m], near the index `hint` where one is given."""
    first, last = 0, len(route.s)
    if hint is not None:
        first, last = max(0, hint - BACK), min(len(route.s), hint + AHEAD + 1)
    d = xy - route.xy[first:last]
    index = first + int(np.argmin(d[:, 0] ** 2 + d[:, 1] ** 2))
    heading = float(route.yaw[index])
    c, s = math.cos(heading), math.sin(heading)
    dx, dy = d[index - first].tolist()
    left = float(dx * s - dy * c)
    return Place(
        index=index,
        s=min(max(float(route.s[index]) + float(dx * c + dy * s), 0.0), route.length),
        offset=left,
        heading=math.remainder(heading - yaw, math.tau),
        outside=max(left - float(route.left[index]), -left - float(route.right[index]), 0.0),
    )


def resample(
    name: str,
    points: Floats,
    left: Floats,
    right: Floats,
    options: NDArray[np.int8],
    junction: NDArray[np.bool_],
) -> Route:
    """A route with points STEP apart from a polyline with points about as dense.

    Args:
        name: of the route.
        points: (Q, 3) [m].
        left: (Q,) reach of the lanes to the left [m].
        right: (Q,) and to the right [m].
        options: (Q,) RoadOption.
        junction: (Q,) bool.

    Raises:
        LandwardError: the polyline is shorter than two steps.
    """
    s = arc_length(points[:, :2])
    fresh = np.concatenate(([True], np.diff(s) > 1e-3))
    points, s, left, right = points[fresh], s[fresh], left[fresh], right[fresh]
    options, junction = options[fresh], junction[fresh]
    if s[-1] < 2.0 * STEP:
        raise LandwardError(f"route {name!r} is {s[-1]:.1f} m long; choose a goal that lies farther ahead")
    new = np.arange(0.0, s[-1], STEP)
    xyz = np.stack([np.interp(new, s, points[:, axis]) for axis in range(3)], axis=-1)
    nearest = np.clip(np.searchsorted(s, new), 0, len(s) - 1)
    direction = np.gradient(xyz[:, :2], axis=0)
    return Route(
        name=name,
        xy=xyz[:, :2].copy(),
        z=xyz[:, 2].copy(),
        yaw=np.arctan2(direction[:, 1], direction[:, 0]),
        s=new,
        left=np.interp(new, s, left),
        right=np.interp(new, s, right),
        options=options[nearest],
        junction=junction[nearest],
    )
