"""What the operator commands: one constant velocity, or drawn ones as in `landward eval`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landward.velocity_commands import COMMANDS, draw_commands

SEED = 100
"""The evaluation's own: with it the commands are the first ones that `landward eval` walks."""
HOLD = 10.0
"""[s] How long a drawn command holds: the length of an episode of the evaluation."""


@dataclass(frozen=True)
class Schedule:
    """Piecewise constant commands."""

    commands: tuple[tuple[float, float, float], ...]
    """vx, vy [m/s], yaw rate [rad/s], one after the other."""
    hold: float
    """[s] of each."""

    def at(self, time: float) -> tuple[float, float, float]:
        """The command at a time [s] from the start; the last one stays."""
        return self.commands[min(int(max(time, 0.0) / self.hold), len(self.commands) - 1)]


def constant(command: tuple[float, float, float], seconds: float) -> Schedule:
    """The same command all the time."""
    return Schedule((command,), seconds)


def drawn(seconds: float, seed: int, hold: float = HOLD) -> Schedule:
    """Uniform random commands of the evaluation protocol, as many as it takes; the same seed draws the same.

    Args:
        seconds: to fill [s].
        seed: of the draw, as in the evaluation protocol.
        hold: how long each holds [s].
    """
    # The tolerance: 0.3 / 0.1 is a little below 3 in floating point.
    count = max(math.ceil(seconds / hold - 1e-9), 1)
    rows = draw_commands(COMMANDS, count, seed).tolist()
    return Schedule(tuple((vx, vy, wz) for vx, vy, wz in rows), hold)
