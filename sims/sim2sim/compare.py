"""The comparison: figures of every engine, their ratios to the reference, and how trajectories part."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landward.errors import SimulationError
from landward.spec import PolicySpec
from robots import Robot
from sims.evaluate import bootstrap
from sims.evaluate.bootstrap import Estimate
from sims.evaluate.matrix import TRACKED
from sims.sim2sim.divergence import Difference, differences, divergence, first_lines
from sims.sim2sim.plan import Plan
from sims.sim2sim.results import EngineResult

Sums = tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray], str]
"""Numerator and denominator of each episode, what is done to their ratio, and its unit."""


@dataclass(frozen=True)
class Column:
    """One engine of the matrix."""

    label: str
    figures: dict[str, Estimate]
    """rmse_vx, rmse_vy, rmse_wz, falls, violations.CONSTRAINT."""
    ratios: dict[str, Estimate]
    """The same over the reference's; without a value where the reference's is 0."""
    facts: dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """The result."""

    plan: Plan
    columns: tuple[Column, ...]
    """The reference first."""
    divergence: dict[str, dict[str, np.ndarray]]
    """Engine -> quantity -> (T,), see `divergence.divergence`."""
    differences: dict[str, tuple[Difference, ...]]
    """Engine -> its observation terms, those that differ first at the front."""
    period: float
    """Control period [s]."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Engines that gave no result, and why."""

    @property
    def first(self) -> list[str]:
        """What differs first in each engine, in words."""
        return first_lines(self.differences)

    @property
    def sound(self) -> bool:
        """Whether every engine ran and no start state differs."""
        faults = (d.bookkeeping for several in self.differences.values() for d in several)
        return not self.failed and not any(faults)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; NaN becomes null."""
        plan = self.plan
        return {
            "policy": plan.policy,
            "task": plan.task,
            "episodes": plan.episodes,
            "seconds": plan.seconds,
            "seed": plan.seed,
            "reference": self.columns[0].label,
            "sound": self.sound,
            "failed": dict(self.failed),
            "first": self.first,
            "engines": {
                c.label: {
                    "figures": {name: e.to_dict() for name, e in c.figures.items()},
                    "ratios": {name: e.to_dict() for name, e in c.ratios.items()},
                    "facts": c.facts,
                }
                for c in self.columns
            },
            "times": [round(i * self.period, 9) for i in range(self._steps)],
            "divergence": {
                label: {name: _numbers(values) for name, values in several.items()}
                for label, several in self.divergence.items()
            },
            "differences": {
                label: [_described(d) for d in several] for label, several in self.differences.items()
            },
        }

    @property
    def _steps(self) -> int:
        return max((len(v) for several in self.divergence.values() for v in several.values()), default=0)

    def to_json(self) -> str:
        """As written to sim2sim.json."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)


def compare(
    plan: Plan,
    results: list[EngineResult],
    spec: PolicySpec,
    robot: Robot,
    failed: Mapping[str, str] | None = None,
) -> Comparison:
    """Hold every engine against the first.

    Raises:
        SimulationError: there is no result, or engines ran other policies or other rates.
    """
    if not results:
        why = "; ".join(f"{label}: {message}" for label, message in (failed or {}).items())
        raise SimulationError(f"no engine has a result; {why}")
    reference, others = results[0], results[1:]
    for other in others:
        _check_comparable(reference, other)
    theirs = _sums(reference)
    columns = [
        Column(
            result.label,
            _figures(result),
            {name: ratio_of(ours, theirs[name]) for name, ours in _sums(result).items()},
            result.facts,
        )
        for result in results
    ]
    return Comparison(
        plan,
        tuple(columns),
        {other.label: divergence(reference, other) for other in others},
        {other.label: differences(reference, other, spec, robot) for other in others},
        reference.period,
        dict(failed or {}),
    )


def _check_comparable(reference: EngineResult, other: EngineResult) -> None:
    for name in ("policy_hash", "control_period"):
        ours, theirs = other.facts[name], reference.facts[name]
        if ours != theirs:
            raise SimulationError(
                f"{other.label} has {name} {ours} and {reference.label} {theirs}: these are results of two "
                "runs; run both again"
            )


def _sums(result: EngineResult) -> dict[str, Sums]:
    sums: dict[str, Sums] = {
        f"rmse_{name}": (result.squares[:, i], result.steps, np.sqrt, unit)
        for i, (name, unit) in enumerate(TRACKED)
    }
    sums["falls"] = (result.fell.astype(np.float64), np.ones(len(result.fell)), np.positive, "1")
    for name, violated in result.violations.items():
        sums[f"violations.{name}"] = (violated, result.counted, np.positive, "1")
    return sums


def _figures(result: EngineResult) -> dict[str, Estimate]:
    figures = {
        name: bootstrap.ratio(numerator, denominator, transform, unit)
        for name, (numerator, denominator, transform, unit) in _sums(result).items()
    }
    return {**figures, "falls": bootstrap.proportion(result.fell)}


def ratio_of(ours: Sums, theirs: Sums) -> Estimate:
    """One figure over another of the same episodes, with the interval of resampling them in pairs.

    Pairs, because equal commands and start states make the figures of two engines rise and fall together.
    Without a value where the lower one is 0.
    """
    n, transform = len(ours[0]), ours[2]

    def figure(sums: Sums, counts: np.ndarray) -> np.ndarray:
        numerator, denominator = (np.asarray(values, np.float64) for values in sums[:2])
        return transform((counts @ numerator) / (counts @ denominator))

    counts = np.vstack([np.ones((1, n)), bootstrap.draw_counts(n)]).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = figure(ours, counts) / figure(theirs, counts)
    if not math.isfinite(drawn[0]):
        return bootstrap.missing("1")
    low, high = bootstrap.percentile_interval(drawn[1:])
    return Estimate(float(drawn[0]), low, high, "1", n)


def _described(difference: Difference) -> dict[str, Any]:
    return {
        "term": difference.term,
        "seen": difference.seen,
        "first": difference.first,
        "element": difference.element,
        "bookkeeping": difference.bookkeeping,
        "tolerance": difference.tolerance,
        "rms": _numbers(difference.rms),
    }


def _numbers(values: np.ndarray) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in values]
