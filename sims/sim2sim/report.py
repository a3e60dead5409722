"""The written result of a comparison: one self-contained HTML file, JSON, and a table for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from landward.errors import require
from sims.evaluate.bootstrap import Estimate
from sims.evaluate.figures import figure, show
from sims.evaluate.page import render_page, write_file
from sims.sim2sim.compare import Column, Comparison
from sims.sim2sim.plots import all_plots

TEMPLATE = Path(__file__).with_name("report.html")


def write_report(comparison: Comparison, folder: Path) -> Path:
    """Write sim2sim.json and sim2sim.html.

    Raises:
        RunError: the folder cannot be written.
    """
    write_file(folder, "sim2sim.json", comparison.to_json())
    return write_file(folder, "sim2sim.html", render_html(comparison))


def render_html(comparison: Comparison) -> str:
    """The report as one HTML page."""
    return render_page(
        TEMPLATE,
        all_plots(comparison),
        "sim",
        c=comparison,
        rows=matrix_rows(comparison),
        differences=difference_rows(comparison),
        facts=fact_rows(comparison),
    )


def matrix_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """One row a figure: what it is called, and its value and ratio in every engine."""
    rows = []
    for name in comparison.columns[0].figures:
        cells = [
            {"value": show(name, column.figures[name]), "ratio": show_ratio(column, name, index)}
            for index, column in enumerate(comparison.columns)
            if name in column.figures
        ]
        rows.append({"label": figure(name).label, "explanation": figure(name).explanation, "cells": cells})
    return rows


def show_ratio(column: Column, name: str, index: int) -> str:
    """How a figure compares with the reference's, such as "1.1 [1.0, 1.2] ×"; "" for itself or over 0."""
    e: Estimate = column.ratios[name]
    return "" if index == 0 or e.n == 0 else f"{e.value:.2f} [{e.low:.2f}, {e.high:.2f}] ×"


def difference_rows(comparison: Comparison) -> list[dict[str, str]]:
    """One row an engine and observation term, in the order in which they differ."""
    return [
        {
            "engine": engine,
            "term": d.term + ("" if d.seen else " (simulator only)"),
            "first": "not in the first second" if d.first is None else f"{d.first:.2f} s",
            "element": d.element,
            "tolerance": f"{d.tolerance:.3g}",
            "end": f"{d.rms[-1]:.3g}",
            "bookkeeping": d.bookkeeping,
        }
        for engine, several in comparison.differences.items()
        for d in several
    ]


def fact_rows(comparison: Comparison) -> list[dict[str, str]]:
    """What each engine ran on."""
    return [
        {
            "engine": column.label,
            "device": str(column.facts.get("device", "")),
            "versions": ", ".join(f"{n} {v}" for n, v in column.facts.get("versions", {}).items()),
            "seconds": f"{column.facts.get('walk_seconds', float('nan')):.1f}",
        }
        for column in comparison.columns
    ]


def print_comparison(comparison: Comparison, console: Any) -> None:
    """The terminal's table: a column an engine, then what differs first."""
    table_module = require("rich.table", "cli", "the terminal's tables are drawn with it")
    plan = comparison.plan
    table = table_module.Table(
        title=f"{plan.task}: {plan.policy}",
        caption=f"{plan.episodes} episodes of {plan.seconds:g} s; [95 % interval]; × the first engine",
    )
    table.add_column("figure")
    for column in comparison.columns:
        table.add_column(column.label, justify="right", overflow="fold")
    for row in matrix_rows(comparison):
        # Value, interval and ratio under each other: columns stay narrow with many engines.
        cells = [f"{cell['value'].replace(' [', chr(10) + '[')}\n{cell['ratio']}" for cell in row["cells"]]
        table.add_row(row["label"], *cells)
    console.print(table)
    for line in comparison.first:
        console.print(line, soft_wrap=True, highlight=False)
    for label, why in comparison.failed.items():
        console.print(f"[bold red]failed:[/bold red] {label}: {why}", soft_wrap=True, highlight=False)
