"""Names of everything that the monitor can find; they are the strings in /diagnostics.

A fault latches: the output is damping until `safety/reset`. A warning is counted and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

SENSOR_SILENT = "sensor_silent"
"""No measurement came for longer than the bound."""
SENSOR_STALE = "sensor_stale"
"""A measurement came whose stamp is older than the bound, or lies in the future by more than it."""
SENSOR_NAN = "sensor_nan"
"""A measurement holds a NaN or an infinite number."""
SENSOR_OUT_OF_ORDER = "sensor_out_of_order"
"""A measurement came whose stamp is before that of the one before it."""
SENSOR_MISMATCH = "sensor_mismatch"
"""A measurement lacks a joint, names one twice, or its arrays do not fit."""

JOINT_POSITION = "joint_position"
JOINT_VELOCITY = "joint_velocity"
JOINT_TORQUE = "joint_torque"
TILT = "tilt"
"""A measured position, velocity, torque or inclination is beyond its limit."""
CONSTRAINT = "constraint."
"""Prefix; the name of the policy's constraint follows."""

COMMAND_SILENT = "command_silent"
"""The policy missed its deadline."""
COMMAND_STALE = "command_stale"
"""A position target answers a measurement that is too old, or one of the future."""
COMMAND_NAN = "command_nan"
COMMAND_OUT_OF_ORDER = "command_out_of_order"
COMMAND_MISMATCH = "command_mismatch"
COMMAND_TORQUE = "command_torque"
"""No target within the joint and rate limits keeps the predicted torque within its limit."""

DEADMAN = "deadman"
STOP = "stop"
CLOCK = "clock"
"""Time went backwards, or stands still under simulated time."""
INTERNAL = "internal"
"""The monitor itself raised an exception."""

CLAMPED_POSITION = "clamped.position"
CLAMPED_RATE = "clamped.rate"
CLAMPED_TORQUE = "clamped.torque"
LATE_COMMAND = "late.command"

FAULTS = (
    SENSOR_SILENT,
    SENSOR_STALE,
    SENSOR_NAN,
    SENSOR_OUT_OF_ORDER,
    SENSOR_MISMATCH,
    JOINT_POSITION,
    JOINT_VELOCITY,
    JOINT_TORQUE,
    TILT,
    COMMAND_SILENT,
    COMMAND_STALE,
    COMMAND_NAN,
    COMMAND_OUT_OF_ORDER,
    COMMAND_MISMATCH,
    COMMAND_TORQUE,
    DEADMAN,
    STOP,
    CLOCK,
    INTERNAL,
)
"""Every fault but those of constraints, which carry the policy's own names."""
WARNINGS = (CLAMPED_POSITION, CLAMPED_RATE, CLAMPED_TORQUE, LATE_COMMAND)
"""Counted in /diagnostics, not latched."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong that a check found."""

    reason: str
    """One of FAULTS, or CONSTRAINT and a name."""
    detail: str
    """For people: which joint, how much, what the bound is."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding that latched."""

    reason: str
    detail: str
    at: float
    """When, on the clock of the node [s]."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"
