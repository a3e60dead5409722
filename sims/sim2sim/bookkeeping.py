"""Names what is wrong where two engines show different observations of one and the same start state.

No physics has acted yet, so a difference is an order, a unit, a frame or an offset.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from landward.terms import ObservationTerm
from robots import Robot
from sims.probe.bases import FROM_XYZW
from sims.probe.conventions import conventions, written_as
from sims.rotation import projected_gravity, rotate_inverse

EXACT = 3e-3
"""Difference of start states that float32 and forward kinematics explain, in the term's unit; times the size
of the values where that is above 1."""


def differs(reference: np.ndarray, other: np.ndarray) -> bool:
    """Whether values of one state (N, ...) differ by more than rounding; NaN differs."""
    size = max(1.0, float(np.abs(reference).max(initial=0.0)))
    return not bool((np.abs(other - reference) <= EXACT * size).all())


def name_difference(
    term: ObservationTerm, robot: Robot, reference: np.ndarray, other: np.ndarray, quat: np.ndarray
) -> str:
    """What to call the difference of a term between two engines in the same N states.

    Args:
        term: its names and kind decide what is suspected.
        robot: for the order of its joints and its default pose.
        reference: (N, D) as the reference shows it.
        other: (N, D) as the other engine shows it.
        quat: (N, 4) orientations of the bases.
    """
    for phrase, values in _suspects(term, robot, reference, other, quat):
        if not differs(values, other):
            return phrase
    row, column = np.unravel_index(int(np.nanargmax(np.abs(other - reference))), other.shape)
    name = term.names[column] if term.names else f"[{column}]"
    there, here = other[row, column], reference[row, column]
    return f"{name} is {there:.4g} instead of {here:.4g} {_unit(term)}".rstrip()


def _suspects(
    term: ObservationTerm, robot: Robot, reference: np.ndarray, other: np.ndarray, quat: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """(what it would be called, what it would look like)."""
    if term.names == robot.joint_names:
        rates = term.kind != "joint_position"
        convention = written_as(other, reference, conventions(robot)[1:], EXACT, rates)
        if convention is not None:
            yield f"{convention.phrase}; {convention.remedy}", other
    elif 1 < len(term.names) <= 4:
        for order in itertools.permutations(range(len(term.names))):
            shown = ", ".join(term.names[i] for i in order)
            yield f"elements are in the order {shown} instead of {', '.join(term.names)}", reference[:, order]
    if reference.shape[-1:] == (3,) and term.kind != "command":
        back = quat * np.array([1.0, -1.0, -1.0, -1.0])
        yield "in the world frame instead of the base frame", rotate_inverse(back, reference)
        yield "turned into the base frame twice", rotate_inverse(quat, reference)
    if term.kind == "projected_gravity":
        yield "from a quaternion read as (x, y, z, w)", projected_gravity(quat[:, FROM_XYZW])
    yield "degrees instead of radians", np.rad2deg(reference)
    yield "the signs are reversed", -reference


def _unit(term: ObservationTerm) -> str:
    return term.unit if isinstance(term.unit, str) and term.unit != "1" else ""
