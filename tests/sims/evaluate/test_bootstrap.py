"""Bootstrap intervals against hand-computed cases."""

import numpy as np
import pytest

from sims.evaluate import bootstrap


def test_every_resample_draws_as_many_episodes_as_there_are():
    counts = bootstrap.draw_counts(7, resamples=50, seed=3)
    assert counts.shape == (50, 7)
    assert (counts.sum(1) == 7).all()


def test_interval_of_two_episodes_by_hand():
    # Two episodes 0 and 1: a resample's mean is 0, 1/2, 1 with probability 1/4, 1/2, 1/4, so the central 95 %
    # is [0, 1] and the central 40 % (from the 30th to the 70th percentile) is [1/2, 1/2].
    wide = bootstrap.mean(np.array([0.0, 1.0]), resamples=4000)
    narrow = bootstrap.mean(np.array([0.0, 1.0]), resamples=4000, confidence=0.4)
    assert (wide.value, wide.low, wide.high) == (0.5, 0.0, 1.0)
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_rmse_pools_the_squares_before_the_root():
    # Squares 4 over 1 step and 0 over 3 steps: sqrt(4 / 4) = 1, not the mean of 2 and 0 weighted otherwise.
    estimate = bootstrap.root_mean_square(np.array([4.0, 0.0]), np.array([1, 3]), "m/s")
    assert estimate.value == pytest.approx(1.0)
    assert (estimate.low, estimate.high) == (0.0, 2.0)
    assert (estimate.unit, estimate.n) == ("m/s", 2)


def test_episodes_that_do_not_count_are_left_out():
    assert bootstrap.mean(np.array([1.0, np.nan, 3.0])).value == pytest.approx(2.0)
    assert bootstrap.ratio(np.array([1.0, 9.0]), np.array([2.0, 0.0])).value == pytest.approx(0.5)
    nothing = bootstrap.mean(np.array([np.nan]))
    assert np.isnan(nothing.value)
    assert nothing.to_dict()["value"] is None


def test_no_event_in_n_is_not_certainty():
    # Clopper-Pearson for 0 of 64: upper bound 1 - 0.025^(1/64) = 5.60 %.
    none = bootstrap.proportion(np.zeros(64, bool))
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(0.0560, abs=1e-4)
    every = bootstrap.proportion(np.ones(64, bool))
    assert (every.value, every.high) == (1.0, 1.0)
    assert every.low == pytest.approx(0.9440, abs=1e-4)
    some = bootstrap.proportion(np.arange(64) < 16)
    assert some.value == pytest.approx(0.25)
    assert some.low < 0.25 < some.high


def test_mean_interval_agrees_with_the_normal_approximation():
    values = np.random.default_rng(0).normal(2.0, 1.0, 400)
    ours = bootstrap.mean(values, resamples=8000)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert ours.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert ours.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_percentile_resamples_episodes_not_values():
    values, episodes = np.array([5.0, 1.0, 1.0, 1.0]), np.array([1, 0, 0, 0])
    estimate = bootstrap.percentile(values, episodes, 10.0, "cm", resamples=500)
    # Three of four values are 1: the 10th percentile is 1. A resample of episode 1 alone (1 in 4) has only 5.
    assert (estimate.value, estimate.low, estimate.high) == (1.0, 1.0, 5.0)
    assert estimate.n == 2
    assert bootstrap.percentile(values, episodes, 80.0, resamples=10).value == 5.0
    assert np.isnan(bootstrap.percentile(np.zeros(0), np.zeros(0, int), 10.0).value)


def test_the_interval_narrows_with_episodes_and_repeats_with_the_seed():
    random = np.random.default_rng(1)
    few, many = bootstrap.mean(random.normal(size=20)), bootstrap.mean(random.normal(size=2000))
    assert many.high - many.low < 0.2 * (few.high - few.low)
    assert bootstrap.mean(np.arange(9.0)) == bootstrap.mean(np.arange(9.0))
