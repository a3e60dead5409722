"""Oriented boxes: overlap and contact points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.carla.server.physics.boxes import Boxes, contact_point, penetration


def _box(x: float, y: float, yaw: float, length: float, width: float) -> Boxes:
    heading = np.exp(1j * np.radians([yaw]))
    return Boxes(np.array([complex(x, y)]), heading, np.array([[length], [width]]))


def test_depth_and_direction_by_hand() -> None:
    depth, normal = penetration(_box(0, 0, 0, 2, 1), _box(3.5, 0, 0, 2, 1))
    assert depth[0] == pytest.approx(0.5)
    assert normal[0] == pytest.approx(1 + 0j)
    depth, normal = penetration(_box(0, 0, 0, 2, 1), _box(0.5, -1.7, 90, 1, 1))
    assert depth[0] == pytest.approx(0.3)
    assert normal[0] == pytest.approx(-1j)


def test_apart_is_below_zero() -> None:
    assert penetration(_box(0, 0, 0, 2, 1), _box(5, 0, 0, 2, 1))[0][0] == pytest.approx(-1.0)


def test_a_turned_box_by_hand() -> None:
    """A square of half size 1 turned by 45 degrees reaches sqrt(2) ahead."""
    depth, _ = penetration(_box(0, 0, 0, 2, 1), _box(3.3, 0, 45, 1, 1))
    assert depth[0] == pytest.approx(2 + np.sqrt(2) - 3.3)


def test_many_against_one() -> None:
    others = Boxes(np.array([1 + 0j, 9 + 0j]), np.ones(2, complex), np.ones((2, 2)))
    depth, normal = penetration(_box(0, 0, 0, 2, 1), others)
    assert depth[0] > 0 > depth[1]
    assert normal.shape == (2,)


def test_contact_point_is_the_middle_of_the_common_part() -> None:
    ours, theirs = (_box(x, y, 0, 2, 1).corners()[:, 0].tolist() for x, y in ((0, 0), (3, 1)))
    assert contact_point(ours, theirs) == pytest.approx(1.5 + 0.5j)


PLACES = st.floats(-4.0, 4.0)
SIZES = st.floats(0.2, 3.0)


@settings(max_examples=200, deadline=None)
@given(PLACES, PLACES, st.floats(-180, 180), SIZES, SIZES)
def test_the_overlap_agrees_with_points(x: float, y: float, yaw: float, length: float, width: float) -> None:
    """Boxes overlap where a fine grid of one's points lies in the other, and the least move parts them."""
    first, second = _box(0, 0, 0, 2, 1), _box(x, y, yaw, length, width)
    depth, normal = penetration(first, second)
    grid = np.linspace(-1, 1, 41)
    points = second.centre + (grid[:, None] * length + 1j * grid[None, :] * width) * second.heading
    inside = (np.abs(points.real) < 2) & (np.abs(points.imag) < 1)
    if inside.any():
        assert depth[0] > 0
    if depth[0] > 0:
        moved = Boxes(second.centre + normal * (depth + 1e-9), second.heading, second.half)
        assert penetration(first, moved)[0][0] < 1e-6


@settings(max_examples=100, deadline=None)
@given(PLACES, PLACES, st.floats(-180, 180), SIZES, SIZES)
def test_both_see_the_same(x: float, y: float, yaw: float, length: float, width: float) -> None:
    first, second = _box(0, 0, 0, 2, 1), _box(x, y, yaw, length, width)
    here, there = penetration(first, second)[0][0], penetration(second, first)[0][0]
    assert here == pytest.approx(there, abs=1e-9)
