"""The written result of an evaluation of driving: an HTML file, a JSON file, a table for the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from landward.errors import require
from sims.carla.evaluate.figures import FIGURES, show, show_ratio
from sims.carla.evaluate.plots import all_plots, colour
from sims.carla.evaluate.protocol import Entry, Evaluation
from sims.carla.evaluate.scores import RouteResult
from sims.evaluate.page import film_source, render_page, write_file

TEMPLATE = Path(__file__).with_name("report.html")
JSON_NAME, PAGE_NAME = "drive_evaluation.json", "drive_report.html"
EMBED_LIMIT = 12_000_000
"""Bytes of one film that go into the report; a longer one is linked."""


def write_report(evaluation: Evaluation, folder: Path) -> Path:
    """Write the JSON file and the page; returns the page.

    Raises:
        RunError: the folder cannot be written.
    """
    write_file(folder, JSON_NAME, evaluation.to_json())
    return write_file(folder, PAGE_NAME, render_html(evaluation))


def render_html(evaluation: Evaluation) -> str:
    """The report as one HTML page."""
    films = [entry.film if entry.film and entry.film.is_file() else None for entry in evaluation.entries]
    return render_page(
        TEMPLATE,
        all_plots(evaluation),
        "carla",
        e=evaluation,
        colours=[colour(row) for row in range(len(evaluation.entries))],
        figures=FIGURES,
        show=show,
        show_ratio=show_ratio,
        films=[film_source(film, EMBED_LIMIT) for film in films],
        routes=route_rows(evaluation.entries),
        kilometres=sum(result.length for result in evaluation.entries[0].results) / 1000.0,
        provenance=json.dumps(evaluation.provenance, indent=2),
    )


def route_rows(entries: list[Entry]) -> list[dict[str, Any]]:
    """One row for each route and repetition: name, length, and what every policy did on it."""
    found = [{(result.route, result.repetition): result for result in entry.results} for entry in entries]
    return [
        {
            "name": route,
            "repetition": repetition,
            "length": f"{found[0][route, repetition].length:.0f} m",
            "cells": [_cell(results.get((route, repetition))) for results in found],
        }
        for route, repetition in found[0]
    ]


def _cell(result: RouteResult | None) -> dict[str, str]:
    if result is None:
        return {"score": "", "what": "not driven"}
    events = [f"{count} × {kind.replace('_', ' ')}" for kind, count in sorted(result.counts.items())]
    if result.ended != "completed":
        events.append(f"{result.ended.replace('_', ' ')} at {100 * result.completion:.0f} %")
    if result.outside > 1.0:
        events.append(f"{result.outside:.0f} m off the lanes")
    return {"score": f"{result.score:.0f}", "what": ", ".join(events) or "clean"}


def print_summary(evaluation: Evaluation, console: Any) -> None:
    """The terminal's table: a column for each policy."""
    table_module = require("rich.table", "cli", "the terminal's tables are drawn with it")
    settings = evaluation.settings
    driven = len(evaluation.entries[0].results)
    table = table_module.Table(
        title=f"{evaluation.town}: {driven} {settings.routes} routes",
        caption="mean [95 % interval]",
    )
    table.add_column("figure")
    for entry in evaluation.entries:
        table.add_column(entry.label, justify="right", overflow="fold")
    for name, figure in FIGURES.items():
        table.add_row(figure.label, *(show(name, entry.figures[name]) for entry in evaluation.entries))
    console.print(table)
    for verdict in evaluation.verdicts:
        mark = "[green]pass[/green]" if verdict.passed else "[bold red]FAIL[/bold red]"
        console.print(
            f"{verdict.label}: {show_ratio(verdict.ratio)} of the expert's driving score, "
            f"at least {verdict.target:g} wanted: {mark}",
            soft_wrap=True,
        )
    for warning in evaluation.warnings:
        console.print(f"[yellow]warning:[/yellow] {warning}", soft_wrap=True)
