"""Evaluation metrics against numbers computed by hand."""

import numpy as np
import pytest

from sims.evaluate import metrics


def test_squared_errors_stop_at_the_fall():
    velocity = np.zeros((3, 2, 3))
    velocity[:, 0, 0] = [1.0, 2.0, 50.0]
    command = np.array([[0.5, 0.0, 0.1], [0.0, 0.2, 0.0]])
    alive = np.array([[True, True], [True, True], [False, True]])
    squares, steps = metrics.squared_errors(velocity, command, alive)
    np.testing.assert_allclose(squares, [[0.25 + 2.25, 0.0, 0.02], [0.0, 0.12, 0.0]])
    np.testing.assert_array_equal(steps, [2, 3])


def test_cost_of_transport():
    # |2 * 3| + |-4 * 1| = 10 W at 0.5 m/s with 10 kg: 10 / (10 * 9.81 * 0.5).
    torque = np.tile([2.0, -4.0], (5, 1, 1))
    joint_vel = np.tile([3.0, 1.0], (5, 1, 1))
    velocity = np.tile([0.3, 0.4, 9.0], (5, 1, 1))
    alive = np.ones((5, 1), bool)
    cost = metrics.cost_of_transport(torque, joint_vel, velocity, alive, 10.0)
    assert cost[0] == pytest.approx(10.0 / (10.0 * 9.81 * 0.5))
    assert np.isnan(metrics.cost_of_transport(torque, joint_vel, 0 * velocity, alive, 10.0)[0])


def test_duty_factor_and_trot_share():
    # Feet FL FR RL RR; a trot for two steps, all down for one, a pace for one.
    contact = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1], [1, 0, 1, 0]], bool)[:, None, :]
    alive = np.ones((4, 1), bool)
    pairs = ((0, 3), (1, 2))
    np.testing.assert_allclose(metrics.duty_factors(contact, alive), [[0.75, 0.5, 0.75, 0.5]])
    np.testing.assert_allclose(metrics.trot_share(contact, alive, pairs), [0.5])
    alive[3] = False
    np.testing.assert_allclose(metrics.trot_share(contact, alive, pairs), [2 / 3])


def test_swing_peaks_need_lift_off_touch_down_and_three_steps():
    #          start in the air | a swing of 3 with peak 7 | a bounce of 1 | a swing that never ends
    contact = np.array([0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], bool)[:, None, None]
    height = np.array([9, 0, 3, 7, 4, 0, 8, 0, 9, 9, 9, 9], float)[:, None, None]
    alive = np.ones((12, 1), bool)
    peaks, episodes = metrics.swing_peaks(contact, height, alive)
    np.testing.assert_array_equal(peaks, [7.0])
    np.testing.assert_array_equal(episodes, [0])
    alive[4:] = False
    assert len(metrics.swing_peaks(contact, height, alive)[0]) == 0


def test_standing_figures():
    contact = np.array([[1, 1], [1, 0], [1, 1], [1, 1]], bool)[:, None, :]
    velocity = np.array([[0.0, 0.0], [0.06, 0.0], [0.06, 0.08], [0.0, 0.08]])[:, None, :]
    position = np.array([[1.0, 1.0], [1.0, 1.0], [1.2, 1.0], [1.3, 1.4]])[:, None, :]
    alive = np.ones((4, 1), bool)
    np.testing.assert_allclose(metrics.all_feet_down(contact, alive), [0.75])
    np.testing.assert_allclose(metrics.drift_speed(velocity, alive), [0.05])
    np.testing.assert_allclose(metrics.displacement(position, alive), [0.5])


def test_moving_and_violations():
    np.testing.assert_array_equal(metrics.moving(np.array([[0.3, 0.3, 0], [0.1, 0, 0.8]])), [True, False])
    np.testing.assert_array_equal(
        metrics.violated_steps(np.array([[-1, 0], [-1, 0.1], [-1, np.nan]])), [False, True, True]
    )


def test_an_episode_that_fell_while_settling_has_no_figures():
    alive = np.zeros((4, 1), bool)
    contact = np.ones((4, 1, 4), bool)
    assert np.isnan(metrics.all_feet_down(contact, alive)[0])
    assert np.isnan(metrics.duty_factors(contact, alive)).all()
    assert np.isnan(metrics.drift_speed(np.ones((4, 1, 3)), alive)[0])
    assert np.isnan(metrics.displacement(np.ones((4, 1, 3)), alive)[0])
