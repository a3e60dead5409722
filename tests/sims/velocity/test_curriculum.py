import numpy as np
import pytest

from landward.array import NumpyRandom
from landward.errors import LandwardError
from sims.terrain import Terrain
from sims.velocity.curriculum import TerrainLevels


def terrain(levels=4, kinds=("slope", "stairs", "stairs")):
    origins = np.arange(levels * len(kinds) * 3, dtype=np.float32).reshape(levels, len(kinds), 3)
    return Terrain(heights=np.zeros((2, 2), np.float32), origins=origins, kinds=kinds, tile=6.0)


def make(num_envs=6, seed=0, **kwargs):
    return TerrainLevels(terrain(), num_envs, NumpyRandom(seed), **kwargs)


def test_kinds_are_spread_evenly_and_levels_start_low():
    levels = make(300, start_level=1)
    assert np.bincount(levels.kinds).tolist() == [100, 100, 100]
    assert set(levels.levels.tolist()) == {0, 1}
    assert set(make(300).levels.tolist()) == {0, 1}


def test_origins_follow_level_and_kind():
    levels = make()
    levels.assign(np.array([0, 1, 2, 0, 1, 2]), 2)
    # Tile (level 2, kind k) is the (6 + k)-th triple.
    assert levels.origins(np.array([1, 5])).tolist() == [[21.0, 22.0, 23.0], [24.0, 25.0, 26.0]]


def test_up_beyond_half_a_tile_down_below_half_of_the_command():
    levels = make()
    levels.levels[:] = 1
    walked = np.array([3.1, 3.0, 2.0, 4.0, 1.9], np.float32)
    commanded = np.array([3.0, 3.0, 4.0, 20.0, 4.0], np.float32)
    levels.update(np.arange(5), walked, commanded)
    # 3.1 > 3: up; 3.0 is not; 2.0 is not below 2.0; 4.0 > 3: up; 1.9 < 2: down; the last: not asked
    assert levels.levels.tolist() == [2, 1, 1, 2, 0, 1]


def test_nobody_falls_below_the_first_level():
    levels = make()
    levels.levels[:] = 0
    levels.update(np.arange(6), np.zeros(6), np.ones(6))
    assert levels.levels.tolist() == [0] * 6


def test_whoever_passes_the_last_level_goes_to_a_random_one():
    levels = make(4000)
    levels.levels[:] = 3
    levels.update(np.arange(4000), np.full(4000, 9.0), np.zeros(4000))
    counts = np.bincount(levels.levels, minlength=4)
    assert len(counts) == 4 and (np.abs(counts - 1000) < 150).all()


def test_means_for_the_log():
    levels = make()
    levels.levels[:] = [0, 1, 3, 2, 1, 3]
    assert levels.mean_level == pytest.approx(10 / 6)


def test_assigned_tiles_stay():
    levels = make()
    levels.assign([0, 1, 2, 2, 1, 0], [0, 1, 2, 3, 0, 1])
    levels.update(np.arange(6), np.full(6, 9.0), np.zeros(6))
    assert levels.levels.tolist() == [0, 1, 2, 3, 0, 1] and levels.kinds.tolist() == [0, 1, 2, 2, 1, 0]


def test_state_goes_through_a_checkpoint():
    levels, other = make(seed=0), make(seed=1)
    levels.levels[:] = [0, 1, 2, 3, 0, 1]
    other.load_state_dict(levels.state_dict())
    assert other.levels.tolist() == levels.levels.tolist() and not other.frozen
    with pytest.raises(LandwardError, match="4 environments need as many kinds"):
        make(4).load_state_dict(levels.state_dict())


def test_unknown_tiles_are_refused():
    with pytest.raises(LandwardError, match="start level 4"):
        make(start_level=4)
    with pytest.raises(LandwardError, match="levels are 0 to 3"):
        make().assign(np.zeros(6, int), 4)
    with pytest.raises(LandwardError, match="columns 0 to 2"):
        make().assign(np.full(6, 3), 0)


def test_levels_can_live_on_torch():
    torch = pytest.importorskip("torch")
    from landward.array import TorchRandom

    levels = TerrainLevels(terrain(), 6, TorchRandom(0))
    levels.levels[:] = 1
    levels.update(torch.arange(2), torch.tensor([3.1, 0.0]), torch.tensor([1.0, 1.0]))
    assert levels.levels.tolist() == [2, 0, 1, 1, 1, 1]
    assert levels.origins(torch.tensor([0])).tolist() == [[18.0, 19.0, 20.0]]
    levels.load_state_dict(levels.state_dict())
    assert levels.mean_level == pytest.approx(1.0)
