"""What each figure of an evaluation is called, how it is shown, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from landward.constraint import Constraint
from landward.errors import EnvContractError
from sims.evaluate.bootstrap import Estimate


@dataclass(frozen=True)
class Figure:
    """How one metric is presented."""

    label: str
    explanation: str
    factor: float = 1.0
    """Shown value per SI value."""
    shown_unit: str = ""
    digits: int = 3
    at_least: bool = False
    """Whether a target is a lower limit."""


_RMSE = "root mean square of measured minus commanded {}, every step after the first 2 s"
_PERCENT = {"factor": 100.0, "shown_unit": "%", "digits": 1}
FIGURES: dict[str, Figure] = {
    "rmse_vx": Figure("forward velocity error", _RMSE.format("forward velocity"), shown_unit="m/s"),
    "rmse_vy": Figure("sideways velocity error", _RMSE.format("sideways velocity"), shown_unit="m/s"),
    "rmse_wz": Figure("yaw rate error", _RMSE.format("yaw rate"), shown_unit="rad/s"),
    "falls": Figure("falls", "share of episodes that end in a fall", **_PERCENT),
    "cost_of_transport": Figure(
        "cost of transport", "mechanical power over weight times speed, walking episodes", digits=2
    ),
    "swing_height": Figure(
        "swing height", "mean of the highest point of each swing, walking episodes", 100.0, "cm", 1, True
    ),
    "swing_height_p10": Figure(
        "low swings", "a tenth of all swings stay below this height", 100.0, "cm", 1, at_least=True
    ),
    "trot_share": Figure("trot", "share of time on exactly one diagonal pair", **_PERCENT, at_least=True),
    "standing_feet_down": Figure(
        "standing: all feet down",
        "share of time at zero command with every foot down",
        **_PERCENT,
        at_least=True,
    ),
    "standing_drift": Figure("standing: drift", "speed of creeping at zero command", 100.0, "cm/s", 2),
    "standing_displacement": Figure("standing: moved", "distance covered at zero command", 100.0, "cm", 1),
    "standing_falls": Figure("standing: falls", "share of standing episodes that end in a fall", **_PERCENT),
    "matrix_falls": Figure("falls, robustness matrix", "share over all cells of the matrix", **_PERCENT),
    "matrix_rmse_vx": Figure("forward error, matrix", _RMSE.format("forward velocity"), shown_unit="m/s"),
    "matrix_rmse_vy": Figure("sideways error, matrix", _RMSE.format("sideways velocity"), shown_unit="m/s"),
    "matrix_rmse_wz": Figure("yaw rate error, matrix", _RMSE.format("yaw rate"), shown_unit="rad/s"),
}


def figure(name: str) -> Figure:
    """How a metric is shown; those of feet and constraints are named after them."""
    kind, _, element = name.partition(".")
    if kind == "duty":
        return Figure(f"duty factor {element}", "share of time on the ground, walking episodes", **_PERCENT)
    if kind == "violations":
        explanation = "share of steps in which any component exceeds the limit"
        return Figure(f"violations of {element}", explanation, 100.0, "%", 2)
    return FIGURES[name]


def show_value(name: str, value: float) -> str:
    """A number in its shown unit, such as "5.1 cm"."""
    shown = figure(name)
    return f"{value * shown.factor:.{shown.digits}f} {shown.shown_unit}".strip()


def show(name: str, estimate: Estimate) -> str:
    """Value and interval, such as "5.1 [4.8, 5.4] cm"."""
    shown = figure(name)
    if estimate.n == 0:
        return "no episode"
    value, low, high = (
        f"{x * shown.factor:.{shown.digits}f}" for x in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} [{low}, {high}] {shown.shown_unit}".strip()


def limit_text(constraint: Constraint) -> str:
    """A constraint's limit in words; a range where its elements have different ones."""
    limits = np.atleast_1d(constraint.limit)
    low, high = f"{limits.min():g}", f"{limits.max():g}"
    return f"{low if low == high else f'{low} to {high}'} {constraint.unit}".removesuffix(" 1")


@dataclass(frozen=True)
class Verdict:
    """One target of the task, and whether the policy meets it."""

    metric: str
    limit: float
    """SI."""
    estimate: Estimate
    passed: bool
    firm: bool
    """Whether the whole interval is on the same side of the limit as the value."""

    @property
    def target(self) -> str:
        """The target in words, such as "at least 5.0 cm"."""
        word = "at least" if figure(self.metric).at_least else "at most"
        return f"{word} {show_value(self.metric, self.limit)}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "metric": self.metric,
            "limit": self.limit,
            "at_least": figure(self.metric).at_least,
            **{k: v for k, v in self.estimate.to_dict().items() if k in ("value", "low", "high")},
            "passed": self.passed,
            "firm": self.firm,
        }


def judge(metrics: Mapping[str, Estimate], targets: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Hold metrics against a task's targets: metric -> limit, or (limit, unit), in SI.

    Targets of the robustness matrix are left out where it was not run.

    Raises:
        EnvContractError: a target for a metric that does not exist.
    """
    verdicts = []
    for name, target in targets.items():
        limit = float(target[0] if isinstance(target, tuple | list) else target)
        if name not in metrics:
            if name in FIGURES and name.startswith("matrix_"):
                continue
            known = ", ".join(sorted(metrics))
            raise EnvContractError(
                f"the task has a target for {name!r}, which is not measured; known are {known}"
            )
        estimate, sign = metrics[name], 1.0 if figure(name).at_least else -1.0
        # A NaN (no episode qualified) compares false: not passed.
        passed = sign * estimate.value >= sign * limit
        firm = all((sign * end >= sign * limit) == passed for end in (estimate.low, estimate.high))
        verdicts.append(Verdict(name, limit, estimate, bool(passed), firm))
    return tuple(verdicts)
