import numpy as np

from sims.velocity.gait import GaitTracker


def test_one_swing():
    gait = GaitTracker(np.ones((1, 4), bool), 0.02, ((0, 3), (1, 2)))
    down, up = np.ones((1, 4), bool), np.array([[False, True, True, True]])
    for height in (0.01, 0.05, 0.03):
        gait.update(up, np.array([[height, 0, 0, 0]], np.float32))
        assert not gait.touchdown.any()
    np.testing.assert_allclose(gait.air_time[0, 0], 0.06)
    gait.update(down, np.array([[0.002, 0, 0, 0]], np.float32))
    assert gait.touchdown.tolist() == [[True, False, False, False]]
    np.testing.assert_allclose(gait.last_air_time[0, 0], 0.06)
    np.testing.assert_allclose(gait.last_peak[0, 0], 0.05)
    gait.update(down, np.zeros((1, 4), np.float32))
    assert not gait.touchdown.any() and gait.air_time[0, 0] == 0 and gait.peak_height[0, 0] == 0


def test_trot_is_one_diagonal_down_and_the_other_up():
    gait = GaitTracker(np.ones((1, 4), bool), 0.02, ((0, 3), (1, 2)))
    contact = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
    assert gait.trotting(contact).tolist() == [True, True, False, False, False]


def test_reset_is_for_the_chosen_only_and_state_round_trips():
    gait = GaitTracker(np.ones((2, 4), bool), 0.02)
    gait.update(np.zeros((2, 4), bool), np.full((2, 4), 0.1, np.float32))
    gait.reset(np.array([0]))
    assert gait.air_time[0].max() == 0 and gait.air_time[1].min() > 0
    other = GaitTracker(np.ones((2, 4), bool), 0.02)
    other.load_state_dict(gait.state_dict())
    np.testing.assert_array_equal(other.air_time, gait.air_time)
