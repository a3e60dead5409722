import math

import numpy as np
import pytest

from landward.errors import SpecError
from sims.terrain import FLAT, Terrain
from sims.velocity.height_scan import HeightScan, mirror_permutation, point_name

SMALL = HeightScan(x=(0.0, 0.4), y=(-0.2, 0.2), spacing=0.2)


def quat(yaw=0.0, pitch=0.0):
    """Yaw about the world's z, then pitch about the body's y."""
    cy, sy, cp, sp = math.cos(yaw / 2), math.sin(yaw / 2), math.cos(pitch / 2), math.sin(pitch / 2)
    return np.array([[cy * cp, -sy * sp, cy * sp, sy * cp]], np.float32)


def plane(grade_x=0.0, grade_y=0.0):
    """Ground that rises by a constant grade along x and y."""
    axis = (np.arange(81) - 40) * 0.1
    heights = (grade_x * axis[None, :] + grade_y * axis[:, None]).astype(np.float32)
    return Terrain(heights=heights, cell=0.1)


def test_points_are_named_row_by_row():
    assert SMALL.names[:4] == ("x+0.00_y-0.20", "x+0.00_y+0.00", "x+0.00_y+0.20", "x+0.20_y-0.20")
    assert SMALL.names[-1] == "x+0.40_y+0.20" and len(SMALL.names) == 9
    np.testing.assert_allclose(SMALL.points[3], [0.2, -0.2])
    assert len(HeightScan().names) == 13 * 9 and len(set(HeightScan().names)) == 13 * 9
    assert point_name(-1e-9, -0.0) == "x+0.00_y+0.00"


def test_on_the_plane_every_point_reads_the_height_of_the_base():
    scan = SMALL.measure(
        FLAT, np.array([[3.0, 4.0, 0.28], [0.0, 0.0, 0.5]], np.float32), np.repeat(quat(1.0), 2, 0)
    )
    assert scan.shape == (2, 9) and scan.dtype == np.float32
    np.testing.assert_allclose(scan, [[0.28] * 9, [0.5] * 9])


def test_a_slope_ahead_reads_lower_ahead():
    scan = SMALL.measure(plane(grade_x=0.5), np.array([[1.0, 0.0, 1.0]], np.float32), quat())
    # Ground below the base 0.5; 0.2 m ahead 0.6; 0.4 m ahead 0.7.
    np.testing.assert_allclose(scan[0].reshape(3, 3), [[0.5] * 3, [0.4] * 3, [0.3] * 3], atol=1e-5)


def test_the_grid_turns_with_the_yaw_but_not_with_the_pitch():
    # Facing +y, the rise along y is ahead and the rise along x is to the right.
    ground, base = plane(grade_x=0.25, grade_y=0.5), np.array([[0.0, 0.0, 1.0]], np.float32)
    scan = SMALL.measure(ground, base, quat(yaw=math.pi / 2, pitch=0.4))[0].reshape(3, 3)
    np.testing.assert_allclose(scan[:, 1], [1.0, 0.9, 0.8], atol=1e-5)
    # y = -0.2 is right: 0.2 m further along x, 0.05 m higher.
    np.testing.assert_allclose(scan[0], [0.95, 1.0, 1.05], atol=1e-5)


def test_the_mirror_swaps_left_and_right():
    permutation = mirror_permutation(SMALL.names)
    assert permutation == (2, 1, 0, 5, 4, 3, 8, 7, 6)
    base = np.array([[0.0, 0.0, 1.0]], np.float32)
    left = SMALL.measure(plane(grade_x=0.3, grade_y=0.5), base, quat())
    right = SMALL.measure(plane(grade_x=0.3, grade_y=-0.5), base, quat())
    np.testing.assert_allclose(left[:, list(permutation)], right, atol=1e-5)


def test_a_scan_of_many_robots_gives_what_single_scans_give():
    rng = np.random.default_rng(0)
    ground, scan = plane(0.2, -0.3), HeightScan()
    pos = rng.uniform(-3, 3, (400, 3)).astype(np.float32)
    turns = np.concatenate([quat(yaw) for yaw in rng.uniform(-3, 3, 400)])
    singles = [scan.measure(ground, pos[i : i + 1], turns[i : i + 1])[0] for i in range(400)]
    np.testing.assert_allclose(scan.measure(ground, pos, turns), singles, atol=1e-6)


def test_grids_that_cannot_be_are_refused():
    with pytest.raises(SpecError, match=r"x = 0.0 to 0.5 m is not a whole number of spacings of 0.2 m"):
        _ = HeightScan(x=(0.0, 0.5), spacing=0.2).points
    with pytest.raises(SpecError, match="no mirror image"):
        mirror_permutation(HeightScan(y=(-0.2, 0.4)).names)


def test_torch_gives_the_same():
    torch = pytest.importorskip("torch")
    place, turned = np.array([[0.3, -0.2, 0.4]], np.float32), quat(0.7, 0.2)
    for ground in (FLAT, plane(0.2, -0.1)):
        theirs = SMALL.measure(ground, torch.from_numpy(place), torch.from_numpy(turned))
        np.testing.assert_allclose(theirs.numpy(), SMALL.measure(ground, place, turned), atol=2e-5)
