"""What every benchmark shares: its options, its table, its plot, and its last line.

A benchmark is a script whose docstring begins with a title and whose main() looks like this:

    options = harness.options(__doc__)
    ... measure, less when options.quick ...
    harness.show("Steps per second", ("environments", "steps/s"), rows)
    harness.save_plot(figure, "throughput", options)
    harness.finish(harness.Result("claim in words, with the ratio", value, goal=0.8))
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from landward import provenance

ROOT = Path(__file__).resolve().parent.parent
PLOTS = ROOT / "docs" / "images" / "benchmarks"
"""Where the plots of full runs go; the guide shows them."""
QUICK_RESULTS = ROOT / "benchmarks" / "results"
"""Where a quick run writes, so that it never replaces the numbers of a full one."""
WIDTH = 110
"""Columns of a table that is not printed on a terminal."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line of a benchmark says."""

    quick: bool
    """Whether to take less than a minute and accept noisier numbers."""

    @property
    def plots(self) -> Path:
        """Folder for the plots of this run."""
        return QUICK_RESULTS if self.quick else PLOTS


@dataclasses.dataclass(frozen=True)
class Result:
    """The last line of a benchmark."""

    claim: str
    """What is claimed, in words; `value` is the first ratio it names."""
    value: float
    """What was measured."""
    goal: float
    """What was aimed at."""
    at_least: bool = True
    """Whether the value should be the goal or more; otherwise the goal or less."""
    also: bool = True
    """Whether the claim's further conditions hold, where it has some."""

    @property
    def holds(self) -> bool:
        """Whether value and further conditions reach the goal; never with a value that is not a number."""
        if not math.isfinite(self.value):
            return False
        return self.also and (self.value >= self.goal if self.at_least else self.value <= self.goal)

    def to_json(self) -> str:
        """One line with the keys claim, value, goal, holds, machine."""
        value = self.value if math.isfinite(self.value) else None
        record = {"claim": self.claim, "value": value, "goal": self.goal, "holds": self.holds}
        return json.dumps({**record, "machine": provenance.machine()})


def options(docstring: str | None, arguments: Sequence[str] | None = None) -> Options:
    """Read the command line.

    Args:
        docstring: the script's; shown by --help.
        arguments: the words of the command line; those of this process when None.
    """
    parser = argparse.ArgumentParser(
        description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="under a minute, with noisier numbers")
    return Options(quick=parser.parse_args(arguments).quick)


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table; numbers are aligned to the right and rounded to four digits."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def save_plot(figure: Any, name: str, run: Options) -> Path:
    """Write a matplotlib figure to <name>.png and say where."""
    run.plots.mkdir(parents=True, exist_ok=True)
    path = run.plots / f"{name}.png"
    figure.savefig(path, dpi=120, bbox_inches="tight")
    print(f"plot: {path.relative_to(ROOT)}")
    return path


def finish(result: Result) -> None:
    """Print the result as the last line, which `make bench` reads."""
    print(result.to_json(), flush=True)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
