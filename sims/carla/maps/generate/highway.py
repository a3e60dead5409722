"""Highway: two carriageways of three lanes, each with a ramp loop; closed by a turning loop at both ends.

On each carriageway a ramp joins as a fourth lane, and the fourth lane leaves again as a ramp to a service
road that leads back to where it joins. So no lane ends anywhere, and no two ways cross.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sims.carla.maps.generate.crossing import LIMIT_SIGN, junction_of, signal_beside, way
from sims.carla.maps.generate.network import Lane, Network, Profile, Road
from sims.carla.maps.generate.plan import Pose, chain, wrap
from sims.carla.maps.generate.streets import begin, end

HALF_MEDIAN = 8.0
"""[m] From the middle to the left border of a carriageway."""
HARD_SHOULDER = Lane("shoulder", 2.5, "none")
THREE = Profile((Lane(mark="broken"), Lane(mark="broken"), Lane(), HARD_SHOULDER))
FOUR = Profile((*(Lane(mark="broken"),) * 3, Lane(), HARD_SHOULDER))
RAMP = Profile((Lane(), HARD_SHOULDER))
WIDTH = 3 * 3.5
"""[m] Of three lanes."""
ENDS, SLOW, MERGE, WEAVE = 800.0, 600.0, 350.0, 290.0
"""[m] From the middle of the map: the carriageway's end, where it slows down, and where ramps join it."""
SERVICE = 130.0
"""[m] From a carriageway to its service road."""
TURN, APPROACH = 70.0, 100.0
"""[m] Radii of the loops at the ends: of the turn itself and of the bends before and after it."""
OFFSET, ANGLE = 4.0, math.radians(8)
"""A ramp begins that far [m] beside the lane that leads to it, at that angle."""


@dataclass(frozen=True)
class Frame:
    """The frame of one direction of travel: x along it, y to the left of it, the median at y = 0."""

    turned: bool

    def pose(self, x: float, y: float, degrees: float = 0.0) -> Pose:
        """A pose of the map."""
        heading = math.radians(degrees)
        return Pose(-x, -y, wrap(heading + math.pi)) if self.turned else Pose(x, y, heading)


def highway() -> Network:
    """The network."""
    network = Network("Highway")
    first, second = (_direction(network, Frame(turned)) for turned in (False, True))
    for ending, beginning in ((first[1], second[0]), (second[1], first[0])):
        loop = _stretch(network, THREE, 60, *_loop(end(ending).inward, begin(beginning).inward.reversed()))
        network.follow(ending, loop)
        network.follow(loop, beginning)
    return network


def _stretch(network: Network, profile: Profile, speed: float, *poses: Pose) -> Road:
    """A one-way road with a sign at its beginning."""
    road = network.road(poses[0], chain(*poses), profile, speed)
    signal_beside(network, road, 5.0, True, LIMIT_SIGN, f"Speed_{speed:.0f}", speed)
    return road


def _direction(network: Network, frame: Frame) -> tuple[Road, Road]:
    """One carriageway with its ramps and its service road; returns its first and last road."""
    y, edge = -HALF_MEDIAN, -HALF_MEDIAN - WIDTH

    def straight(profile: Profile, speed: float, x0: float, x1: float) -> Road:
        return _stretch(network, profile, speed, frame.pose(x0, y), frame.pose(x1, y))

    first = straight(THREE, 90, -ENDS, -SLOW)
    before = straight(THREE, 120, -SLOW, -MERGE)
    weave = straight(FOUR, 120, -WEAVE, WEAVE)
    behind = straight(THREE, 120, MERGE, SLOW)
    last = straight(THREE, 90, SLOW, ENDS)
    network.follow(first, before)
    network.follow(behind, last)
    back = edge - SERVICE
    degrees = math.degrees(ANGLE)
    leave, arrive = (frame.pose(x, edge - OFFSET, a) for x, a in ((MERGE, -degrees), (-MERGE, degrees)))
    service = frame.pose(MERGE, back, 180), frame.pose(-MERGE, back, 180)
    down = _stretch(network, RAMP, 60, leave, frame.pose(MERGE + 110, edge - 65, -90), service[0])
    along = _stretch(network, RAMP, 80, *service)
    up = _stretch(network, RAMP, 60, service[1], frame.pose(-MERGE - 110, edge - 65, 90), arrive)
    network.follow(down, along)
    network.follow(along, up)
    name = "West" if frame.turned else "East"
    three = tuple((-i, -i) for i in (1, 2, 3))
    joining = junction_of(network, f"On_{name}", (end(before), end(up), begin(weave)))
    way(network, joining, end(before), begin(weave), three, painted=True)
    way(network, joining, end(up), begin(weave), ((-1, -4),), walk=True, lead=0.0, painted=True)
    leaving = junction_of(network, f"Off_{name}", (end(weave), begin(behind), begin(down)))
    way(network, leaving, end(weave), begin(behind), three, painted=True)
    way(network, leaving, end(weave), begin(down), ((-4, -1),), walk=True, lead=0.0, painted=True)
    return first, last


def _loop(start: Pose, finish: Pose) -> tuple[Pose, ...]:
    """From the end of one carriageway to the beginning of the other: a bend out, a turn, a bend back.

    The turn's middle lies on the median: cos(a) (TURN + APPROACH) = HALF_MEDIAN + APPROACH.
    """
    a = math.acos((HALF_MEDIAN + APPROACH) / (TURN + APPROACH))
    out, side = APPROACH * math.sin(a), APPROACH * (1 - math.cos(a))
    widest = out + TURN * math.sin(a) + TURN
    quarter = start.ahead(widest).left(HALF_MEDIAN)
    bent = start.ahead(out).left(-side)
    back = finish.ahead(-out).left(-side)
    return (
        start,
        Pose(bent.x, bent.y, start.heading - a),
        Pose(quarter.x, quarter.y, start.heading + math.pi / 2),
        Pose(back.x, back.y, finish.heading + a),
        finish,
    )
