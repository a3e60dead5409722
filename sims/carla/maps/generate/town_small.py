r"""Town_Small: a ring, an avenue with two lanes each way, and three streets across; 8 junctions.

NW----T1----------T2----NE      T2, B1: all-way stop        NW, NE, SW, SE: bends
 |     |          /      |      B2: right turns only, the side road yields
 L====C1=========C2======R      others: lights
 |     |          \      |
SW----B1---------B2-----SE
"""

from __future__ import annotations

from sims.carla.maps.generate.crossing import STOP, YIELD, crossing, crosswalks, sign, signals
from sims.carla.maps.generate.network import Network
from sims.carla.maps.generate.plan import Pose
from sims.carla.maps.generate.streets import (
    AVENUE,
    EAST,
    NORTH,
    SOUTH,
    STREET,
    WEST,
    Node,
    begin,
    end,
    street,
)

BEND = 30.0
"""[m] Radius of the ring's corners."""
NO_LEFT_TURNS = ((0, 1), (2, 0))
"""(from, to) arms of B2 without a way: ways that cross without a light would block each other for good."""

T1, T2 = Node(130, 270), Node(310, 270)
L, C1, C2, R = Node(0, 130), Node(130, 130), Node(290, 130), Node(420, 130)
B1, B2 = Node(130, 0), Node(270, 0)


def town_small() -> Network:
    """The network."""
    network = Network("Town_Small")
    nw = street(network, STREET, 30, (L, NORTH), (T1, WEST), Pose(0, 270 - BEND, NORTH))
    top = street(network, STREET, 30, (T1, EAST), (T2, WEST))
    ne = street(network, STREET, 30, (T2, EAST), (R, NORTH), Pose(420 - BEND, 270, EAST))
    se = street(network, STREET, 30, (R, SOUTH), (B2, EAST), Pose(420, BEND, SOUTH))
    bottom = street(network, STREET, 30, (B2, WEST), (B1, EAST))
    sw = street(network, STREET, 30, (B1, WEST), (L, SOUTH), Pose(BEND, 0, WEST))
    west = street(network, AVENUE, 50, (L, EAST), (C1, WEST))
    middle = street(network, AVENUE, 50, (C1, EAST), (C2, WEST))
    east = street(network, AVENUE, 50, (C2, EAST), (R, WEST))
    north1 = street(network, STREET, 30, (C1, NORTH), (T1, SOUTH))
    south1 = street(network, STREET, 30, (B1, NORTH), (C1, SOUTH))
    north2 = street(network, STREET, 30, (C2, NORTH), (T2, SOUTH))
    south2 = street(network, STREET, 30, (B2, NORTH), (C2, SOUTH))

    c1 = crossing(network, "C1", (begin(north1), begin(middle), end(south1), end(west)))
    c2 = crossing(network, "C2", (begin(north2), begin(east), end(south2), end(middle)))
    t1 = crossing(network, "T1", (begin(top), end(north1), end(nw)))
    r = crossing(network, "R", (end(ne), begin(se), end(east)))
    t2 = crossing(network, "T2", (begin(ne), end(north2), end(top)))
    b1 = crossing(network, "B1", (begin(south1), end(bottom), begin(sw)))
    b2 = crossing(network, "B2", (begin(south2), end(se), begin(bottom)), skip=NO_LEFT_TURNS)
    left = crossing(network, "L", (begin(nw), begin(west), end(sw)))
    for junction in (c1, c2, t1, r, left):
        signals(network, junction, [(i,) for i in range(len(junction.arms))])
    for junction in (t2, b1):
        for arm in junction.arms:
            sign(network, arm, STOP, "Stop")
    sign(network, b2.arms[0], YIELD, "Yield")
    for junction in network.junctions:
        crosswalks(network, junction, range(len(junction.arms)))
    return network
