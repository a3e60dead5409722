"""What the stages of a check look at: the rows, what the reference did, what the engine did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robots import Robot
from sims.probe.conventions import Convention
from sims.probe.respond import Response
from sims.probe.rows import Rows

EXACT = 3e-3
"""[rad, rad/s, m, m/s] A reset state is read back within this: float32 and a forward pass."""
FOOT = 0.01
"""[m] Feet of equal poses are this close to each other in two engines."""
HELD = 0.03
"""[rad] A joint that ends this close to where it was has been held; two conventions differ by more."""


@dataclass(frozen=True)
class Case:
    """One engine under check."""

    robot: Robot
    rows: Rows
    known: list[Convention]
    """The declared convention first."""
    reference: Response
    measured: Response
    feet: np.ndarray
    """(C, F, 3) foot positions from the base origin [m] that the reference has when it is put into the uneven
    pose read in each known convention."""

    def foot_offsets(self, rows: np.ndarray) -> np.ndarray:
        """(n, F, 3) measured feet from the declared base positions at the start, world axes [m]."""
        return self.measured.at_start("foot_pos_w")[rows] - self.rows.root_pos[rows][:, None]

    @property
    def joints(self) -> tuple[str, ...]:
        """The declared joint names."""
        return self.robot.joint_names

    def index_at(self, seconds: float) -> int:
        """The entry of a time series at that time."""
        return round(seconds / self.measured.period)


def some(names: list[str], shown: int = 4) -> str:
    """Names in a sentence; the rest is counted."""
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest


def vector(values: np.ndarray) -> str:
    """Numbers in a sentence, such as (0.100, -0.200)."""
    return f"({', '.join(f'{x:.3f}' for x in np.ravel(values))})"
