import numpy as np
import pytest

from landward.errors import SpecError
from sims.terrain_grid import TerrainCfg, make_terrain
from sims.terrain_shapes import SHAPES

SMALL = {"kinds": {"stairs_up": 1, "slope_down": 2}, "levels": 3, "start_level": 0}


def test_tiles_are_laid_out_around_the_worlds_origin():
    terrain = make_terrain(TerrainCfg(**SMALL, tile=6.0, border=3.0, cell=0.075))
    assert terrain.kinds == ("stairs_up", "slope_down", "slope_down")
    assert terrain.levels == 3 and terrain.tile == 6.0
    # 3 x 6 m of tiles and 2 x 3 m of border both ways: 24 m / 0.075 m = 320 cells.
    assert terrain.heights.shape == (321, 321)
    assert terrain.origins[0, 0, :2].tolist() == [-6.0, -6.0]
    assert terrain.origins[2, 1, :2].tolist() == [6.0, 0.0]


def test_difficulty_rises_with_the_level():
    origins = make_terrain(TerrainCfg(**SMALL)).origins
    # 1.95 m between patch and rim: 7 stairs; half of 0.05, 0.14 and 0.23 m each.
    np.testing.assert_allclose(origins[:, 0, 2], [-7 * 0.025, -7 * 0.07, -7 * 0.115], atol=1e-6)
    # Grades 0, 0.2 and 0.4.
    np.testing.assert_allclose(origins[:, 1, 2], [0.0, 0.39, 0.78], atol=1e-6)


def test_origins_lie_on_flat_ground():
    terrain = make_terrain(TerrainCfg(levels=2, start_level=0))
    around = terrain.origins[..., None, :2] + np.array([[0, 0], [0.6, 0.6], [-0.6, 0.6], [0.6, -0.6]])
    heights = terrain.height_at(around)
    np.testing.assert_allclose(heights, np.broadcast_to(terrain.origins[..., 2:], heights.shape), atol=1e-4)


def test_seed_makes_the_ground_and_levels_do_not_change_each_other():
    one, two, other = (make_terrain(TerrainCfg(levels=2, start_level=1, seed=s)) for s in (0, 0, 1))
    np.testing.assert_array_equal(one.heights, two.heights)
    assert (one.heights != other.heights).any()
    harder = make_terrain(TerrainCfg(levels=1, start_level=0, difficulty=(0.0, 0.0)))
    np.testing.assert_array_equal(one.heights[40:-40, 40:121], harder.heights[40:-40, 40:121])


def test_default_terrain_has_all_kinds_and_stays_small():
    terrain = make_terrain(TerrainCfg())
    assert set(terrain.kinds) == set(SHAPES) and terrain.origins.shape == (10, 7, 3)
    assert terrain.heights.nbytes < 4e6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kinds": {"lava": 1}}, "terrain.kinds has lava; the kinds are flat"),
        ({"kinds": {"flat": 0}}, "at least one column"),
        ({"kinds": {}}, "at least one column"),
        ({"start_level": 10}, "start_level 10 must be one of the 10 levels"),
        ({"cell": 0.07}, "not a whole number of cells"),
        ({"border": -1.0}, "border -1.0 m not negative"),
    ],
)
def test_impossible_settings_are_named(change, message):
    with pytest.raises(SpecError, match=message):
        make_terrain(TerrainCfg(**change))
