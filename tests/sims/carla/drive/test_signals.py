"""Stop lines, and which of them a route crosses."""

import numpy as np
import pytest

from sims.carla.drive.signals import GREEN, OFF, RED, STOP, crossings, in_line_frame
from tests.sims.carla.drive.scenes import loop, stop_lines, straight


def test_crossings_in_order_and_only_those_of_this_lane_and_direction():
    lines = stop_lines(
        (60.0, 0.5, 0.0, RED), (20.0, 0.0, 0.1, STOP), (40.0, 0.0, np.pi, RED), (30.0, 3.5, 0.0, RED)
    )
    found = crossings(lines, straight())
    assert found.s == pytest.approx([20.0, 60.0])
    assert found.line.tolist() == [1, 0]


def test_a_loop_crosses_a_line_twice():
    found = crossings(stop_lines((50.0, 50.0, np.pi / 2, RED)), loop())
    assert found.s == pytest.approx([25.0 * np.pi, 125.0 * np.pi], abs=1.0)


def test_states_are_read_near_the_ego_only():
    lines = stop_lines((10.0, 0.0, 0.0, GREEN), (500.0, 0.0, 0.0, RED), (0.0, 0.0, 0.0, STOP))
    assert lines.states(np.zeros(2)).tolist() == [GREEN, OFF, STOP]


def test_line_frame():
    lines = stop_lines((10.0, 0.0, np.pi / 2, RED))
    beyond, right = in_line_frame(lines, np.array([9.0, 3.0]))
    assert (beyond[0], right[0]) == pytest.approx((3.0, 1.0))  # driving +y, -x is on the right


def test_no_lines():
    assert crossings(stop_lines(), straight()).s.shape == (0,)
