"""Ways in which an engine or an adapter may write joint values: the declared one and the usual mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from robots import Robot
from sims.probe.limbs import known_orders

Rows = np.ndarray
"""(..., J) joint values in the declared order."""
AS_DECLARED = "as declared"
ORDER_REMEDY = "map joints by name, never by position"


@dataclass(frozen=True)
class Convention:
    """A way to write joint values."""

    name: str
    """Short and unique."""
    phrase: str
    """Names the mistake."""
    remedy: str
    write: Callable[[Rows], Rows]
    """Declared values -> as they are written."""
    read: Callable[[Rows], Rows]
    """The inverse of `write`."""
    of_rates: bool = True
    """Whether it changes velocities as it changes positions."""


def conventions(robot: Robot) -> list[Convention]:
    """The declared convention first, then every mistake that is told apart."""
    default = np.array(robot.default_joint_pos)
    found = [Convention(AS_DECLARED, "", "", np.copy, np.copy)]
    for index, order in enumerate(known_orders(robot)):
        joints = np.array(order.joints)
        found.append(
            Convention(
                f"order {index}",
                order.phrase,
                ORDER_REMEDY,
                lambda x, joints=joints: x[..., joints],
                lambda x, joints=joints: x[..., np.argsort(joints)],
            )
        )
    return [
        *found,
        Convention("degrees", "degrees instead of radians", "convert them", np.rad2deg, np.deg2rad),
        Convention("twice", "radians converted twice", "leave out a conversion", np.deg2rad, np.rad2deg),
        Convention(
            "relative to zero",
            "the offset is missing: relative to zero instead of the default pose",
            "take joint angles as they are, add and subtract no pose",
            lambda x: x + default,
            lambda x: x - default,
            of_rates=False,
        ),
        Convention(
            "relative to the default pose",
            "relative to the default pose instead of absolute: the offset is in there twice",
            "take joint angles as they are, add and subtract no pose",
            lambda x: x - default,
            lambda x: x + default,
            of_rates=False,
        ),
        Convention("sign", "all signs are reversed", "reverse them", np.negative, np.negative),
    ]


def written_as(
    shown: Rows, true: Rows, known: Iterable[Convention], tolerance: float, rates: bool = False
) -> Convention | None:
    """The convention in which true values are written as `shown`; the first that fits, None where none does.

    Args:
        shown: what was read.
        true: what it stands for, same shape.
        known: the conventions to try.
        tolerance: largest difference, times the size of the values where that is above 1.
        rates: whether these are velocities.
    """
    for convention in known:
        if rates and not convention.of_rates:
            continue
        written = convention.write(true)
        if np.abs(shown - written).max() <= tolerance * max(1.0, float(np.abs(written).max())):
            return convention
    return None
