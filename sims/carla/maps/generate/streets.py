"""What the towns have in common: cross-sections, and streets from junction to junction."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sims.carla.maps.generate.crossing import LIMIT_SIGN, signal_beside
from sims.carla.maps.generate.network import Arm, Lane, Network, Profile, Road
from sims.carla.maps.generate.plan import Pose, chain

NORTH, EAST, SOUTH, WEST = math.pi / 2, 0.0, -math.pi / 2, math.pi
PAVEMENT = Lane("sidewalk", 2.5, "none")
ONE = (Lane(), PAVEMENT)
TWO = (Lane(mark="broken"), Lane(), PAVEMENT)
STREET = Profile(ONE, ONE, "broken", "yellow")
AVENUE = Profile(TWO, TWO, "solid solid", "yellow")
SETBACK = 23.0
"""[m] From the middle of a junction to its arms; turns right are then wide enough for 30 km/h."""
SIGN_AT = 12.0
"""[m] Of speed limit signs behind junctions."""


@dataclass(frozen=True)
class Node:
    """The middle of a junction."""

    x: float
    """[m]"""
    y: float
    """[m]"""
    setback: float = SETBACK
    """[m] From the middle to the arms."""

    def port(self, heading: float) -> Pose:
        """Where the arm of that heading begins, looking away from the junction."""
        return Pose(self.x, self.y, heading).ahead(self.setback)


def street(
    network: Network,
    profile: Profile,
    speed: float,
    start: tuple[Node, float],
    end: tuple[Node, float],
    *via: Pose,
) -> Road:
    """A road from the port of one node to that of another, with a speed limit sign for each direction."""
    poses = (start[0].port(start[1]), *via, end[0].port(end[1]).reversed())
    road = network.road(poses[0], chain(*poses), profile, speed)
    for s, along in ((SIGN_AT, True), (road.length - SIGN_AT, False)):
        signal_beside(network, road, s, along, LIMIT_SIGN, f"Speed_{speed:.0f}", speed)
    return road


def begin(road: Road) -> Arm:
    """The end of a road where s is 0."""
    return Arm(road, "start")


def end(road: Road) -> Arm:
    """The other end."""
    return Arm(road, "end")
