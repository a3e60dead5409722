import math

import numpy as np
import pytest

from sims.carla.drive.route import RoadOption
from sims.carla.expert.forecast import arrival
from sims.carla.expert.right_of_way import blocked_until, find_junctions, lane_ways
from tests.sims.carla.expert import ways

NORTH, WEST = math.pi / 2, math.pi
SIGN = np.array([[38.0, 4.0]])
NO_SIGN = np.zeros((0, 2))
GRAPH = ways.graph(((50.0, -60.0), (50.0, 0.0)), ((50.0, 0.0), (50.0, 60.0)), ((50.0, 0.0), (90.0, 0.0)))


def blocked(route, *rows, signs=SIGN, speed=0.0, s=35.0):
    junction = find_junctions(route, signs)[0]
    grid = np.arange(junction.enter, junction.leave + 6.0)
    comes = arrival(grid - s - 2.4, speed, 10.0, 1.8)
    return blocked_until(GRAPH, route, s, junction, ways.others(*rows), comes, grid)


def test_junctions_of_a_route() -> None:
    route = ways.straight(junction=(40.0, 60.0), option=RoadOption.LEFT)
    (junction,) = find_junctions(route, SIGN)
    assert (junction.enter, junction.leave) == (40.0, 60.0)
    assert (junction.gives_way, junction.left, junction.heading) == (True, True, 0.0)
    (junction,) = find_junctions(ways.straight(junction=(40.0, 60.0)), NO_SIGN)
    assert (junction.gives_way, junction.left) == (False, False)
    assert find_junctions(ways.straight(), SIGN) == ()


@pytest.mark.parametrize("place", [(20.0, 4.0), (38.0, 15.0), (45.0, 4.0)])
def test_signs_of_others(place: tuple) -> None:
    (junction,) = find_junctions(ways.straight(junction=(40.0, 60.0)), np.array([place]))
    assert not junction.gives_way


def test_a_junction_at_either_end_of_a_route() -> None:
    assert len(find_junctions(ways.straight(junction=(0.0, 20.0)), NO_SIGN)) == 1
    assert len(find_junctions(ways.straight(junction=(90.0, 200.0)), NO_SIGN)) == 1


def test_every_way_is_followed() -> None:
    found = lane_ways(GRAPH, np.array([50.0, -10.0]), NORTH, 30.0)
    ends = sorted(tuple(way[-1].round(3).tolist()) for way, _ in found)
    assert ends == [(50.0, 60.0), (90.0, 0.0)]
    for way, length in found:
        assert len(way) == len(length)
        assert (np.diff(length) > 0).all()
    # The first 10 m are not enough to reach a branch.
    assert len(lane_ways(GRAPH, np.array([50.0, -30.0]), NORTH, 10.0)) == 1


def test_a_car_that_comes_when_we_do_blocks_and_one_far_away_does_not() -> None:
    route = ways.straight(junction=(40.0, 60.0))
    # From standstill 35 + 2.4 -> 50 m takes about 3.7 s; at 8 m/s the other is there after 30 m.
    assert blocked(route, (50.0, -30.0, NORTH, 8.0, 0))
    assert not blocked(route, (50.0, -59.0, NORTH, 8.0, 0))
    assert not blocked(route, (50.0, 30.0, NORTH, 8.0, 0))
    assert not blocked(route)


def test_those_who_wait_are_not_waited_for() -> None:
    assert not blocked(ways.straight(junction=(40.0, 60.0)), (50.0, -20.0, NORTH, 0.2, 0))


def test_without_a_sign_only_a_left_turn_gives_way_to_those_who_come_towards_us() -> None:
    from_the_side = (50.0, -30.0, NORTH, 8.0, 0)
    ahead = ways.straight(junction=(40.0, 60.0))
    assert not blocked(ahead, from_the_side, signs=NO_SIGN)
    left = ways.straight(junction=(40.0, 60.0), option=RoadOption.LEFT)
    assert not blocked(left, from_the_side, signs=NO_SIGN)


def test_our_own_way_is_no_conflict() -> None:
    route = ways.straight(junction=(40.0, 60.0))
    assert not blocked(route, (10.0, 0.0, 0.0, 8.0, 0))
