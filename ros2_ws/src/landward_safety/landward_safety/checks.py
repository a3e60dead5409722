"""Pure checks of measurements and of how old they are; each returns a Finding, or None where all is well."""

from __future__ import annotations

import numpy as np

from landward_ros.samples import ImuSample, JointSample
from landward_safety.limits import Limits
from landward_safety.reasons import (
    COMMAND_NAN,
    JOINT_POSITION,
    JOINT_TORQUE,
    JOINT_VELOCITY,
    SENSOR_MISMATCH,
    SENSOR_NAN,
    TILT,
    Finding,
)


def check_joints(sample: JointSample, limits: Limits) -> Finding | None:
    """The first thing wrong with measured joints: shape, NaN, position, velocity, torque.

    Args:
        sample: in the order of `limits.names`.
        limits: of the robot.
    """
    return (
        check_shapes(sample, len(limits.names))
        or check_finite(sample, limits.names)
        or check_position(sample.position, limits)
        or check_velocity(sample.velocity, limits)
        or check_torque(sample.effort, limits)
    )


def check_shapes(sample: JointSample, count: int) -> Finding | None:
    """Each array of the sample has one number a joint."""
    for what in ("position", "velocity", "effort"):
        shape = np.shape(getattr(sample, what))
        if shape != (count,):
            return Finding(SENSOR_MISMATCH, f"joint_states: {what} has shape {shape} for {count} joints")
    return None


def check_finite(sample: JointSample, names: tuple[str, ...]) -> Finding | None:
    """No NaN and no infinite number in the sample."""
    for what in ("position", "velocity", "effort"):
        values = getattr(sample, what)
        finite = np.isfinite(values)
        if not finite.all():
            joint = int(np.argmin(finite))
            return Finding(SENSOR_NAN, f"joint_states: {what} of {names[joint]} is {values[joint]}")
    return None


def check_position(position: np.ndarray, limits: Limits) -> Finding | None:
    """Measured positions are within the joint limits and their margin."""
    beyond = np.maximum(limits.measured_low - position, position - limits.measured_high)
    joint = int(np.argmax(beyond))
    if beyond[joint] <= 0.0:
        return None
    return Finding(
        JOINT_POSITION,
        f"{limits.names[joint]} is at {position[joint]:.3f} rad, outside "
        f"[{limits.measured_low[joint]:.3f}, {limits.measured_high[joint]:.3f}] rad (margin included)",
    )


def check_velocity(velocity: np.ndarray, limits: Limits) -> Finding | None:
    """Measured speeds are within their limit and its margin."""
    return _check_size(velocity, limits.measured_velocity, limits.names, JOINT_VELOCITY, "turns at", "rad/s")


def check_torque(effort: np.ndarray, limits: Limits) -> Finding | None:
    """Measured torques are within their limit and its margin."""
    return _check_size(effort, limits.measured_effort, limits.names, JOINT_TORQUE, "has", "N m")


def check_imu(sample: ImuSample, limits: Limits) -> Finding | None:
    """The first thing wrong with the IMU: shape, NaN, tilt."""
    if np.shape(sample.angular_velocity) != (3,) or np.shape(sample.orientation) != (4,):
        return Finding(
            SENSOR_MISMATCH,
            f"imu/data: angular_velocity has shape {np.shape(sample.angular_velocity)}, expected (3,), "
            f"orientation {np.shape(sample.orientation)}, expected (4,)",
        )
    for what in ("angular_velocity", "orientation"):
        values = getattr(sample, what)
        if not np.isfinite(values).all():
            return Finding(SENSOR_NAN, f"imu/data: {what} is {values.tolist()}")
    tilt = sample.tilt
    # A quaternion of zeros, or one whose square overflows, has no direction: its tilt is NaN.
    if not np.isfinite(tilt):
        return Finding(SENSOR_NAN, f"imu/data: orientation {sample.orientation.tolist()} has no direction")
    if tilt > limits.tilt:
        return Finding(TILT, f"the body leans by {tilt:.3f} rad, the limit is {limits.tilt:.3f} rad")
    return None


def check_target(target: np.ndarray, names: tuple[str, ...]) -> Finding | None:
    """No NaN and no infinite number in a position target of (J,)."""
    finite = np.isfinite(target)
    if finite.all():
        return None
    joint = int(np.argmin(finite))
    return Finding(COMMAND_NAN, f"the target of {names[joint]} is {target[joint]}")


def _check_size(
    values: np.ndarray, limit: np.ndarray, names: tuple[str, ...], reason: str, verb: str, unit: str
) -> Finding | None:
    beyond = np.abs(values) - limit
    joint = int(np.argmax(beyond))
    if beyond[joint] <= 0.0:
        return None
    return Finding(
        reason,
        f"{names[joint]} {verb} {values[joint]:.2f} {unit}, the limit with its margin is {limit[joint]:.2f}",
    )
