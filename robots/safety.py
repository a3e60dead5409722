"""What a robot's safety monitor enforces whichever policy drives it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from landward.errors import SpecError

PER_JOINT = ("target_rate", "velocity", "effort", "damping")
"""Fields with one entry a joint."""


@dataclass(frozen=True)
class Safety:
    """Limits of the monitor and of the drive's safe state. Joint tuples follow `Robot.joint_names`.

    Raises:
        SpecError: a number that is negative, zero where that makes no sense, or not finite.
    """

    tilt: float
    """Largest angle between the body's z axis and the vertical [rad]."""
    target_rate: tuple[float, ...]
    """Fastest change of a joint's position target [rad/s]."""
    velocity: tuple[float, ...]
    """Largest measured joint speed [rad/s]."""
    effort: tuple[float, ...]
    """Largest joint torque, measured and predicted [N m]."""
    position_margin: float
    """How far a measured position may be outside the joint's limits [rad]."""
    damping: tuple[float, ...]
    """Gain of the safe state: torque = -damping * joint velocity, no stiffness [N m s/rad]."""
    stand_speed: float
    """Fastest joint while the robot is brought to its standing pose [rad/s]."""
    sensor_age: float
    """Oldest measurement that a command may rest on [s]."""
    sensor_rate: float
    """How often the robot publishes its joints and its IMU [Hz]."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            for number in value if isinstance(value, tuple) else (value,):
                if (
                    not math.isfinite(number)
                    or number < 0.0
                    or (number == 0.0 and field.name != "position_margin")
                ):
                    raise SpecError(f"safety: {field.name} must be positive and finite, got {number}")
