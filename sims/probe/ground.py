"""Contacts: feet under their own names, forces that bear the robot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sims.probe.case import Case, some
from sims.probe.conventions import ORDER_REMEDY

FORCE = 0.3
"""Share of the weight by which the feet's forces may miss it: the robot still settles."""
SINK = 0.02
"""[m] Largest difference of the standing height from the reference's."""
TORQUE = 0.35
"""Largest difference of a torque while standing, as a share of the largest one of the reference."""


def check_contacts(case: Case) -> Iterator[str]:
    """A robot dropped onto a corner touches with the foot that it lands on; standing, it bears its weight."""
    rows = case.rows.indices("corner")
    first, wanted = (_first_feet(r.entries["foot_contact"][:, rows]) for r in (case.measured, case.reference))
    names = case.robot.foot_names
    known = wanted >= 0
    silent = sorted({names[foot] for foot in wanted[known & (first < 0)]})
    if silent:
        yield f"foot_contact: {some(silent)} touches the ground and is never in contact"
        return
    other = known & (first != wanted)
    if other.any():
        shown = sorted(
            {f"{names[f]} for {names[w]}" for f, w in zip(first[other], wanted[other], strict=True)}
        )
        yield f"foot_contact names the wrong feet: {some(shown)}; {ORDER_REMEDY}"
        return
    yield from _standing(case)


def _standing(case: Case) -> Iterator[str]:
    row, robot = case.rows.indices("stand")[0], case.robot
    ours, theirs = ({n: v[-1, row] for n, v in r.entries.items()} for r in (case.measured, case.reference))
    down = ours["foot_contact"] > 0.5
    if not down.all():
        lifted = [name for name, on in zip(robot.foot_names, down, strict=True) if not on]
        yield f"foot_contact: the robot stands in its default pose, but {some(lifted)} is not in contact"
        return
    force, weight = ours["foot_force"].sum(), theirs["foot_force"].sum()
    if abs(force - weight) > FORCE * weight:
        yield (
            f"foot_force: the feet of the standing robot bear {force:.1f} N, the reference's {weight:.1f} N; "
            "magnitudes of the net contact force [N] are wanted"
        )
    if abs(ours["root_pos_w"][2] - theirs["root_pos_w"][2]) > SINK:
        yield (
            f"the standing robot's base is at {ours['root_pos_w'][2]:.3f} m, the reference's at "
            f"{theirs['root_pos_w'][2]:.3f} m; check contact shapes, the ground and gravity"
        )
    heights = np.abs(ours["foot_height"] - theirs["foot_height"])
    if heights.max() > SINK:
        foot = int(heights.argmax())
        yield (
            f"foot_height: {robot.foot_names[foot]} stands at {ours['foot_height'][foot]:.3f} m; it is the "
            "height of the sole above the ground below it"
        )
    pressed = ours["body_force"].max(initial=0.0)
    if pressed > 1.0:
        link = robot.watched[int(ours["body_force"].argmax())]
        yield f"body_force: {link} shows {pressed:.1f} N while the robot stands on its feet"
    gap = np.abs(ours["joint_torque"] - theirs["joint_torque"])
    if gap.max() > TORQUE * np.abs(theirs["joint_torque"]).max():
        joint = int(gap.argmax())
        yield (
            f"joint_torque: {case.joints[joint]} of the standing robot shows "
            f"{ours['joint_torque'][joint]:.2f} N m, the reference's {theirs['joint_torque'][joint]:.2f}; "
            "the torque that the actuator applies at the joint is wanted"
        )


def _first_feet(contact: np.ndarray) -> np.ndarray:
    """(n,) the foot that touches first from contacts (T + 1, n, F); -1 where none or several do at once."""
    first = np.full(contact.shape[1], -1)
    for row in range(contact.shape[1]):
        touched = contact[:, row] > 0.5
        times = np.flatnonzero(touched.any(axis=-1))
        if len(times) and touched[times[0]].sum() == 1:
            first[row] = int(touched[times[0]].argmax())
    return first
