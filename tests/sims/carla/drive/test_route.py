"""A route and the ego's place on it."""

import numpy as np
import pytest

from landward.errors import LandwardError
from sims.carla.drive.route import locate, resample
from tests.sims.carla.drive.scenes import loop, straight


def test_place_beside_a_straight_route():
    place = locate(straight(), np.array([12.3, 0.4]), np.radians(10.0))
    assert place.index == 12
    assert place.s == pytest.approx(12.3)
    assert place.offset == pytest.approx(-0.4)  # +y is to the right
    assert place.heading == pytest.approx(-np.radians(10.0))  # a positive CARLA yaw turns right
    assert place.outside == 0.0


def test_place_outside_of_the_lanes():
    route = straight(left=1.75, right=5.25)
    assert locate(route, np.array([5.0, -2.0]), 0.0).outside == pytest.approx(0.25)
    assert locate(route, np.array([5.0, 5.0]), 0.0).outside == 0.0
    assert locate(route, np.array([5.0, 6.0]), 0.0).outside == pytest.approx(0.75)


def test_place_on_a_turned_route():
    place = locate(straight(yaw=np.pi / 2), np.array([1.0, 7.0]), np.pi / 2)
    assert (place.s, place.offset, place.heading) == pytest.approx((7.0, 1.0, 0.0))


def test_hint_keeps_the_lap():
    """A loop passes its start again; the hint tells which time it is."""
    route = loop()
    assert locate(route, np.array([0.0, 0.0]), 0.0, hint=312).s == pytest.approx(100.0 * np.pi, abs=1.0)
    assert locate(route, np.array([0.0, 0.0]), 0.0, hint=0).s == pytest.approx(0.0, abs=1.0)


def test_points_ahead_go_on_beyond_the_end():
    route = straight(20)
    assert route.at(np.array([2.5, 25.0])) == pytest.approx(np.array([[2.5, 0.0], [25.0, 0.0]]))


def test_resample_is_even_and_keeps_options():
    s = np.array([0.0, 1.3, 2.0, 2.0, 5.0])
    points = np.stack((s, 0 * s, 2 * s), axis=-1)
    options = np.array([4, 4, 1, 1, 1], np.int8)
    route = resample("r", points, 0 * s + 1, 0 * s + 2, options, options == 1)
    assert route.xy[:, 0] == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0])
    assert route.z == pytest.approx([0.0, 2.0, 4.0, 6.0, 8.0])
    assert route.options.tolist() == [4, 4, 1, 1, 1]
    assert route.junctions == 1


def test_a_route_needs_some_length():
    points = np.zeros((3, 3))
    points[:, 0] = [0.0, 0.5, 1.0]
    with pytest.raises(LandwardError, match=r"route 'short' is 1\.0 m long; choose a goal"):
        resample("short", points, np.ones(3), np.ones(3), np.zeros(3, np.int8), np.zeros(3, bool))
