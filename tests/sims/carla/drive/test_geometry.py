"""Plane geometry by hand numbers."""

import numpy as np
import pytest

from sims.carla.drive.geometry import arc_length, boxes_overlap, corners, to_body, wrap


def test_wrap():
    assert wrap(np.array([3.5 * np.pi, -np.pi, 0.1])) == pytest.approx([-0.5 * np.pi, -np.pi, 0.1])


def test_to_body_is_forward_and_left():
    # The vehicle looks along +y (CARLA: to the right of +x); +x is then on its left.
    body = to_body(np.array([[0.0, 5.0], [3.0, 0.0]]), np.zeros(2), np.pi / 2)
    assert body == pytest.approx(np.array([[5.0, 0.0], [0.0, 3.0]]), abs=1e-12)


def test_corners_of_a_turned_box():
    box = corners(np.array([[1.0, 2.0]]), np.array([np.pi / 2]), np.array([[2.0, 1.0]]))[0]
    # Front right of a box that looks along +y lies at -x.
    assert box == pytest.approx(np.array([[0.0, 4.0], [2.0, 4.0], [2.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize(
    ("xy", "yaw", "meets"),
    [
        ((3.9, 0.0), 0.0, True),
        ((4.1, 0.0), 0.0, False),
        ((0.0, 2.1), 0.0, False),
        ((3.1, 0.0), np.pi / 2, False),  # turned, it reaches only 1 m towards us
        ((2.9, 0.0), np.pi / 2, True),
        ((3.1, 1.6), np.pi / 4, True),
        ((4.0, 2.3), np.pi / 4, False),
    ],
)
def test_boxes_overlap(xy, yaw, meets):
    extent = np.array([2.0, 1.0])
    found = boxes_overlap(np.zeros(2), np.array(0.0), extent, np.array(xy), np.array(yaw), extent)
    assert bool(found) is meets
    other_way = boxes_overlap(np.array(xy), np.array(yaw), extent, np.zeros(2), np.array(0.0), extent)
    assert bool(other_way) is meets


def test_arc_length():
    assert arc_length(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]])) == pytest.approx([0.0, 5.0, 6.0])
