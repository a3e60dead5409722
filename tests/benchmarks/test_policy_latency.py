import numpy as np
import pytest

from benchmarks import policy_latency as latency


def test_ratio_is_the_median_over_pairs_of_blocks():
    # p99 of 100 equal numbers is the number: 2, 1 and 30 times the bare one.
    ours = [np.full(100, 2.0), np.full(100, 1.0), np.full(100, 30.0)]
    bare = [np.full(100, 1.0)] * 3
    assert latency.ratio({latency.OURS: ours, latency.BARE: bare}, 99) == pytest.approx(2.0)
    assert latency.percentile(ours, 50) == 2.0


def test_latencies_use_the_inputs_in_turn():
    seen = []
    inputs = [{"x": np.array([i])} for i in range(3)]
    taken = latency.latencies(lambda fed: seen.append(int(fed["x"][0])), inputs, 7)
    assert seen == [0, 1, 2, 0, 1, 2, 0]
    assert taken.shape == (7,)
    assert (taken > 0).all()
    assert (taken < 1.0).all()
