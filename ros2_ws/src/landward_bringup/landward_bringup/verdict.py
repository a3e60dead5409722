"""How well a recorded deployment went, held against what `landward eval` found for the same policy file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landward.errors import RunError
from landward_tools.report import Summary

LIMIT = 1.3
"""A robot over ROS may track this much worse than the evaluation's robots, which have no transport."""
UNITS = {"vx": "m/s", "vy": "m/s", "wz": "rad/s"}


@dataclass(frozen=True)
class Reference:
    """Tracking errors of an evaluation."""

    path: Path
    rmse: dict[str, float]
    """vx, vy [m/s], wz [rad/s]."""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    label: str
    value: str
    limit: str = ""
    passed: bool | None = None
    """None: nothing is demanded."""


def find_reference(policy: Path, policy_hash: str) -> tuple[Reference | None, str]:
    """The errors in report/evaluation.json beside a policy file.

    Args:
        policy: the exported file.
        policy_hash: its seal; an evaluation of another file tells nothing about this one.

    Returns:
        The reference and "", or None and why there is none.

    Raises:
        RunError: the evaluation is damaged.
    """
    path = policy.parent / "report" / "evaluation.json"
    if not path.is_file():
        return None, f"no evaluation to compare with: `landward eval {policy.parent}` writes {path}"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["policy"]["hash"] != policy_hash:
            return None, f"{path} is of another policy file: evaluate this one, `landward eval {policy}`"
        return Reference(path, {axis: float(found["metrics"][f"rmse_{axis}"]["value"]) for axis in UNITS}), ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{path} is no evaluation: {type(error).__name__}: {error}; run landward eval again"
        ) from error


def judge(summary: Summary, reference: Reference | None, seconds: float) -> list[Row]:
    """The table: what was measured, what is demanded, whether it is met.

    Args:
        summary: of the recording.
        reference: errors to compare with.
        seconds: how long the robot was to walk [s]; 0 where it was only to stand, or a person drove.
    """
    rows = []
    if seconds:
        # The recording begins and ends within a control period of the walk.
        whole = summary.seconds_walked >= seconds - 0.1
        rows.append(Row("walked", f"{summary.seconds_walked:.1f} s", f"{seconds:g} s", whole))
    if seconds or summary.commands:
        rows += [_tracking(axis, summary, reference) for axis in UNITS]
    misses = summary.deadline_misses
    rows += [
        Row("deadline misses", "unknown" if misses is None else str(misses), "0", misses == 0),
        Row("loop lateness p50/p99/max", _spread(summary.lateness)),
        Row("sensor to command p50/p99/max", _spread(summary.latency)),
        Row("faults", ", ".join(summary.faults) or "none", "none", not summary.faults),
        Row("clamped commands", _counts(summary.clamps)),
    ]
    return rows


def passed(rows: list[Row]) -> bool:
    """Whether every demand is met."""
    return all(row.passed is not False for row in rows)


def to_json(rows: list[Row], facts: Mapping[str, Any]) -> str:
    """The table and the numbers behind it as one JSON object."""
    table = [vars(row) for row in rows]
    return json.dumps({**facts, "table": table, "passed": passed(rows)}, indent=2, allow_nan=False)


def _tracking(axis: str, summary: Summary, reference: Reference | None) -> Row:
    value, unit = summary.rmse.get(axis, math.nan), UNITS[axis]
    label = f"{axis} error, RMS over {summary.commands} commands"
    if math.isnan(value):
        return Row(label, "unknown")
    if reference is None:
        return Row(label, f"{value:.3f} {unit}")
    ratio = value / reference.rmse[axis] if reference.rmse[axis] > 0 else math.inf
    return Row(label, f"{value:.3f} {unit} ({ratio:.2f} x)", f"{LIMIT:g} x eval", ratio <= LIMIT)


def _spread(values: Mapping[str, float]) -> str:
    if any(math.isnan(v) for v in values.values()):
        return "unknown"
    return " / ".join(f"{values[name]:.2f}" for name in ("p50", "p99", "max")) + " ms"


def _counts(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in values.items() if count) or "none"
