"""Bounds of the monitor that are no property of the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landward.errors import SpecError


@dataclass(frozen=True)
class MonitorConfig:
    """How patient the monitor is; limits of position, velocity, torque and tilt are in `Robot.safety`.

    Raises:
        SpecError: a bound is not finite or has the wrong sign.
    """

    control_period: float
    """Time between two commands of the policy [s]."""
    deadman_required: bool = False
    """Whether a position target needs somebody who holds the deadman switch."""
    deadman_age: float = 0.2
    """Longest time between two messages of the deadman switch, which sends at 20 Hz or more [s]."""
    soft_grace: float = 0.2
    """A soft constraint of the policy may be violated this long without a break [s]."""
    silent_after: float = 1.5
    """Control periods without a command that are a missed deadline."""
    late_after: float = 1.25
    """Control periods between two commands above which the second is counted as late."""
    command_age: float = 0.0
    """Oldest measurement that a position target may answer [s]; 0 = safety.sensor_age and half a control
    period for the policy and the network."""
    measured_margin: float = 0.1
    """Share of the velocity and torque limits that a measurement may be beyond them: a drive that works at
    its limit is no fault, and its encoder and current sensor are noisy."""

    def __post_init__(self) -> None:
        for name in ("control_period", "deadman_age", "silent_after", "late_after"):
            _check(name, getattr(self, name), positive=True)
        for name in ("soft_grace", "command_age", "measured_margin"):
            _check(name, getattr(self, name), positive=False)
        if self.late_after > self.silent_after:
            raise SpecError(
                f"late_after ({self.late_after:g}) must not be above silent_after ({self.silent_after:g})"
            )


def _check(name: str, value: float, positive: bool) -> None:
    if not math.isfinite(value) or value < 0.0 or (positive and value == 0.0):
        raise SpecError(
            f"{name} must be {'positive' if positive else 'at least 0'} and finite, got {value!r}"
        )
