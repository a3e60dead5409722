"""Numbers from a recording's arrays; times in nanoseconds of ROS time."""

from __future__ import annotations

import numpy as np

from landward_tools.bag import Joints, Observations, Vectors

SETTLE = 2.0
"""[s] Left out after each new command, as in an evaluation."""
GAP = 0.5
"""[s] A longer pause between two messages is a stop, not a slow period."""
AXES = ("vx", "vy", "wz")
_SECOND = 1_000_000_000


def walking_spans(observations: Observations) -> np.ndarray:
    """When the policy ran: (n, 2) [ns], first and last inference of each stretch without reset or stop."""
    if not len(observations.tick):
        return np.zeros((0, 2), np.int64)
    stopped = np.diff(observations.received) > GAP * _SECOND
    breaks = np.flatnonzero((np.diff(observations.tick) <= 0) | stopped)
    first = np.concatenate([[0], breaks + 1])
    last = np.concatenate([breaks, [len(observations.tick) - 1]])
    return np.stack([observations.received[first], observations.received[last]], axis=1)


def held_commands(times: np.ndarray, commands: Vectors) -> tuple[np.ndarray, np.ndarray]:
    """The command in force at each time, and since when it has been the same.

    Args:
        times: (N,) [ns].
        commands: cmd_vel.

    Returns:
        (N, 3) vx, vy [m/s], yaw rate [rad/s], NaN before the first one; (N,) [ns] receipt of the first
        message with these values.
    """
    if not len(commands.received):
        return np.full((len(times), 3), np.nan), np.zeros(len(times), np.int64)
    is_new = np.concatenate([[True], (np.diff(commands.values, axis=0) != 0.0).any(axis=1)])
    values, since = commands.values[is_new], commands.received[is_new]
    index = np.searchsorted(since, times, side="right") - 1
    held = np.where((index >= 0)[:, None], values[index], np.nan)
    return held, since[np.maximum(index, 0)]


def settled_errors(
    velocity: Vectors, commands: Vectors, spans: np.ndarray, settle: float = SETTLE
) -> tuple[np.ndarray, int]:
    """Measured minus commanded velocity while the policy walks and the command is old enough.

    Args:
        velocity: twist in the base frame.
        commands: cmd_vel.
        spans: when the policy walked, (n, 2) [ns].
        settle: [s] left out after a new command and after the start of a walk.

    Returns:
        (N, 3) vx, vy [m/s], yaw rate [rad/s]; and how many commands they come from.
    """
    times = velocity.received
    held, since = held_commands(times, commands)
    span = np.searchsorted(spans[:, 0], times, side="right") - 1
    inside = (span >= 0) & np.isfinite(held).all(axis=1)
    if len(spans):
        inside &= times <= spans[span, 1]
        since = np.maximum(since, spans[span, 0])
    counted = inside & (times - since >= settle * _SECOND)
    return velocity.values[counted] - held[counted], len(np.unique(since[counted]))


def root_mean_square(errors: np.ndarray) -> dict[str, float]:
    """Axis -> RMSE, from (N, 3); NaN where nothing was measured."""
    if not len(errors):
        return dict.fromkeys(AXES, float("nan"))
    return dict(zip(AXES, np.sqrt((errors**2).mean(axis=0)).tolist(), strict=True))


def latencies(commands: Joints) -> np.ndarray:
    """Sensor stamp to receipt of the position target that answers it, (n,) [s]."""
    chosen = commands.is_target
    return (commands.received[chosen] - commands.stamp[chosen]) / _SECOND


def percentiles(values: np.ndarray) -> dict[str, float]:
    """p50, p99 and max in ms, of values in s; NaN where there is none."""
    if not len(values):
        return dict.fromkeys(("p50", "p99", "max"), float("nan"))
    p50, p99 = np.percentile(values, [50.0, 99.0])
    return {"p50": 1e3 * float(p50), "p99": 1e3 * float(p99), "max": 1e3 * float(values.max())}


def rate(received: np.ndarray) -> float:
    """Messages a second [Hz], stops left out; NaN for fewer than two messages."""
    periods = np.diff(received) / _SECOND
    periods = periods[periods <= GAP]
    return len(periods) / float(periods.sum()) if len(periods) and periods.sum() > 0 else float("nan")
