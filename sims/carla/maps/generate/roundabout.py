"""Roundabout: a roundabout of one lane, four streets from it to a ring road of 50 km/h; 8 junctions.

The streets yield at the roundabout. Where they meet the ring road there are lights (east and west) and
all-way stops (north and south).
"""

from __future__ import annotations

import math

from sims.carla.maps.generate.crossing import (
    STOP,
    YIELD,
    crossing,
    crosswalks,
    junction_of,
    sign,
    signals,
    way,
)
from sims.carla.maps.generate.network import Network, Profile, Road
from sims.carla.maps.generate.plan import Piece, Pose
from sims.carla.maps.generate.streets import EAST, NORTH, ONE, SOUTH, STREET, WEST, Node, begin, end, street

RADIUS = 22.0
"""[m] Of the island."""
HALF = math.radians(32)
"""The junctions of the roundabout reach that far to both sides of their street."""
ARM = 42.0
"""[m] From the middle of the roundabout to its streets."""
SIDE = 170.0
"""[m] Half the side of the ring road."""
BEND = 60.0
"""[m] Radius of the ring road's corners; good for its 50 km/h."""
QUARTERS = (NORTH, EAST, SOUTH, WEST)


def roundabout() -> Network:
    """The network."""
    network = Network("Roundabout")
    middle = Node(0.0, 0.0, ARM)
    outer = {h: Node(SIDE * round(math.cos(h)), SIDE * round(math.sin(h))) for h in QUARTERS}
    streets = {h: street(network, STREET, 30, (middle, h), (outer[h], h + math.pi)) for h in QUARTERS}
    sides = {h: _side(network, outer, h) for h in QUARTERS}
    for name, h in zip("NESW", QUARTERS, strict=True):
        before, after = sides[_clockwise(h, -1)], sides[h]
        # Clockwise as `crossing` wants it: the ring road behind, ahead, and the street from the middle.
        junction = crossing(network, f"Ring_{name}", (begin(after), end(streets[h]), end(before)))
        if h in (EAST, WEST):
            signals(network, junction, [(0,), (1,), (2,)])
        else:
            for arm in junction.arms:
                sign(network, arm, STOP, "Stop")
        crosswalks(network, junction, range(3))
    _circle(network, streets)
    return network


def _clockwise(heading: float, steps: int) -> float:
    """The quarter that is so many steps further clockwise."""
    return QUARTERS[(QUARTERS.index(heading) + steps) % 4]


def _side(network: Network, outer: dict[float, Node], h: float) -> Road:
    """The ring road from the end of one street clockwise to that of the next, around a corner."""
    following = _clockwise(h, 1)
    corner = Pose(outer[h].x + outer[following].x, outer[h].y + outer[following].y, following)
    return street(network, STREET, 50, (outer[h], following), (outer[following], h), corner.ahead(-BEND))


def _circle(network: Network, streets: dict[float, Road]) -> None:
    """The roundabout itself: arcs between the junctions, and the junctions."""
    profile = Profile(ONE, centre="solid")
    arcs: dict[float, Road] = {}
    for h in QUARTERS:
        leaving = h + HALF
        start = Pose(RADIUS * math.cos(leaving), RADIUS * math.sin(leaving), leaving + math.pi / 2)
        arc = Piece(RADIUS * (math.pi / 2 - 2 * HALF), 1 / RADIUS)
        arcs[h] = network.road(start, (arc,), profile, 30)
    for name, h in zip("NESW", QUARTERS, strict=True):
        arriving, leaving, arm = end(arcs[_clockwise(h, 1)]), begin(arcs[h]), begin(streets[h])
        junction = junction_of(network, f"Circle_{name}", (arriving, leaving, arm))
        way(network, junction, arriving, leaving, ((-1, -1),), lead=0.0)
        way(network, junction, arriving, arm, ((-1, -1),), walk=True, lead=0.0)
        way(network, junction, arm, leaving, ((1, -1),), walk=True, lead=0.0)
        sign(network, arm, YIELD, "Yield")
