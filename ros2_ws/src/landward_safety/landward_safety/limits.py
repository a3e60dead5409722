"""Pure clamps of a position target: joint limits, rate of change, predicted torque, in this order.

Each clamp moves the target to the nearest point of an interval. Where the three intervals of a joint have a
point in common, the result lies in all three, whatever the order; where they have none, no command is safe
and the monitor takes over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from landward.errors import SpecError
from landward_safety.reasons import CLAMPED_POSITION, CLAMPED_RATE, CLAMPED_TORQUE
from robots.robot import Robot

REPORTED = 1e-6
"""A target that is moved by less is not counted as clamped [rad]: policies compute in float32."""
EXACT = 1e-9
"""Rounding error that a clamped target may have beyond an interval [rad]."""


@dataclass(frozen=True)
class Limits:
    """What a command and a measurement must keep to; (J,) arrays in the robot's joint order."""

    names: tuple[str, ...]
    """Joints."""
    low: np.ndarray
    """Lower position limit [rad]."""
    high: np.ndarray
    """Upper position limit [rad]."""
    rate: np.ndarray
    """Largest speed of the target [rad/s]."""
    effort: np.ndarray
    """Largest predicted torque [N m]."""
    stiffness: np.ndarray
    """Proportional gain of the drive [N m/rad]."""
    damping: np.ndarray
    """Derivative gain of the drive [N m s/rad]."""
    measured_low: np.ndarray
    """Lowest measured position [rad]."""
    measured_high: np.ndarray
    """Highest measured position [rad]."""
    measured_velocity: np.ndarray
    """Largest measured speed [rad/s]."""
    measured_effort: np.ndarray
    """Largest measured torque [N m]."""
    tilt: float
    """Largest angle between the body's z axis and the vertical [rad]."""

    @classmethod
    def of(cls, robot: Robot, measured_margin: float) -> Self:
        """The limits of a robot.

        Args:
            robot: its declaration.
            measured_margin: share by which measured velocity and torque may be beyond their limits.

        Raises:
            SpecError: a joint has no stiffness, so that a position target would not move it.
        """
        safety = robot.safety
        low, high = np.array(robot.joint_limits, dtype=np.float64).T
        stiffness = np.array(robot.stiffness, dtype=np.float64)
        if not (stiffness > 0.0).all():
            loose = robot.joint_names[int(np.argmin(stiffness))]
            raise SpecError(
                f"robot {robot.name}: joint {loose} has no stiffness; the monitor bounds position targets"
            )
        velocity, effort = (np.array(item, dtype=np.float64) for item in (safety.velocity, safety.effort))
        return cls(
            names=robot.joint_names,
            low=low,
            high=high,
            rate=np.array(safety.target_rate, dtype=np.float64),
            effort=effort,
            stiffness=stiffness,
            damping=np.array(robot.damping, dtype=np.float64),
            measured_low=low - safety.position_margin,
            measured_high=high + safety.position_margin,
            measured_velocity=velocity * (1.0 + measured_margin),
            measured_effort=effort * (1.0 + measured_margin),
            tilt=safety.tilt,
        )


@dataclass(frozen=True, slots=True)
class Clamped:
    """The target after all clamps."""

    position: np.ndarray | None
    """(J,) [rad]; None where no target keeps to all limits."""
    clamps: tuple[str, ...] = ()
    """Which clamps moved it: CLAMPED_POSITION, CLAMPED_RATE, CLAMPED_TORQUE."""
    conflict: str = ""
    """Why there is no target, naming the joint."""


def clamp_position(target: np.ndarray, limits: Limits) -> np.ndarray:
    """(J,) target within the joint limits [rad]."""
    return np.minimum(np.maximum(target, limits.low), limits.high)


def clamp_rate(target: np.ndarray, last: np.ndarray, step: float, limits: Limits) -> np.ndarray:
    """(J,) target that is no further from the last one than the joint's rate allows [rad].

    Args:
        target: (J,) [rad].
        last: (J,) the command that was really sent last [rad].
        step: time that the step may take [s].
        limits: with the rates.
    """
    reach = limits.rate * step
    return np.minimum(np.maximum(target, last - reach), last + reach)


def clamp_torque(
    target: np.ndarray, position: np.ndarray, velocity: np.ndarray, limits: Limits
) -> np.ndarray:
    """(J,) target whose torque stiffness * (target - q) - damping * qd is within the limits [rad].

    Args:
        target: (J,) [rad].
        position: (J,) measured q [rad].
        velocity: (J,) measured qd [rad/s].
        limits: with gains and torques.
    """
    centre = position + limits.damping * velocity / limits.stiffness
    reach = limits.effort / limits.stiffness
    return np.minimum(np.maximum(target, centre - reach), centre + reach)


def predicted_torque(
    target: np.ndarray, position: np.ndarray, velocity: np.ndarray, limits: Limits
) -> np.ndarray:
    """(J,) torque that the drive will apply [N m]: stiffness * (target - q) - damping * qd."""
    return limits.stiffness * (target - position) - limits.damping * velocity


def clamp(
    target: np.ndarray,
    last: np.ndarray,
    step: float,
    position: np.ndarray,
    velocity: np.ndarray,
    limits: Limits,
) -> Clamped:
    """All three clamps.

    Args:
        target: (J,) what the policy wants [rad], finite.
        last: (J,) the command that was really sent last [rad], within the joint limits.
        step: time that the change may take [s].
        position: (J,) measured [rad].
        velocity: (J,) measured [rad/s].
        limits: of the robot.
    """
    inside = clamp_position(target, limits)
    near = clamp_rate(inside, last, step, limits)
    final = clamp_torque(near, position, velocity, limits)
    # The torque clamp comes last and must not undo the other two; a NaN fails this comparison.
    kept = clamp_rate(clamp_position(final, limits), last, step, limits)
    good = np.abs(kept - final) <= EXACT
    if not good.all():
        joint = int(np.argmin(good))
        return Clamped(None, conflict=_conflict(joint, last, step, position, velocity, limits))
    stages = (
        (CLAMPED_POSITION, target, inside),
        (CLAMPED_RATE, inside, near),
        (CLAMPED_TORQUE, near, final),
    )
    clamps = tuple(name for name, before, after in stages if np.abs(after - before).max() > REPORTED)
    # `kept` is within joint and rate limits exactly, and within the torque limit up to EXACT.
    return Clamped(kept, clamps)


def _conflict(
    joint: int, last: np.ndarray, step: float, position: np.ndarray, velocity: np.ndarray, limits: Limits
) -> str:
    return (
        f"{limits.names[joint]} at {position[joint]:.3f} rad and {velocity[joint]:.2f} rad/s: no target "
        f"within {limits.rate[joint] * step:.3f} rad of the last one ({last[joint]:.3f} rad) and within the "
        f"joint limits keeps the torque within {limits.effort[joint]:g} N m"
    )
