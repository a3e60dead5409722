"""Routes and road users by hand."""

import numpy as np

from sims.carla.drive.actors import Others
from sims.carla.drive.ego import Ego
from sims.carla.drive.lanes import LaneGraph, Segment
from sims.carla.drive.route import RoadOption, Route


def straight(length=100, junction=None, option=RoadOption.LANEFOLLOW):
    """East along y = 0, with a junction between two arc lengths."""
    s = np.arange(0.0, length + 1.0)
    inside = np.zeros(len(s), bool) if junction is None else (s >= junction[0]) & (s <= junction[1])
    zero = np.zeros_like(s)
    options = np.where(inside, option, RoadOption.LANEFOLLOW).astype(np.int8)
    return Route("t", np.column_stack((s, zero)), zero, zero, s, zero + 1.75, zero + 1.75, options, inside)


def ego(x=0.0, speed=8.0):
    return Ego(
        np.array([x, 0.0]),
        0.0,
        0.0,
        np.array([speed, 0.0]),
        speed,
        np.zeros(2),
        np.zeros(2),
        0.0,
        0.0,
        np.array([2.4, 1.0]),
        (0.0, 0.0, 0.0),
    )


def others(*rows):
    """Rows (x, y, yaw, speed, walker)."""
    table = np.array([(x, y, yaw, speed, walker) for x, y, yaw, speed, walker in rows], float).reshape(-1, 5)
    yaw, speed, walker = table[:, 2], table[:, 3], table[:, 4] > 0
    extent = np.where(walker[:, None], 0.2, np.array([2.4, 1.0]))
    velocity = speed[:, None] * np.column_stack((np.cos(yaw), np.sin(yaw)))
    return Others(np.arange(len(table)) + 10, table[:, :2], yaw, velocity, extent, walker)


def graph(*ways):
    """A lane graph of polylines; those that begin where another ends follow it."""
    made = object.__new__(LaneGraph)
    made.name = "by hand"
    segments = []
    for i, (start, end) in enumerate(ways):
        length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
        s = np.linspace(0.0, length, round(length) + 1)
        points = np.array([*start, 0.0]) + s[:, None] / length * np.array([*np.subtract(end, start), 0.0])
        yaw = np.full(len(s), np.arctan2(end[1] - start[1], end[0] - start[0]))
        segments.append(Segment((i, 0, -1), points, yaw, s, np.full(len(s), 3.5), 1.75, 1.75, -1))
    made.segments = tuple(segments)
    made.successors = tuple(
        tuple(j for j, other in enumerate(segments) if np.allclose(other.points[0], segment.points[-1]))
        for segment in segments
    )
    counts = [len(segment.s) for segment in segments]
    made._owner = np.repeat(np.arange(len(counts)), counts)
    made._first = np.concatenate(([0], np.cumsum(counts)))
    made._points = np.concatenate([segment.points for segment in segments])
    made._yaw = np.concatenate([segment.yaw for segment in segments])
    return made
