"""What an iteration measured, as plain numbers: means over its steps, and over the ranks that took them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def iteration_means(
    logs: Mapping[str, Sequence[float]], statistics: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """Means of an environment's log, and what the constraints did.

    Args:
        logs: name -> a value for every control step that logged it.
        statistics: see `ConstraintTerminations.take_statistics`.
    """
    means = {name: sum(values) / len(values) for name, values in logs.items()}
    for name, numbers in statistics.items():
        means[f"Constraint/{name}_violated_percent"] = 100.0 * numbers["violated"]
        means[f"Constraint/{name}_probability"] = numbers["probability"]
    return means


def average(ranks: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of every number over the ranks that have it, in the order in which names first appear."""
    values: dict[str, list[float]] = {}
    for numbers in ranks:
        for name, value in numbers.items():
            values.setdefault(name, []).append(value)
    return {name: sum(found) / len(found) for name, found in values.items()}


def with_prefix(prefix: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """The entries whose name begins with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in numbers.items() if name.startswith(prefix)}
