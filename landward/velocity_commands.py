"""The velocity commands of the evaluation protocol, for whoever walks a robot: simulator or operator."""

from __future__ import annotations

import numpy as np

Ranges = tuple[tuple[float, float], ...]
COMMANDS: Ranges = ((0.0, 1.0), (-0.3, 0.3), (-0.8, 0.8))
"""The protocol's commands: vx, vy [m/s], yaw rate [rad/s]."""


def draw_commands(ranges: Ranges, n: int, seed: int) -> np.ndarray:
    """Uniform constant commands, (n, 3) float32: vx, vy [m/s], yaw rate [rad/s]."""
    low, high = np.asarray(ranges, np.float64).T
    return np.random.default_rng(seed).uniform(low, high, (n, 3)).astype(np.float32)
