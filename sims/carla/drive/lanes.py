"""The lanes of a map as a graph of sampled segments, read once through `carla.Map`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from landward.errors import LandwardError, require
from sims.carla.drive.geometry import Floats, arc_length, wrap

SPACING = 1.0
"""Distance of the sampled points [m]."""
HEADING_WEIGHT = 3.0
"""How many metres a radian of heading error counts for in `locate`: lanes of junctions cross."""


@dataclass(frozen=True)
class Segment:
    """One lane of one lane section, in driving direction."""

    key: tuple[int, int, int]
    """Road, lane section, lane."""
    points: Floats
    """(P, 3) centre line, world [m]."""
    yaw: Floats
    """(P,) [rad]."""
    s: Floats
    """(P,) from the segment's start [m]."""
    width: Floats
    """(P,) of the lane [m]."""
    left: float
    """From the centre line to the edge of the outermost lane of this direction [m] ..."""
    right: float
    """... and on the other side."""
    junction: int
    """Id of the junction the lane lies in, -1 outside."""
    marks: tuple[str, str] = ("NONE", "NONE")
    """Kind of the marks on the left and right edge, in CARLA's names (Solid, Broken, ...)."""

    @property
    def length(self) -> float:
        """[m]."""
        return float(self.s[-1])

    @property
    def turn(self) -> float:
        """Change of heading from start to end; positive to the right [rad]."""
        return float(np.sum(wrap(np.diff(self.yaw))))


class LaneGraph:
    """Driving lanes, which one leads into which, and where lanes may be changed."""

    def __init__(self, town: Any) -> None:
        """Sample every lane of a `carla.Map`.

        Raises:
            LandwardError: the map has no driving lanes.
        """
        carla = require("carla", "carla", "driving")
        starts, pairs = _topology(town)
        if not starts:
            raise LandwardError(
                f"the map {town.name!r} has no driving lanes; give an OpenDRIVE file "
                "with lanes of type driving"
            )
        self.name = str(town.name)
        keys = list(starts)
        self.index = {key: i for i, key in enumerate(keys)}
        sampled = [_sample(starts[key]) for key in keys]
        self.segments = tuple(_segment(key, way, carla) for key, way in zip(keys, sampled, strict=True))
        self.successors: tuple[tuple[int, ...], ...] = tuple(
            tuple(sorted({self.index[b] for b in pairs.get(key, ()) if b in self.index})) for key in keys
        )
        neighbours = [_neighbours(way[len(way) // 2], carla) for way in sampled]
        self.left = tuple(self.index.get(pair[0], -1) if pair[0] else -1 for pair in neighbours)
        self.right = tuple(self.index.get(pair[1], -1) if pair[1] else -1 for pair in neighbours)
        """Neighbouring segment that may be changed to, -1 where none is."""
        counts = [len(segment.s) for segment in self.segments]
        self._owner = np.repeat(np.arange(len(counts)), counts)
        self._first = np.concatenate(([0], np.cumsum(counts)))
        self._points = np.concatenate([segment.points for segment in self.segments])
        self._yaw = np.concatenate([segment.yaw for segment in self.segments])

    def locate(self, xy: Floats, yaw: float | None = None) -> tuple[int, int]:
        """(segment, point) nearest to a place; with a heading, lanes of other directions count as farther."""
        distance = np.hypot(self._points[:, 0] - xy[0], self._points[:, 1] - xy[1])
        if yaw is not None:
            distance = distance + HEADING_WEIGHT * np.abs(wrap(self._yaw - yaw))
        nearest = int(np.argmin(distance))
        segment = int(self._owner[nearest])
        return segment, nearest - int(self._first[segment])


def _topology(town: Any) -> tuple[dict[tuple[int, int, int], Any], dict[tuple[int, int, int], list[Any]]]:
    starts: dict[tuple[int, int, int], Any] = {}
    pairs: dict[tuple[int, int, int], list[Any]] = {}
    for entry, following in town.get_topology():
        key = _key(entry)
        starts.setdefault(key, entry)
        if _key(following) != key:
            pairs.setdefault(key, []).append(_key(following))
    return dict(sorted(starts.items())), pairs


def _key(waypoint: Any) -> tuple[int, int, int]:
    return waypoint.road_id, waypoint.section_id, waypoint.lane_id


def _sample(start: Any) -> list[Any]:
    """Waypoints from the start of a lane to less than SPACING before its end.

    `next_until_lane_end` would do, but fails on lanes whose length is a whole number of steps.
    """
    way, key, first = [start], _key(start), start.s
    while True:
        ahead = [waypoint for waypoint in way[-1].next(SPACING) if _key(waypoint) == key]
        if not ahead or abs(ahead[0].s - first) <= abs(way[-1].s - first):  # a ring leads into itself
            return way
        way.append(ahead[0])


def _segment(key: tuple[int, int, int], way: list[Any], carla: Any) -> Segment:
    poses = [waypoint.transform for waypoint in way]
    points = np.array([(p.location.x, p.location.y, p.location.z) for p in poses], dtype=np.float64)
    middle = way[len(way) // 2]
    junction = middle.get_junction().id if middle.is_junction else -1
    half = middle.lane_width / 2.0
    beside = (0.0, 0.0) if junction >= 0 else (_beside(middle, True, carla), _beside(middle, False, carla))
    return Segment(
        key=key,
        points=points,
        yaw=np.radians([p.rotation.yaw for p in poses]),
        s=arc_length(points),
        width=np.array([waypoint.lane_width for waypoint in way]),
        left=half + beside[0],
        right=half + beside[1],
        junction=int(junction),
        marks=(str(middle.left_lane_marking.type), str(middle.right_lane_marking.type)),
    )


def _beside(waypoint: Any, left: bool, carla: Any) -> float:
    """Width of the lanes of the same direction on one side [m]."""
    total = 0.0
    usable = carla.LaneType.Driving | carla.LaneType.Parking
    lane = waypoint.get_left_lane() if left else waypoint.get_right_lane()
    while lane is not None and lane.lane_id * waypoint.lane_id > 0 and lane.lane_type & usable:
        total += lane.lane_width
        lane = lane.get_left_lane() if left else lane.get_right_lane()
    return total


def _neighbours(waypoint: Any, carla: Any) -> tuple[Any, Any]:
    """Keys of the lanes to the left and right that may be changed to; None where it is not allowed."""
    found: list[Any] = []
    for change, lane in (
        (carla.LaneChange.Left, waypoint.get_left_lane),
        (carla.LaneChange.Right, waypoint.get_right_lane),
    ):
        neighbour = lane() if not waypoint.is_junction and waypoint.lane_change & change else None
        usable = (
            neighbour is not None
            and neighbour.lane_id * waypoint.lane_id > 0
            and neighbour.lane_type == carla.LaneType.Driving
        )
        found.append(_key(neighbour) if usable else None)
    return found[0], found[1]
