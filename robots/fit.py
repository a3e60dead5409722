"""Whether a policy fits a robot: every difference as one readable line, before anything moves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from landward.errors import SpecMismatchError
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from robots.robot import Robot

FRAMES = ("base", "base_link")
"""Names of the frame of the body in specs."""
_TOLERANCE = 1e-6
"""Relative: gains and periods that differ by less are the same number written twice."""


@dataclass(frozen=True)
class Sensed:
    """What a robot measures for one kind of observation."""

    unit: str | tuple[str, ...]
    names: tuple[str, ...]
    """Elements in this order; empty: one a joint, in any order."""
    framed: bool
    """Whether it is in the frame of the body."""


SENSED: Mapping[str, Sensed] = {
    "joint_position": Sensed("rad", (), False),
    "joint_velocity": Sensed("rad/s", (), False),
    "joint_effort": Sensed("N m", (), False),
    "angular_velocity": Sensed("rad/s", ("x", "y", "z"), True),
    "projected_gravity": Sensed("1", ("x", "y", "z"), True),
    "command": Sensed(("m/s", "m/s", "rad/s"), ("vx", "vy", "wz"), True),
}
"""Kinds of observation that joint drives, an IMU and an operator give.

Speed over ground, heading, acceleration and terrain are not among them: a simulator knows them. A legged
robot would need an estimator for the first two, and its IMU measures specific force, not acceleration.
"""


def policy_differences(spec: PolicySpec, robot: Robot, control_period: float | None = None) -> list[str]:
    """What keeps a policy from running on a robot; empty where it fits.

    The order of joints may differ: drivers map joints by name. Everything else must agree.

    Args:
        spec: the policy's contract.
        robot: the declaration.
        control_period: at which the robot is run [s]; the robot's own when left out.

    Returns:
        One line a difference, naming the term, what the policy says and what the robot says.
    """
    lines: list[str] = []
    period = robot.control_period if control_period is None else control_period
    if spec.robot != robot.name:
        lines.append(f"robot: the policy is for {spec.robot!r}, this robot is {robot.name!r}")
    if not math.isclose(spec.control_period, period, rel_tol=_TOLERANCE):
        lines.append(
            f"control_period: the policy runs every {spec.control_period:g} s, the robot every {period:g} s"
        )
    for term in spec.inputs:
        lines += _input_differences(term, robot)
    if len(spec.actions) != 1:
        names = ", ".join(term.name for term in spec.actions)
        lines.append(f"outputs: robot {robot.name} takes one joint_position_target, the policy has {names}")
    for term in spec.actions:
        lines += _output_differences(term, robot)
    return lines


def check_policy_fits(
    spec: PolicySpec, robot: Robot, control_period: float | None = None, path: str | Path = "the policy"
) -> None:
    """Refuse a policy that does not fit.

    Args:
        spec: the policy's contract.
        robot: the declaration.
        control_period: at which the robot is run [s]; the robot's own when left out.
        path: where the policy is from, for the message.

    Raises:
        SpecMismatchError: the message lists every difference.
    """
    lines = policy_differences(spec, robot, control_period)
    if lines:
        listed = "".join(f"\n  - {line}" for line in lines)
        raise SpecMismatchError(f"{path} does not fit robot {robot.name}:{listed}")


def _input_differences(term: ObservationTerm, robot: Robot) -> list[str]:
    where = f"input {term.name}"
    sensed = SENSED.get(term.kind)
    if sensed is None:
        return [
            f"{where}: robot {robot.name} has no sensor for {term.kind}; it has {', '.join(SENSED)}",
        ]
    lines: list[str] = []
    if not sensed.names:
        lines += _joint_differences(where, term.names, term.shape, robot)
    # Vectors in the order x, y, z need no names; what the elements of a command are is a task's own choice.
    elif term.shape != (len(sensed.names),) or not (
        term.names == sensed.names or (not term.names and term.kind != "command")
    ):
        got = ", ".join(term.names) or "no names"
        lines.append(
            f"{where}: expected ({', '.join(sensed.names)}), the policy has ({got}), shape {term.shape}"
        )
    lines += _unit_differences(where, term, sensed.unit, robot)
    if sensed.framed and term.frame not in (*FRAMES, robot.base):
        lines.append(
            f"{where}: the policy expects frame {term.frame!r}, robot {robot.name} measures in {FRAMES[0]!r}"
        )
    if term.dtype not in ("float32", "float64"):
        lines.append(f"{where}: the policy expects dtype {term.dtype!r}, robot {robot.name} gives 'float32'")
    return lines


def _output_differences(term: ActionTerm, robot: Robot) -> list[str]:
    where = f"output {term.name}"
    if term.kind != "joint_position_target":
        return [f"{where}: robot {robot.name} takes joint_position_target, the policy gives {term.kind}"]
    lines = _joint_differences(where, term.names, term.shape, robot)
    lines += _unit_differences(where, term, "rad", robot)
    if term.chunk != 1:
        lines.append(f"{where}: robot {robot.name} takes one target at a time, the policy gives {term.chunk}")
    # With other joints, what follows would repeat that line for each of them.
    if set(term.names) != set(robot.joint_names):
        return lines
    for field, unit in (("stiffness", "N m/rad"), ("damping", "N m s/rad"), ("effort_limit", "N m")):
        lines += _gain_differences(f"{where}: {field}", getattr(term, field), term.names, field, unit, robot)
    return lines + _limit_differences(where, term, robot)


def _joint_differences(where: str, names: Sequence[str], shape: Sequence[int], robot: Robot) -> list[str]:
    if not names:
        return [f"{where}: names no joints, so that they cannot be matched with those of robot {robot.name}"]
    lines: list[str] = []
    extra = [name for name in names if name not in robot.joint_names]
    missing = [name for name in robot.joint_names if name not in names]
    if extra and len(missing) == len(robot.joint_names):
        has = ", ".join(robot.joint_names)
        lines.append(f"{where}: the policy's joints are {', '.join(names)}; robot {robot.name} has {has}")
    elif extra:
        has = ", ".join(robot.joint_names)
        lines.append(f"{where}: robot {robot.name} has no joint {_quoted(extra)}; it has {has}")
    if missing and len(missing) < len(robot.joint_names):
        lines.append(f"{where}: the policy lacks joint {_quoted(missing)} of robot {robot.name}")
    if tuple(shape) != (len(names),):
        lines.append(f"{where}: expected one number a joint, the policy has shape {tuple(shape)}")
    return lines


def _unit_differences(
    where: str, term: ObservationTerm | ActionTerm, expected: str | tuple[str, ...], robot: Robot
) -> list[str]:
    got = (term.unit,) * max(term.size, 1) if isinstance(term.unit, str) else term.unit
    wanted = (expected,) * len(got) if isinstance(expected, str) else expected
    if got == wanted:
        return []
    return [f"{where}: the policy is in {_units(got)}, robot {robot.name} in {_units(wanted)}"]


def _gain_differences(
    where: str, values: Sequence[float], names: Sequence[str], field: str, unit: str, robot: Robot
) -> list[str]:
    if not values:
        return [f"{where}: the policy does not say with which it was trained"]
    own = dict(zip(robot.joint_names, getattr(robot, field), strict=True))
    return [
        f"{where} of {name}: the policy has {value:g} {unit}, robot {robot.name} has {own[name]:g} {unit}"
        for name, value in zip(names, values, strict=True)
        if not math.isclose(value, own[name], rel_tol=_TOLERANCE)
    ]


def _limit_differences(where: str, term: ActionTerm, robot: Robot) -> list[str]:
    if not term.limits:
        return [f"{where}: the policy has no limits; robot {robot.name} needs those of its joints"]
    own = dict(zip(robot.joint_names, robot.joint_limits, strict=True))
    return [
        f"{where}: limits of {name}: the policy's {low:g} to {high:g} rad go beyond {own[name][0]:g} to "
        f"{own[name][1]:g} rad of robot {robot.name}"
        for name, (low, high) in zip(term.names, term.limits, strict=True)
        if low < own[name][0] - _TOLERANCE or high > own[name][1] + _TOLERANCE
    ]


def _units(units: Iterable[str]) -> str:
    distinct = tuple(dict.fromkeys(units))
    return f"[{distinct[0]}]" if len(distinct) == 1 else f"[{', '.join(units)}]"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
