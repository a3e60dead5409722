"""Further entries of the named state for constraints, computed only when one reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from landward.array import array_namespace
from landward.constraint import Constraint
from sims.state import RobotState

Array = Any
Quantity = Callable[[RobotState, float], Array]
NO_LANDING = 1.0
"""Swing duration reported for feet that did not land, long enough to violate no limit [s]."""


def action_rate(s: RobotState, period: float) -> Array:
    """(N, J) change of the raw action per second [1/s]."""
    return (s.action - s.previous_action) / period


def body_contact(s: RobotState, period: float) -> Array:
    """(N,) bool: a watched link presses on the ground with more than 1 N."""
    del period
    return (s.body_force > 1.0).any(-1)


def upside_down(s: RobotState, period: float) -> Array:
    """(N,) bool: gravity points out of the robot's back."""
    del period
    return s.projected_gravity_b[:, 2] > 0.0


def tilt(s: RobotState, period: float) -> Array:
    """(N,) sine of the angle between the base's z axis and the vertical."""
    del period
    xp = array_namespace(s.projected_gravity_b)
    return xp.sqrt(xp.sum(s.projected_gravity_b[:, :2] ** 2, axis=-1))


def landing_air_time(s: RobotState, period: float) -> Array:
    """(N, F) duration of swings that ended in this step, when moving, NO_LANDING elsewhere [s]."""
    del period
    xp = array_namespace(s.last_air_time)
    landed = s.touchdown & (command_norm(s) > 0.1)[:, None]
    return xp.where(landed, s.last_air_time, xp.full_like(s.last_air_time, NO_LANDING))


def feet_off_two(s: RobotState, period: float) -> Array:
    """(N,) distance of the number of feet in contact from two."""
    del period
    xp = array_namespace(s.command)
    return xp.abs(xp.sum(xp.astype(s.foot_contact, xp.float32), axis=-1) - 2.0)


def walking_straight(s: RobotState, period: float) -> Array:
    """(N,) bool: no sideways command (below 0.1 m/s)."""
    del period
    return abs(s.command[:, 1]) < 0.1


def resting(s: RobotState, period: float) -> Array:
    """(N,) bool: the command's norm is below 0.1."""
    del period
    return command_norm(s) < 0.1


def commanded_fast(s: RobotState, period: float) -> Array:
    """(N,) bool: the command's norm is above 0.5."""
    del period
    return command_norm(s) > 0.5


def command_norm(s: RobotState) -> Array:
    """(N,) norm of (vx, vy, wz), units mixed as in the official CaT task."""
    xp = array_namespace(s.command)
    return xp.sqrt(xp.sum(s.command**2, axis=-1))


QUANTITIES: dict[str, Quantity] = {
    f.__name__: f
    for f in (
        action_rate,
        body_contact,
        upside_down,
        tilt,
        landing_air_time,
        feet_off_two,
        walking_straight,
        resting,
        commanded_fast,
    )
}


def needed(constraints: Iterable[Constraint]) -> tuple[tuple[str, Quantity], ...]:
    """The quantities that these constraints read, refer to or are gated by."""
    names = {name for c in constraints for name in (c.reads, c.reference, c.when)}
    return tuple((name, quantity) for name, quantity in QUANTITIES.items() if name in names)
