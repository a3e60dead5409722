"""Who waits at a yield sign, by hand."""

import numpy as np
import pytest

from sims.carla.maps.town import load_town
from sims.carla.server.right_of_way import Disc, discs, must_yield

JUNCTION = Disc(np.array([0.0, 0.0]), 10.0)
NORTH, EAST, WEST = (0.0, -1.0), (1.0, 0.0), (-1.0, 0.0)


@pytest.mark.parametrize(
    ("place", "facing", "speed", "expected"),
    [
        ((-30, 0), EAST, 10, True),  # reaches the circle in 2 s
        ((-50, 0), EAST, 10, False),  # in 4 s
        ((-30, 0), EAST, 0.2, False),  # stands
        ((30, 0), EAST, 10, False),  # has passed
        ((5, 0), EAST, 10, True),  # is inside
        ((0, 25), NORTH, 10, False),  # comes from behind
    ],
)
def test_one_other(place: tuple, facing: tuple, speed: float, expected: bool) -> None:
    places, headings = np.array([(0.0, 14.0), place]), np.array([NORTH, facing])
    velocities = np.array([(0.0, 0.0), np.array(facing) * speed])
    assert must_yield(0, JUNCTION, places, headings, velocities) is expected


def test_nobody_waits_for_himself() -> None:
    place = np.array([(0.0, 5.0)])
    assert not must_yield(0, JUNCTION, place, np.array([NORTH]), np.array([NORTH]) * 8.0)


def test_circles_hold_the_lanes_of_their_junction() -> None:
    pytest.importorskip("carla")
    found = discs(load_town("Town_Small").strips)
    assert len(found) == 8
    crossing = min(found.values(), key=lambda disc: float(np.linalg.norm(disc.centre - (130.0, -130.0))))
    assert crossing.centre == pytest.approx((130.0, -130.0), abs=0.01)
    assert 23.0 < crossing.radius < 24.0
