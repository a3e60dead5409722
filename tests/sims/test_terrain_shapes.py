import numpy as np
import pytest

from landward.errors import SpecError
from sims.terrain_shapes import SHAPES, ShapeCfg, grid_points

CELL, TILE = 0.1, 6.0
CENTRE = 30
CFG = ShapeCfg(height_scale=0.5, patch=2.0, rim=0.2, box=0.5, bump=0.2, tread=0.3)


def tile(kind, difficulty, cfg=CFG, seed=0):
    return SHAPES[kind](np.random.default_rng(seed), difficulty, TILE, CELL, cfg)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
def test_every_kind_starts_flat_and_ends_at_zero(kind, difficulty):
    heights = tile(kind, difficulty)
    assert heights.shape == (61, 61) and heights.dtype == np.float32
    assert np.ptp(heights[CENTRE - 10 : CENTRE + 11, CENTRE - 10 : CENTRE + 11]) == 0
    for edge in (heights[:3], heights[-3:], heights[:, :3], heights[:, -3:]):
        assert not edge.any()


@pytest.mark.parametrize("kind", SHAPES)
def test_same_seed_same_tile(kind):
    np.testing.assert_array_equal(tile(kind, 0.7), tile(kind, 0.7))


def test_slope_has_the_grade_of_its_difficulty():
    heights = tile("slope_down", 0.5)
    # Grade 0.2 from x = 1.0 (patch) to 2.8 (rim): 0.36 m high, 2 cm down per 10 cm cell.
    assert heights[CENTRE, CENTRE] == pytest.approx(0.36, abs=1e-6)
    np.testing.assert_allclose(np.diff(heights[CENTRE, 40:59]), -0.02, atol=1e-6)
    np.testing.assert_allclose(tile("slope_up", 0.5), -heights)
    np.testing.assert_allclose(heights, heights.T)


def test_stairs_have_the_height_of_their_difficulty():
    profile = tile("stairs_up", 1.0)[CENTRE, CENTRE:]
    # 1.8 m between patch and rim hold 6 treads of 0.3 m; 0.23 m halved is a rise of 0.115 m each.
    assert profile[0] == pytest.approx(-6 * 0.115, abs=1e-6)
    rises = np.diff(profile)
    assert np.flatnonzero(rises > 1e-6).tolist() == [10, 13, 16, 19, 22, 25]
    np.testing.assert_allclose(rises[rises > 1e-6], 0.115, atol=1e-6)
    np.testing.assert_allclose(tile("stairs_down", 1.0), -tile("stairs_up", 1.0))


def test_easiest_stairs_are_2_5_cm_high():
    rises = np.diff(tile("stairs_down", 0.0)[CENTRE, CENTRE:])
    assert rises.min() == pytest.approx(-0.025, abs=1e-6)


def test_steps_are_boxes_within_their_range():
    heights = tile("steps", 1.0)
    boxes = heights[5:10, 5:10], heights[5:10, 10:15]
    assert all(np.ptp(box) == 0 for box in boxes) and boxes[0][0, 0] != boxes[1][0, 0]
    # 0.2 m halved: up to 10 cm up or down.
    assert 0.08 < np.abs(heights).max() <= 0.1


def test_uneven_ground_is_linear_between_its_knots_and_within_its_range():
    heights = tile("uneven", 1.0)
    # Knots every 2 points; 0.05 m halved.
    outer = heights[6:16, 6:56].astype(float)
    np.testing.assert_allclose(outer[:, 1:-1:2], (outer[:, :-2:2] + outer[:, 2::2]) / 2, atol=1e-6)
    assert 0.02 < np.abs(heights).max() <= 0.025
    assert np.abs(tile("uneven", 0.0)).max() <= 0.005


@pytest.mark.parametrize("kind", ["stairs_up", "steps", "uneven"])
def test_height_scale_scales_heights(kind):
    double = ShapeCfg(height_scale=1.0, patch=2.0, rim=0.2, box=0.5, bump=0.2, tread=0.3)
    np.testing.assert_allclose(tile(kind, 0.3, double), 2 * tile(kind, 0.3), rtol=1e-6)


def test_lengths_that_do_not_fit_are_refused():
    assert grid_points(6.0, 0.075) == 81
    with pytest.raises(SpecError, match=r"6.0 m is not a whole number of cells of 0.07 m"):
        grid_points(6.0, 0.07)
    with pytest.raises(SpecError, match="no room beside its patch"):
        tile("stairs_up", 1.0, ShapeCfg(patch=5.8))
    with pytest.raises(SpecError, match="shape.tread is 0"):
        ShapeCfg(tread=0).validate()
