"""Does the state show the joints and feet that the robot was reset to? Order, units, offsets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from sims.probe.case import EXACT, FOOT, Case, some, vector
from sims.probe.conventions import ORDER_REMEDY, Convention, written_as
from sims.probe.respond import ENTRIES


def check_entries(case: Case) -> Iterator[str]:
    """Every entry is there, of the right shape, finite; a reset leaves other environments alone."""
    robot, n = case.robot, len(case.rows.labels)
    for name in case.measured.missing:
        yield f"the state has no {name!r}: fill every entry of RobotState ({', '.join(ENTRIES)})"
    joints, feet = len(robot.joint_names), len(robot.foot_names)
    widths: dict[str, tuple[int, ...]] = {"root_quat_w": (4,), "body_force": (len(robot.watched),)}
    widths |= dict.fromkeys(("joint_pos", "joint_vel", "joint_torque"), (joints,))
    widths |= dict.fromkeys(("foot_height", "foot_contact", "foot_force"), (feet,))
    widths["foot_pos_w"] = (feet, 3)
    for name, value in case.measured.entries.items():
        shape = value.shape[1:]
        if shape != (n, *widths.get(name, (3,))):
            yield f"{name} has shape {('N', *shape[1:])}; RobotState says {('N', *widths.get(name, (3,)))}"
        elif not np.isfinite(value).all():
            yield f"{name} is not finite in the experiment {case.rows.labels[_first_bad(value)]!r}"
    if case.measured.diverged.any():
        where = [case.rows.labels[i] for i in np.flatnonzero(case.measured.diverged)]
        yield f"physics diverged in the experiments {some(where)}: check gains, time step and masses"
    if case.measured.disturbed > EXACT:
        yield (
            "reset of one environment changed the state of others by "
            f"{case.measured.disturbed:.3g}: write the rows `env_ids` only"
        )


def _first_bad(value: np.ndarray) -> int:
    flat = np.isfinite(value).all(axis=tuple(range(2, value.ndim))).all(axis=0)
    return int(np.flatnonzero(~flat)[0])


def check_joints(case: Case) -> Iterator[str]:
    """Joint positions and velocities read back as they were written, and mean what the feet show."""
    rows, truth = case.rows.indices("pose"), case.rows
    shown = {name: case.measured.at_start(name)[rows] for name in ("joint_pos", "joint_vel")}
    right = {name: getattr(truth, name)[rows] for name in shown}
    wrong = [name for name in shown if np.abs(shown[name] - right[name]).max() > EXACT]
    body, declared = _convention_of_feet(case), case.known[0]
    mistaken = body if body is not declared else None
    if not wrong:
        if mistaken:
            yield _say("reset and state alike (the feet show it)", mistaken)
        return
    if mistaken and np.abs(shown["joint_pos"] - mistaken.read(right["joint_pos"])).max() < EXACT:
        yield _say(f"{' and '.join(wrong)} of the reset", mistaken)
        return
    known = [written_as(shown[n], right[n], case.known, EXACT, rates=n == "joint_vel") for n in wrong]
    if known[0] is not None and known[-1] is not None:
        yield _say(f"{' and '.join(wrong)} of the state", known[0])
        return
    name = wrong[known.index(None)]
    worst = int(np.abs(shown[name] - right[name]).max(axis=0).argmax())
    yield (
        f"{name} does not read back: {case.joints[worst]} was reset to {right[name][-1, worst]:.3f} and "
        f"shows {shown[name][-1, worst]:.3f}; return what the robot was reset to, in the order of "
        "robot.joint_names"
    )


def _convention_of_feet(case: Case) -> Convention | None:
    """In which convention the robot took the uneven pose, seen from where its feet are; None: in none."""
    feet = case.foot_offsets(case.rows.indices("pose")[:1])[0]
    distance = np.linalg.norm(case.feet - feet, axis=-1).max(axis=-1)
    if distance[0] < FOOT:
        return case.known[0]
    best = int(distance.argmin())
    return case.known[best] if distance[best] < FOOT else None


def _say(where: str, convention: Convention) -> str:
    return f"{where}: {convention.phrase}; {convention.remedy}"


def check_feet(case: Case) -> Iterator[str]:
    """With the joints right, the feet are where the reference has them, under their own names."""
    feet = case.foot_offsets(case.rows.indices("pose")[:1])[0]
    if np.linalg.norm(feet - case.feet[0], axis=-1).max() < FOOT:
        return
    names = case.robot.foot_names
    for order in itertools.permutations(range(len(names))):
        if np.linalg.norm(feet - case.feet[0][list(order)], axis=-1).max() < FOOT:
            shown = ", ".join(names[i] for i in order)
            yield f"foot_pos_w lists the feet as {shown} instead of {', '.join(names)}; {ORDER_REMEDY}"
            return
    worst = int(np.linalg.norm(feet - case.feet[0], axis=-1).argmax())
    yield (
        f"foot_pos_w: {names[worst]} is at {vector(feet[worst])} m from the base in a pose that has it at "
        f"{vector(case.feet[0][worst])} m in the reference; check foot shapes, base origin and joint angles"
    )
