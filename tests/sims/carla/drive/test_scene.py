"""Lead, lights ahead and forecasts, by hand numbers."""

import numpy as np
import pytest

from sims.carla.drive.scene import NO_COLLISION, time_to_collision
from sims.carla.drive.signals import GREEN, OFF, RED, STOP
from tests.sims.carla.drive.scenes import (
    SIGHT,
    car,
    ego_at,
    road_users,
    scene,
    stop_lines,
    straight,
    walker,
)


def lead(*rows, ego=None, route=None):
    return scene(ego=ego, route=route, others=road_users(*rows)).lead


def test_gap_is_between_bumpers():
    found = lead(car(20.0, 0.3, vx=4.0))
    assert found.present
    assert found.gap == pytest.approx(20.0 - 2.0 - 2.4)
    assert found.speed == pytest.approx(4.0)


def test_the_nearest_counts():
    assert lead(car(30.0, 0.0), car(15.0, 0.0), car(45.0, 0.0)).gap == pytest.approx(15.0 - 4.4)


@pytest.mark.parametrize("row", [car(20.0, 3.5), car(20.0, -3.5, yaw=np.pi), car(-8.0, 0.0), car(70.0, 0.0)])
def test_who_is_beside_behind_or_far_is_no_lead(row):
    found = lead(row)
    assert (found.present, found.gap) == (False, SIGHT)


def test_one_who_crosses_is_as_long_as_it_is_wide():
    found = lead(car(20.0, 2.0, yaw=np.pi / 2, vy=-3.0))
    assert found.gap == pytest.approx(20.0 - 1.0 - 2.4)
    assert found.speed == pytest.approx(0.0, abs=1e-9)


def test_walkers_count():
    assert lead(walker(12.0, 1.0)).gap == pytest.approx(12.0 - 0.2 - 2.4)


def test_the_next_line_of_each_sort():
    lines = stop_lines((30.0, 0.0, 0.0, RED), (20.0, 0.0, 0.0, STOP), (10.0, 0.0, 0.0, GREEN))
    seen = scene(lines=lines)
    assert (seen.light.state, seen.light.distance) == (GREEN, pytest.approx(10.0 - 2.4))
    assert (seen.stop_sign.state, seen.stop_sign.distance) == (STOP, pytest.approx(20.0 - 2.4))


def test_a_line_holds_until_the_tail_has_passed():
    lines = stop_lines((10.0, 0.0, 0.0, RED))
    across = scene(ego=ego_at(x=11.0), lines=lines).light
    assert (across.state, across.distance) == (RED, pytest.approx(-3.4))
    assert scene(ego=ego_at(x=12.0), lines=lines).light.state == OFF


@pytest.mark.parametrize("row", [(20.0, 3.5, 0.0, RED), (20.0, 0.0, np.pi, RED), (80.0, 0.0, 0.0, RED)])
def test_lines_of_other_lanes_or_far_ones_do_not_count(row):
    seen = scene(lines=stop_lines(row)).light
    assert (seen.state, seen.distance, seen.line) == (OFF, SIGHT, -1)


def ttc(ego, *rows):
    return time_to_collision(ego, road_users(*rows), 1.0)


def test_time_to_a_standing_car():
    """Bumpers 3.6 m apart at 10 m/s meet after 0.36 s: first seen at 0.4 s."""
    assert ttc(ego_at(speed=10.0), car(8.0, 0.0)) == pytest.approx(0.4)


def test_time_to_an_oncoming_car():
    """15.6 m at 20 m/s together: 0.78 s, seen at 0.8 s."""
    assert ttc(ego_at(speed=10.0), car(20.0, 0.0, yaw=np.pi, vx=-10.0)) == pytest.approx(0.8)


def test_time_to_a_crossing_walker():
    """It is in the way between y = -1.2 and 1.2 m; 5 m/s from y = 5 m."""
    assert ttc(ego_at(speed=10.0), walker(9.6, 5.0, vy=-5.0)) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("ego", "row"),
    [
        (ego_at(speed=10.0), car(17.0, 0.0)),  # 12.6 m are more than a second
        (ego_at(speed=10.0), car(8.0, 3.0)),
        (ego_at(speed=10.0), car(-6.0, 0.0, vx=30.0)),  # from behind: not the ego's fault
        (ego_at(speed=0.2), car(5.0, 0.0)),
        (ego_at(speed=10.0), car(8.0, 0.0, vx=11.0)),
    ],
)
def test_no_collision_ahead(ego, row):
    assert ttc(ego, row) == NO_COLLISION


def test_the_forecast_follows_the_turn():
    """At 0.9 rad/s to the left the ego leaves the way of a car ahead on its right."""
    obstacle = car(12.0, 1.5)
    assert ttc(ego_at(speed=10.0), obstacle) < 1.0
    assert ttc(ego_at(speed=10.0, yaw_rate=0.9), obstacle) == NO_COLLISION


def test_an_empty_road():
    seen = scene(route=straight(10))
    assert not seen.lead.present
    assert ttc(ego_at(speed=10.0)) == NO_COLLISION
