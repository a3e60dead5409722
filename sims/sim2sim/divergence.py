"""How trajectories from one start state part: by how much, in which observation first, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from landward.spec import PolicySpec
from landward.terms import ObservationTerm
from robots import Robot
from sims.sim2sim.bookkeeping import differs, name_difference
from sims.sim2sim.results import EngineResult

FORCES = ("foot_contact",)
"""Kinds of term that forces make: before the first step an engine may not have any yet."""
SHARE = 0.05
"""A term that is measured without noise differs from this share of its own variation on."""
LEAST = 1e-4
"""Smallest tolerance, in the term's unit: rounding is no difference."""


@dataclass(frozen=True)
class Difference:
    """One observation term of one engine, against the reference."""

    term: str
    seen: bool
    """Whether the policy reads it; the others are in the simulator only."""
    tolerance: float
    """RMS difference from which on it differs, in its unit."""
    rms: np.ndarray
    """(T,) RMS difference over episodes and elements, in its unit."""
    first: float | None
    """[s] When it first differs; None: not in the first second."""
    element: str
    """The element that differs most then."""
    clarity: float
    """RMS difference then, in tolerances."""
    bookkeeping: str = ""
    """What is wrong in the start state already; empty where that agrees."""

    @property
    def ratio(self) -> np.ndarray:
        """(T,) `rms` in tolerances."""
        return self.rms / self.tolerance


def rms_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(T,) root of the mean squared difference of (T, N, ...) over episodes and elements; NaN is left out."""
    squares = (np.asarray(a, np.float64) - b) ** 2
    flat = squares.reshape(len(squares), -1)
    known = np.isfinite(flat)
    count = known.sum(axis=1)
    total = np.where(known, flat, 0.0).sum(axis=1)
    return np.where(count > 0, np.sqrt(total / np.maximum(count, 1)), np.nan)


def divergence(reference: EngineResult, other: EngineResult) -> dict[str, np.ndarray]:
    """(T,) RMS over episodes: distance of bases [m], angle between them [rad], joint positions [rad]."""
    a, b = reference.poses, other.poses
    distance = np.linalg.norm(a["root_pos_w"] - b["root_pos_w"], axis=-1)
    dot = np.abs((a["root_quat_w"].astype(np.float64) * b["root_quat_w"]).sum(-1))
    norms = np.linalg.norm(a["root_quat_w"], axis=-1) * np.linalg.norm(b["root_quat_w"], axis=-1)
    angle = 2.0 * np.arccos(np.clip(dot / norms, 0.0, 1.0))
    return {
        "base_position": rms_difference(distance, np.zeros_like(distance)),
        "base_orientation": rms_difference(angle, np.zeros_like(angle)),
        "joint_pos": rms_difference(a["joint_pos"], b["joint_pos"]),
    }


def tolerance(term: ObservationTerm, series: np.ndarray) -> float:
    """RMS difference of a term that a policy could notice, in its unit.

    The standard deviation of the noise that the policy was trained with (a half width over the root of 3 for
    uniform noise); without noise, `SHARE` of the term's standard deviation over the reference's first second.

    Args:
        term: of the policy's spec.
        series: (T, N, ...) of the reference.
    """
    if term.noise is not None and term.noise.scale > 0.0:
        return term.noise.scale / (np.sqrt(3.0) if term.noise.kind == "uniform" else 1.0)
    mean = np.nanmean(series, axis=0, keepdims=True)
    return max(SHARE * float(np.sqrt(np.nanmean((np.asarray(series, np.float64) - mean) ** 2))), LEAST)


def differences(
    reference: EngineResult, other: EngineResult, spec: PolicySpec, robot: Robot
) -> tuple[Difference, ...]:
    """Every observation term that both engines show: faults of the start state first, then by time."""
    found = []
    seen = {term.name for term in spec.actor_terms}
    for name, term in terms_by_name(spec).items():
        if name in reference.terms and name in other.terms:
            found.append(_difference(term, name in seen, reference, other, robot))
    return tuple(sorted(found, key=_rank))


def terms_by_name(spec: PolicySpec) -> dict[str, ObservationTerm]:
    """Every term of the spec; of equal names the actor's, which knows the noise."""
    groups = spec.groups
    ordered = [*spec.actor, *(group for group in groups if group not in spec.actor)]
    found: dict[str, ObservationTerm] = {}
    for group in ordered:
        for term in groups[group]:
            found.setdefault(term.name, term)
    return found


def _difference(
    term: ObservationTerm, seen: bool, reference: EngineResult, other: EngineResult, robot: Robot
) -> Difference:
    a, b = reference.terms[term.name], other.terms[term.name]
    limit, rms = tolerance(term, a), rms_difference(a, b)
    start_a, start_b = (x[0].reshape(len(x[0]), -1) for x in (a, b))
    fault = ""
    if term.kind not in FORCES and differs(start_a, start_b):
        fault = name_difference(term, robot, start_a, start_b, reference.poses["root_quat_w"][0])
    late = np.flatnonzero(rms > limit)
    index = 0 if fault else int(late[0]) if len(late) else None
    if index is None:
        return Difference(term.name, seen, limit, rms, None, "", 0.0)
    gap = rms_difference(*(np.moveaxis(x[index].reshape(len(x[index]), -1), 0, 1) for x in (a, b)))
    column = int(np.nanargmax(gap))
    element = term.names[column] if len(term.names) == len(gap) else ""
    clarity = float(rms[index] / limit)
    return Difference(term.name, seen, limit, rms, index * reference.period, element, clarity, fault)


def _rank(difference: Difference) -> tuple[bool, float, float]:
    """Bookkeeping first, then the earliest, of several at a time the clearest."""
    if difference.first is None:
        return True, np.inf, -float(np.nanmax(difference.ratio))
    return not difference.bookkeeping, difference.first, -difference.clarity


def first_lines(found: Mapping[str, tuple[Difference, ...]]) -> list[str]:
    """What differs first in each engine, a sentence each."""
    lines = []
    for label, several in found.items():
        faults = [f"{d.term}: {d.bookkeeping}" for d in several if d.bookkeeping]
        late = [(d.first, d) for d in several if d.first is not None]
        time, seen = next(((at, d) for at, d in late if d.seen), (0.0, None))
        if faults:
            lines.append(
                f"{label}: in the start state already, before any physics: {'; '.join(faults)}. "
                "This is bookkeeping, not physics"
            )
        elif seen is None:
            lines.append(f"{label}: nothing that the policy reads differs in the first second")
        else:
            before = [f"{d.term} ({at:.2f} s)" for at, d in late if at < time]
            hidden = f"; in the simulator before that: {', '.join(before)}" if before else ""
            where = f" (most in {seen.element})" if seen.element else ""
            lines.append(
                f"{label}: of what the policy reads, {seen.term} differs first, after {time:.2f} s"
                f"{where}{hidden}"
            )
    return lines
