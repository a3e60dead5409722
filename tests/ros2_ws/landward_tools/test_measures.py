import numpy as np
import pytest

from landward_tools import measures
from landward_tools.bag import Joints, Observations, Vectors

S = 10**9


def seconds(*values):
    return np.array([round(value * S) for value in values], np.int64)


def vectors(times, values):
    return Vectors(seconds(*times), seconds(*times), np.array(values, np.float64).reshape(len(times), 3))


def observations(times, ticks):
    return Observations(seconds(*times), seconds(*times) // 1000, np.array(ticks), {})


def test_a_walk_ends_at_a_reset_and_at_a_stop():
    walk = observations((1.0, 1.1, 1.2, 1.3, 1.4, 3.0, 3.1), (0, 1, 2, 0, 1, 2, 3))
    spans = measures.walking_spans(walk)
    # A reset between 1.2 and 1.3 s, silence between 1.4 and 3.0 s.
    assert (spans == np.stack([seconds(1.0, 1.3, 3.0), seconds(1.2, 1.4, 3.1)], axis=1)).all()


def test_no_inference_is_no_walk():
    assert measures.walking_spans(observations((), ())).shape == (0, 2)


def test_a_command_repeated_with_the_same_values_is_not_new():
    commands = vectors((1.0, 2.0, 3.0), [[1, 0, 0], [1, 0, 0], [2, 0, 0]])
    held, since = measures.held_commands(seconds(0.5, 2.5, 3.0), commands)
    assert np.isnan(held[0]).all()
    assert (held[1:, 0] == [1, 2]).all()
    assert (since[1:] == seconds(1.0, 3.0)).all()


def test_errors_leave_out_two_seconds_of_each_command_and_of_the_walk():
    # The policy walks from 1 s to 10 s; commands at 0 s and 5 s; one velocity a second.
    times = tuple(range(12))
    velocity = vectors(times, [[0.1 * t, 0, 0] for t in times])
    commands = vectors((0.0, 5.0), [[0.2, 0, 0], [0.5, 0, 0]])
    errors, count = measures.settled_errors(velocity, commands, np.array([[1 * S, 10 * S]]))
    # Counted: 3 and 4 s (walk began at 1 s), 7 to 10 s (command at 5 s).
    assert errors[:, 0] == pytest.approx([0.1, 0.2, 0.2, 0.3, 0.4, 0.5])
    assert count == 2
    rmse = measures.root_mean_square(errors)
    assert rmse["vx"] == pytest.approx(np.sqrt((0.01 + 0.04 + 0.04 + 0.09 + 0.16 + 0.25) / 6))
    assert rmse["vy"] == rmse["wz"] == 0.0


def test_nothing_measured_is_nan_not_zero():
    empty = vectors((), ())
    errors, count = measures.settled_errors(empty, empty, np.zeros((0, 2), np.int64))
    assert count == 0
    assert all(np.isnan(value) for value in measures.root_mean_square(errors).values())
    assert all(np.isnan(value) for value in measures.percentiles(np.zeros(0)).values())
    assert np.isnan(measures.rate(seconds(1.0)))


def test_latency_counts_position_targets_only():
    damping = np.full((1, 2), np.nan)
    position = np.concatenate([np.zeros((2, 2)), damping])
    commands = Joints(
        ("a", "b"), seconds(1.002, 2.004, 3.5), seconds(1.0, 2.0, 3.0), position, position, position
    )
    latency = measures.latencies(commands)
    assert latency == pytest.approx([0.002, 0.004])
    # Linear between the two: the 99th percentile is 2 + 0.99 * 2 ms.
    assert measures.percentiles(latency) == pytest.approx({"p50": 3.0, "p99": 3.98, "max": 4.0})


def test_rate_leaves_stops_out():
    # Five periods of 20 ms and a stop of 2 s.
    assert measures.rate(seconds(0.0, 0.02, 0.04, 0.06, 2.06, 2.08, 2.1)) == pytest.approx(50.0)
