import math

import numpy as np
import pytest

from sims.carla.expert.forecast import arrival, conflict, turn_forecast
from tests.sims.carla.expert import ways

NORTH, SOUTH = math.pi / 2, -math.pi / 2


def look(*rows, speed=8.0, patient=False, turn=None):
    seen = ways.others(*rows)
    turn = np.zeros(len(rows)) if turn is None else np.array(turn)
    return conflict(ways.straight(), 0.0, ways.ego(speed=speed), seen, turn, 10.0, patient)


def test_arrival_by_hand() -> None:
    # from 4 m/s at 2 m/s^2 up to 8: 12 m in 2 s, then 8 m/s
    np.testing.assert_allclose(
        arrival(np.array([-3.0, 0.0, 5.0, 12.0, 28.0]), 4.0, 8.0, 2.0), [0, 0, 1, 2, 4]
    )
    # who is too fast already keeps the speed
    np.testing.assert_allclose(arrival(np.array([20.0]), 10.0, 5.0, 2.0), [2.0])


def test_forecast_on_a_circle_and_straight_on() -> None:
    # 10 m/s at 0.5 rad/s is a circle of 20 m: after pi seconds a quarter, at (20, 20)
    xy, yaw = turn_forecast(
        np.zeros((2, 2)),
        np.zeros(2),
        np.array([[10.0, 0.0], [10.0, 0.0]]),
        np.array([0.5, 0.0]),
        np.array([0.0, math.pi]),
    )
    np.testing.assert_allclose(xy[1], [[20, 20], [10 * math.pi, 0]], atol=1e-9)
    np.testing.assert_allclose(yaw[1], [math.pi / 2, 0], atol=1e-12)


def test_nobody_is_no_conflict() -> None:
    assert look() == math.inf


def test_somebody_who_crosses_when_we_come() -> None:
    # Both come after about 2.3 s. The ego's front meets the other's side at 20 - 1.0 - 2.4 = 16.6 m.
    assert look((20.0, -14.0, NORTH, 6.0, 0)) == 17.0


@pytest.mark.parametrize(
    "row",
    [
        (20.0, -40.0, NORTH, 6.0, 0),  # comes long after us
        (20.0, 8.0, NORTH, 6.0, 0),  # has gone
        (20.0, -14.0, SOUTH, 6.0, 0),  # drives away
        (20.0, -14.0, NORTH, 0.0, 0),  # stands beside the way
        (20.0, 0.0, 0.0, 4.0, 0),  # a leader is IDM's business
        (-10.0, -3.5, 0.0, 12.0, 0),  # overtakes in the next lane
        (40.0, -3.5, math.pi, 12.0, 0),  # comes towards us in its own lane
    ],
)
def test_those_who_are_no_conflict(row: tuple) -> None:
    assert look(row) == math.inf


def test_a_walker_needs_more_room_unless_it_stays() -> None:
    beside = (15.0, 2.2, NORTH, 0.0, 1)  # 2.2 - 0.2 - 0.9 < 1.35, but 2.2 - 0.2 - 0.3 > 1.35
    assert look(beside) < 15.0
    assert look(beside, patient=True) == math.inf


def test_a_turn_away_is_seen() -> None:
    towards = (20.0, -14.0, NORTH, 6.0, 0)
    assert look(towards, turn=[0.0]) < math.inf
    assert look(towards, turn=[-0.9]) == math.inf


def test_who_drives_into_us_where_we_stand_cannot_be_helped() -> None:
    assert look((0.0, -6.0, NORTH, 6.0, 0), speed=0.0) == math.inf
