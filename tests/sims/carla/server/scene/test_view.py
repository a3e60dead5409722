import numpy as np
import pytest

from sims.carla.server.geometry import pose, rotation_matrix
from sims.carla.server.scene.view import FAR, NEAR, clip_matrix, pixels, view_of

LEVEL = view_of(pose(z=2.0), 84, 84, 90.0)


def test_a_point_falls_on_the_pixel_worked_out_by_hand() -> None:
    """f = 42 px; 10 m ahead, 2 m to the right, 1 m above: 42 + 42 * 2 / 10, 42 - 42 * 1 / 10."""
    assert LEVEL.focal == pytest.approx(42.0)
    assert pixels(LEVEL, np.array([[10.0, 2.0, 3.0]]))[0] == pytest.approx([50.4, 37.8, 10.0])


def test_the_field_of_view_is_horizontal() -> None:
    """With 90 degrees, what is as far to the side as ahead is on the edge, whatever the height."""
    wide = view_of(pose(), 800, 200, 90.0)
    assert pixels(wide, np.array([[5.0, 5.0, 0.0], [5.0, -5.0, 0.0]]))[:, 0] == pytest.approx([800.0, 0.0])
    assert pixels(wide, np.array([[5.0, 0.0, 1.25]]))[0, 1] == pytest.approx(0.0)


def test_a_turned_camera_looks_where_its_pose_points() -> None:
    right = view_of(np.array([1.0, 2.0, 3.0, 0.0, 90.0, 0.0]), 100, 50, 60.0)
    assert pixels(right, np.array([[1.0, 12.0, 3.0]]))[0] == pytest.approx([50.0, 25.0, 10.0])
    up = view_of(np.array([0.0, 0.0, 0.0, 30.0, 0.0, 0.0]), 100, 50, 60.0)
    ahead = np.array([[np.cos(np.pi / 6), 0.0, np.sin(np.pi / 6)]])
    assert pixels(up, 7.0 * ahead)[0] == pytest.approx([50.0, 25.0, 7.0])


def test_axes_are_those_of_the_geometry() -> None:
    angles = (12.0, -130.0, 47.0)
    view = view_of(np.array([0.0, 0.0, 0.0, *angles]), 10, 10, 90.0)
    assert view.axes == pytest.approx(rotation_matrix(*angles).T)


def test_depths_run_from_the_near_to_the_far_plane() -> None:
    matrix = clip_matrix(LEVEL)
    for depth, expected in ((NEAR, -1.0), (FAR, 1.0)):
        clip = matrix @ np.array([depth, 0.0, 2.0, 1.0])
        assert clip[2] / clip[3] == pytest.approx(expected)
