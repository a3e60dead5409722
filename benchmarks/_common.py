"""What several benchmarks share: interleaved measuring, ratios, plots. Not a benchmark."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from landward.atomic import write_text_atomic
from landward.errors import LandwardError

COLOURS = ("#1f6f8b", "#e07a2f", "#7a9e3b", "#8e5ea2", "#999999")
"""Of curves and bars, in order."""


def parser(docstring: str | None) -> argparse.ArgumentParser:
    """A command line with --quick, for benchmarks that have options of their own."""
    made = argparse.ArgumentParser(
        description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--quick", action="store_true", help="under a minute, with noisier numbers")
    return made


def status_of(main: Callable[[], int | None], failed: int = 1) -> int:
    """Exit status of a script: what `main` returns, or `failed` after one line for an error of Landward's."""
    try:
        return main() or 0
    except LandwardError as error:
        print(f"error: {error}", file=sys.stderr)
        return failed


def interleave[T](
    candidates: Mapping[str, Callable[[], T]], rounds: int, prepare: Callable[[], object] = lambda: None
) -> dict[str, list[T]]:
    """Measure every candidate once a round, so that noise of the machine hits all of them.

    Args:
        candidates: name -> measures once and returns the result.
        rounds: how often each is measured.
        prepare: called before each round.

    Returns:
        Name -> its results, one a round. The order within a round is reversed in every second one.
    """
    found: dict[str, list[T]] = {name: [] for name in candidates}
    for index in range(rounds):
        prepare()
        names = list(candidates)
        for name in names if index % 2 == 0 else names[::-1]:
            found[name].append(candidates[name]())
    return found


def median_ratio(numbers: Sequence[float], others: Sequence[float]) -> float:
    """Median over rounds of one candidate's number divided by the other's of the same round."""
    return statistics.median(a / b for a, b in zip(numbers, others, strict=True))


def largest(numbers: Mapping[str, Sequence[float]]) -> str:
    """Name of the candidate with the largest median."""
    return max(numbers, key=lambda name: statistics.median(numbers[name]))


def spread(numbers: Sequence[float]) -> str:
    """Mean and range, such as "1.2 [1.1, 1.4]"; the number alone where there is one."""
    mean = statistics.fmean(numbers)
    return f"{mean:.3g}" if len(numbers) == 1 else f"{mean:.3g} [{min(numbers):.3g}, {max(numbers):.3g}]"


def subplots(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    """A matplotlib figure that needs no display, and its axes; size in inches."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)
    return figure, axes


def cached(path: Path, key: Mapping[str, Any], compute: Callable[[], Any]) -> Any:
    """What `compute` returned for this key, from the JSON file where it holds it.

    Args:
        path: the file; rewritten where it is missing or was computed for another key.
        key: everything that decides on the result, JSON-able.
        compute: returns something JSON-able.
    """
    key = json.loads(json.dumps(key))
    if path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["key"] == key:
            return stored["value"]
    value = json.loads(json.dumps(compute()))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(path, json.dumps({"key": key, "value": value}, indent=2) + "\n")
    return value
