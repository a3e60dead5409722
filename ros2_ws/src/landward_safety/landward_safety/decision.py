"""What the monitor says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landward_safety.reasons import Fault


@dataclass(frozen=True, slots=True)
class Decision:
    """What to send to the robot now."""

    position: np.ndarray | None = None
    """(J,) target [rad]; None is damping."""
    clamped: tuple[str, ...] = ()
    """Warnings of this command, from reasons.WARNINGS."""
    fault: Fault | None = None
    """The latched fault; then `position` is None."""
    refused: str = ""
    """Why a position target did not arm the robot."""
