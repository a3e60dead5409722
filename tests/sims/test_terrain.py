import numpy as np
import pytest

from sims.terrain import FLAT, Terrain

RAMP = Terrain(heights=np.array([[0.0, 1.0], [2.0, 7.0]], np.float32), cell=1.0)


def height(terrain, x, y):
    return float(terrain.height_at(np.array([x, y], np.float32)))


def test_the_plane_is_at_zero_and_endless():
    assert FLAT.height_at(np.full((3, 4, 2), 1e3)).shape == (3, 4)
    assert not FLAT.height_at(np.full((3, 4, 2), 1e3)).any()
    assert not FLAT.outside(np.full((3, 2), 1e3)).any()


def test_heights_lie_on_two_triangles_cut_along_the_rising_diagonal():
    # Corners 0 and 1 (low y), 2 and 7 (high y); the diagonal joins 0 and 7.
    assert height(RAMP, 0.0, 0.0) == pytest.approx(3.5, abs=1e-3)
    # Triangle 0, 1, 7: h = u * 1 + v * 6 at u = 0.75, v = 0.25.
    assert height(RAMP, 0.25, -0.25) == pytest.approx(0.75 + 1.5, abs=1e-3)
    # Triangle 0, 2, 7: h = v * 2 + u * 5 at u = 0.25, v = 0.75.
    assert height(RAMP, -0.25, 0.25) == pytest.approx(1.5 + 1.25, abs=1e-3)


def test_row_is_y_and_column_is_x():
    heights = np.zeros((3, 5), np.float32)
    heights[2, 0] = 1.0
    terrain = Terrain(heights=heights, cell=0.5)
    assert height(terrain, -1.0, 0.5) == pytest.approx(1.0, abs=2e-3)
    assert height(terrain, 1.0, -0.5) == pytest.approx(0.0, abs=2e-3)


def test_beyond_the_border_the_height_stays_and_the_point_is_outside():
    assert height(RAMP, 50.0, 50.0) == pytest.approx(7.0, abs=0.02)
    points = np.array([[0.4, 0.4], [0.6, 0.0], [0.0, -0.6]])
    assert RAMP.outside(points).tolist() == [False, True, True]
    assert RAMP.outside(points, margin=0.2).tolist() == [True, True, True]


def test_a_large_query_gives_what_small_ones_give():
    rng = np.random.default_rng(0)
    terrain = Terrain(heights=rng.normal(size=(40, 30)).astype(np.float32), cell=0.1)
    xy = rng.uniform(-2, 2, (300, 100, 2)).astype(np.float32)
    rows = np.stack([terrain.height_at(row) for row in xy])
    assert terrain.height_at(xy).dtype == np.float32
    np.testing.assert_array_equal(terrain.height_at(xy), rows)


def test_a_nan_position_gives_a_nan_height_and_spares_the_others():
    heights = RAMP.height_at(np.array([[np.nan, 0.0], [0.0, 0.0], [0.0, np.nan]], np.float32))
    assert np.isnan(heights).tolist() == [True, False, True]


def test_torch_gives_the_same():
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    terrain = Terrain(heights=random.normal(size=(7, 9)).astype(np.float32), cell=0.3)
    points = random.uniform(-2.0, 2.0, (50, 4, 2)).astype(np.float32)
    points[0, 0] = np.nan
    for ground in (terrain, FLAT):
        theirs = ground.height_at(torch.from_numpy(points))
        assert theirs.dtype == torch.float32
        np.testing.assert_allclose(theirs.numpy(), ground.height_at(points), atol=2e-5)
        np.testing.assert_array_equal(
            ground.outside(torch.from_numpy(points), 0.1), ground.outside(points, 0.1)
        )
