import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landward.buffers import DelayBuffer, HistoryBuffer


def run_delay(lags, frames, first):
    """Outputs of a line of one column an environment."""
    lags = np.asarray(lags, np.float32)[:, None]
    line = DelayBuffer(len(lags), 1, float(lags.max()), np, None)
    line.fill(slice(None), np.full((len(lags), 1), first, np.float32), lags)
    return [line.push(np.full((len(lags), 1), frame, np.float32))[:, 0].tolist() for frame in frames]


def test_lags_of_whole_and_broken_steps():
    # Lag 0.25: 0.75 x[t] + 0.25 x[t-1]; lag 1.5: the mean of x[t-1] and x[t-2].
    out = run_delay([0.0, 0.25, 1.0, 1.5], [10.0, 20.0, 40.0], first=2.0)
    assert out[0] == [10.0, 8.0, 2.0, 2.0]
    assert out[1] == [20.0, 17.5, 10.0, 6.0]
    assert out[2] == [40.0, 35.0, 20.0, 15.0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 4.0, width=32), min_size=1, max_size=5), st.integers(1, 12))
def test_a_ramp_comes_out_shifted_by_the_lag(lags, steps):
    """Linear interpolation of a ramp is exact, so after ceil(lag) steps the output is t - lag."""
    outputs = run_delay(lags, range(steps), first=0.0)
    for t, row in enumerate(outputs):
        for lag, value in zip(np.float32(lags).tolist(), row, strict=True):
            # Before that, the frames are the one it was filled with: the ramp is flat at 0.
            whole = int(lag)
            expected = (1 - lag + whole) * max(t - whole, 0) + (lag - whole) * max(t - whole - 1, 0)
            assert value == pytest.approx(expected, abs=1e-5)


def test_fill_touches_only_the_named_environments():
    line = DelayBuffer(3, 2, 2.0, np, None)
    line.fill(slice(None), np.zeros((3, 2), np.float32), np.full((3, 2), 2.0, np.float32))
    for t in (1.0, 2.0, 3.0):
        line.push(np.full((3, 2), t, np.float32))
    line.fill(np.array([1]), np.full((1, 2), 9.0, np.float32), np.array([[1.0, 2.0]], np.float32))
    assert line.push(np.full((3, 2), 4.0, np.float32)).tolist() == [[2, 2], [9, 9], [2, 2]]
    assert line.push(np.full((3, 2), 5.0, np.float32)).tolist() == [[3, 3], [4, 9], [3, 3]]
    assert line.push(np.full((3, 2), 6.0, np.float32)).tolist() == [[4, 4], [5, 4], [4, 4]]


def test_history_is_oldest_first_block_by_block():
    window = HistoryBuffer(1, widths=(2, 1), lengths=(3, 2), xp=np, device=None)
    window.fill(slice(None), np.array([[1.0, 2.0, 3.0]], np.float32))
    assert window.window.tolist() == [[1, 2, 1, 2, 1, 2, 3, 3]]
    assert window.push(np.array([[4.0, 5.0, 6.0]], np.float32)).tolist() == [[1, 2, 1, 2, 4, 5, 3, 6]]
    assert window.push(np.array([[7.0, 8.0, 9.0]], np.float32)).tolist() == [[1, 2, 4, 5, 7, 8, 6, 9]]


def test_history_hands_out_copies():
    window = HistoryBuffer(1, widths=(1,), lengths=(2,), xp=np, device=None)
    window.push(np.ones((1, 1), np.float32))[:] = 7.0
    assert window.window.tolist() == [[0, 1]]
    window.window[:] = 7.0
    assert window.push(np.zeros((1, 1), np.float32)).tolist() == [[1, 0]]


def test_states_are_copies_and_continue():
    line = DelayBuffer(1, 1, 1.5, np, None)
    line.fill(slice(None), np.zeros((1, 1), np.float32), np.full((1, 1), 1.5, np.float32))
    line.push(np.full((1, 1), 4.0, np.float32))
    state = line.state_dict()
    frames = [np.full((1, 1), value, np.float32) for value in (5.0, 7.0, 11.0)]
    expected = [line.push(frame).item() for frame in frames]
    other = DelayBuffer(1, 1, 1.5, np, None)
    other.load_state_dict(state)
    assert [other.push(frame).item() for frame in frames] == expected == [2.0, 4.5, 6.0]
