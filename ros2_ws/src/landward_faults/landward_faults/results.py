"""What a campaign found, as a table and as JSON."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterable, Mapping
from typing import Any

from landward.provenance import machine
from landward_faults.campaign import Outcome
from landward_faults.judge import Verdict
from landward_faults.kinds import Kind

COLUMNS = ("fault", "injected", "caught", "must", "bound", "p50", "max", "named p50")
"""Of the table; bound, p50 and max in control periods."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One kind of fault."""

    kind: Kind
    verdicts: tuple[Verdict, ...]

    @property
    def caught(self) -> int:
        """Faults that were handled."""
        return sum(verdict.caught for verdict in self.verdicts)

    @property
    def reactions(self) -> list[float]:
        """Reactions that came, in control periods."""
        return [verdict.reaction for verdict in self.verdicts if math.isfinite(verdict.reaction)]

    @property
    def named_after(self) -> list[float]:
        """How long names took that came, in control periods."""
        return [verdict.named_after for verdict in self.verdicts if math.isfinite(verdict.named_after)]

    def cells(self) -> tuple[Any, ...]:
        """As a row of the table."""
        return (
            self.kind.name,
            len(self.verdicts),
            self.caught,
            self.kind.reaction,
            self.kind.bound,
            _median(self.reactions),
            max(self.reactions, default=math.nan),
            _median(self.named_after),
        )


def rows(outcome: Outcome, kinds: Iterable[Kind]) -> list[Row]:
    """One row for each kind that was injected, in the order of the catalogue."""
    found = [Row(kind, tuple(v for v in outcome.verdicts if v.kind == kind.name)) for kind in kinds]
    return [row for row in found if row.verdicts]


def worst_share(table: Iterable[Row]) -> float:
    """Largest reaction as a share of its bound; infinite where a reaction never came."""
    return max(
        (verdict.reaction / row.kind.bound for row in table for verdict in row.verdicts), default=math.nan
    )


def record(outcome: Outcome, table: Iterable[Row], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Everything as JSON can hold it: a reaction that never came is null."""
    table = list(table)
    return {
        **facts,
        "machine": machine(),
        "faults": len(outcome.verdicts),
        "caught": sum(verdict.caught for verdict in outcome.verdicts),
        "commands": outcome.commands,
        "violations": outcome.violations,
        "void": outcome.void,
        "aborted": outcome.aborted,
        "seconds": round(outcome.seconds, 1),
        "holds": outcome.holds,
        "kinds": {
            row.kind.name: dict(zip(COLUMNS[1:], map(_json, row.cells()[1:]), strict=True)) for row in table
        },
        "failures": [failure(verdict) for verdict in outcome.verdicts if not verdict.caught],
    }


def failure(verdict: Verdict) -> dict[str, Any]:
    """A fault that was not handled, with what injects it again."""
    return {
        "kind": verdict.kind,
        "seed": verdict.seed[0],
        "number": verdict.seed[1],
        "failures": list(verdict.failures),
    }


def _median(values: list[float]) -> float:
    return statistics.median(values) if values else math.nan


def _json(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 3) if math.isfinite(value) else None
