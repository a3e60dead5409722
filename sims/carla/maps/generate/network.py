"""Roads, junctions and signals before they are written as OpenDRIVE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sims.carla.maps.generate.plan import Piece, Pose, along, end_of, length_of

Contact = Literal["start", "end"]


@dataclass(frozen=True)
class Lane:
    """One lane of a profile."""

    kind: Literal["driving", "shoulder", "sidewalk"] = "driving"
    width: float = 3.5
    """[m]"""
    mark: str = "solid"
    """OpenDRIVE's type of the mark on the outer border: solid, broken or none."""


@dataclass(frozen=True)
class Profile:
    """A cross-section: the lanes of each side from the reference line outwards."""

    right: tuple[Lane, ...]
    """Lanes -1, -2, ... that run along the road."""
    left: tuple[Lane, ...] = ()
    """Lanes 1, 2, ... that run against it."""
    centre: str = "solid"
    """Mark on the reference line."""
    centre_colour: Literal["standard", "yellow"] = "standard"

    def side(self, positive: bool) -> tuple[Lane, ...]:
        """Lanes with positive or with negative ids."""
        return self.left if positive else self.right


@dataclass(frozen=True)
class Link:
    """What a road continues into."""

    kind: Literal["road", "junction"]
    id: int
    contact: Contact | None = None


@dataclass(frozen=True)
class Signal:
    """A light or sign; `type` as in OpenDRIVE's German catalogue, which CARLA reads."""

    id: int
    type: str
    name: str
    s: float
    """[m]"""
    t: float
    """[m] To the left of the reference line."""
    along: bool
    """Whether it is meant for traffic along the road (else for traffic against it)."""
    lanes: tuple[int, int]
    """First and last lane that obey it."""
    value: float = -1.0
    """Speed limit [km/h]."""


@dataclass(frozen=True)
class Crosswalk:
    """A rectangle for pedestrians across a road, in the frame of the reference line at `s`."""

    id: int
    s: float
    """[m] Its middle along the road."""
    t: tuple[float, float]
    """[m] From where to where across."""
    length: float
    """[m] Along the road."""


@dataclass
class Road:
    """A road; `links` says for each lane which lane is before and after it (in the direction of s)."""

    id: int
    start: Pose
    pieces: tuple[Piece, ...]
    profile: Profile
    speed: float
    """[km/h]"""
    junction: int = -1
    before: Link | None = None
    after: Link | None = None
    links: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)
    crosswalks: list[Crosswalk] = field(default_factory=list)

    @property
    def length(self) -> float:
        """Length [m]."""
        return length_of(self.pieces)

    def link(self, lane_id: int, *, before: int | None = None, after: int | None = None) -> None:
        """Say which lane comes before or after a lane, in the direction of s."""
        old_before, old_after = self.links.get(lane_id, (None, None))
        self.links[lane_id] = (before or old_before, after or old_after)

    def at(self, s: float) -> Pose:
        """Pose of the reference line."""
        return along(self.start, self.pieces, s)


@dataclass(frozen=True)
class Arm:
    """The end of a road that a junction holds."""

    road: Road
    contact: Contact

    @property
    def inward(self) -> Pose:
        """The reference line's pose at the junction, looking into it."""
        if self.contact == "end":
            return end_of(self.road.start, self.road.pieces)
        return self.road.start.reversed()

    def sign(self, incoming: bool) -> int:
        """Sign of the ids of the lanes that lead into the junction, or out of it."""
        return -1 if (self.contact == "end") == incoming else 1

    def lanes(self, incoming: bool, kind: str = "driving") -> list[int]:
        """Ids of the lanes that lead into the junction (or out of it), from the inside outwards."""
        sign = self.sign(incoming)
        side = self.road.profile.side(sign > 0)
        return [sign * (i + 1) for i, lane in enumerate(side) if lane.kind == kind]

    def lane(self, lane_id: int) -> Lane:
        """The lane of that id."""
        return self.road.profile.side(lane_id > 0)[abs(lane_id) - 1]

    def border(self, lane_id: int, incoming: bool) -> Pose:
        """The left border of a lane at the junction, in the lane's direction of travel."""
        inner = self.road.profile.side(lane_id > 0)[: abs(lane_id) - 1]
        pose = self.inward if incoming else self.inward.reversed()
        return pose.left(-sum(lane.width for lane in inner))


@dataclass(frozen=True)
class Connection:
    """A way through a junction."""

    incoming: int
    """Road id."""
    connecting: int
    """Road id."""
    lanes: tuple[tuple[int, int], ...]
    """(lane of the incoming road, lane of the connecting road)."""


@dataclass
class Junction:
    """A junction with its arms in the order in which they were given."""

    id: int
    name: str
    arms: tuple[Arm, ...]
    connections: list[Connection] = field(default_factory=list)
    controllers: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """(id, signal ids): the lights of one controller are green together, controllers one after another."""


@dataclass
class Network:
    """A whole map under construction."""

    name: str
    roads: list[Road] = field(default_factory=list)
    junctions: list[Junction] = field(default_factory=list)
    last_signal: int = 0

    def road(
        self, start: Pose, pieces: Iterable[Piece], profile: Profile, speed: float, junction: int = -1
    ) -> Road:
        """Add a road."""
        road = Road(len(self.roads) + 1, start, tuple(pieces), profile, speed, junction)
        self.roads.append(road)
        return road

    def next_signal(self) -> int:
        """A new id for a signal, crosswalk or controller."""
        self.last_signal += 1
        return self.last_signal

    def follow(self, first: Road, second: Road) -> None:
        """The end of one road is the start of the other; their lanes have the same ids."""
        first.after = Link("road", second.id, "start")
        second.before = Link("road", first.id, "end")
        for lane_id in lane_ids(first.profile):
            first.link(lane_id, after=lane_id)
            second.link(lane_id, before=lane_id)


def lane_ids(profile: Profile) -> list[int]:
    """Ids of all lanes but the centre."""
    return [*range(-len(profile.right), 0), *range(1, len(profile.left) + 1)]
