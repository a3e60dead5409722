import numpy as np
import pytest

from sims.carla.drive.route import RoadOption
from sims.carla.expert.lane_change import changing_to, lane_taken
from tests.sims.carla.expert import ways


def changing(option: RoadOption):
    """Changes lanes from 30 to 55 m."""
    route = ways.straight()
    route.options[30:56] = option
    return route


def test_when_a_change_begins() -> None:
    left = changing(RoadOption.CHANGELANELEFT)
    assert [changing_to(left, s) for s in (10.0, 26.0, 30.0, 37.0, 39.0, 70.0)] == [0, 1, 1, 1, 0, 0]
    assert changing_to(changing(RoadOption.CHANGELANERIGHT), 28.0) == -1
    assert changing_to(ways.straight(), 28.0) == 0


def test_a_route_that_begins_with_a_change() -> None:
    route = ways.straight()
    route.options[:25] = RoadOption.CHANGELANERIGHT
    assert [changing_to(route, s) for s in (0.0, 5.0, 12.0)] == [-1, -1, 0]


# The ego drives 8 m/s at x = 0 and is 4.8 m long, as the others are; y is to the RIGHT here.
@pytest.mark.parametrize(
    ("row", "taken"),
    [
        ((0.0, -3.5, 0.0, 8.0, 0), True),  # beside
        ((5.5, -3.5, 0.0, 8.0, 0), True),  # 0.7 m before us
        ((7.0, -3.5, 0.0, 8.0, 0), False),
        ((-7.0, -3.5, 0.0, 8.0, 0), False),  # 2.2 m behind, as fast as we
        ((-7.0, -3.5, 0.0, 10.0, 0), True),  # 2.2 m behind, is here in 1.1 s
        ((-20.0, -3.5, 0.0, 10.0, 0), False),
        ((0.0, 3.5, 0.0, 8.0, 0), False),  # on the other side
        ((0.0, -3.5, np.pi, 8.0, 0), False),  # comes towards us
        ((0.0, -3.5, 0.0, 1.0, 1), False),  # walks
        ((0.0, -8.0, 0.0, 8.0, 0), False),  # one lane farther
    ],
)
def test_the_next_lane(row: tuple, taken: bool) -> None:
    assert lane_taken(1, ways.ego(), ways.others(row)) == taken


def test_nobody() -> None:
    assert not lane_taken(1, ways.ego(), ways.others())
