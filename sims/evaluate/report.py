"""The written result of an evaluation: one self-contained HTML file, and a table for the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from landward.errors import require
from sims.evaluate.figures import figure, limit_text, show
from sims.evaluate.matrix import UNITS, Row
from sims.evaluate.page import film_source, render_page, write_file
from sims.evaluate.plots import all_plots
from sims.evaluate.protocol import Evaluation

TEMPLATE = Path(__file__).with_name("report.html")
PHYSICS_NAMES = {
    "fine": "fine physics (2 ms, elliptic cones, 50 iterations)",
    "training": "training physics",
}
EMBED_LIMIT = 24_000_000
"""Bytes of film that go into the report; a longer one is linked."""


def write_report(evaluation: Evaluation, folder: Path, film: Path | None = None) -> Path:
    """Write evaluation.json and report.html.

    Args:
        evaluation: what to report.
        folder: where to.
        film: the tour's MP4, embedded.

    Raises:
        RunError: the folder cannot be written.
    """
    write_file(folder, "evaluation.json", evaluation.to_json())
    return write_file(folder, "report.html", render_html(evaluation, film))


def render_html(evaluation: Evaluation, film: Path | None = None) -> str:
    """The report as one HTML page."""
    return render_page(
        TEMPLATE,
        all_plots(evaluation),
        "sim",
        e=evaluation,
        film=film_source(film, EMBED_LIMIT),
        physics_names=PHYSICS_NAMES,
        short_names={name: f"{name} physics" for name in PHYSICS_NAMES},
        tables=figure_tables(evaluation),
        constraints=constraint_rows(evaluation),
        matrix_rows=matrix_rows(evaluation),
        figure=figure,
        show=show,
        worst=worst_rows(evaluation),
        provenance=json.dumps(evaluation.provenance, indent=2),
    )


def figure_tables(evaluation: Evaluation) -> dict[str, list[dict[str, Any]]]:
    """Rows of the walking, gait and standing tables: label, explanation, one value per physics."""
    tables: dict[str, list[dict[str, Any]]] = {"walking": [], "gait": [], "standing": []}
    for name in evaluation.by_physics[evaluation.settings.physics]:
        if name.startswith("violations."):
            continue
        gait = name.startswith(("duty.", "swing", "trot"))
        kind = "standing" if name.startswith("standing") else "gait" if gait else "walking"
        shown = figure(name)
        values = [show(name, metrics[name]) for metrics in evaluation.by_physics.values()]
        tables[kind].append({"label": shown.label, "explanation": shown.explanation, "values": values})
    return tables


def constraint_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """One row per constraint: limit, kind, violations per physics."""
    rows = []
    for constraint in evaluation.evidence.constraints:
        name = f"violations.{constraint.name}"
        rows.append(
            {
                "name": constraint.name,
                "limit": limit_text(constraint),
                "kind": constraint.kind,
                "reads": constraint.reads,
                "values": [show(name, metrics[name]) for metrics in evaluation.by_physics.values()],
            }
        )
    return rows


def matrix_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """One row per level of each axis, the overall row first."""
    matrix = evaluation.matrix
    if matrix is None:
        return []
    return [_matrix_row(row) for row in (matrix.overall, *matrix.levels, *matrix.terrain)]


def _matrix_row(row: Row) -> dict[str, Any]:
    unit = UNITS.get(row.axis, "").replace("1", "")
    return {
        "axis": "all cells" if row.axis == "all" else row.axis,
        "level": f"{row.level} {unit}".strip().replace("_", " "),
        "falls": show("matrix_falls", row.falls),
        "rmse": [show(f"matrix_{name}", e).removesuffix(f" {e.unit}") for name, e in row.rmse.items()],
        "n": row.falls.n,
    }


def worst_rows(evaluation: Evaluation) -> list[dict[str, str]]:
    """The worst cells in words."""
    rows = []
    for cell in evaluation.matrix.worst if evaluation.matrix else ():
        settings = {k: v for k, v in cell.items() if k not in ("falls", "n")}
        words = ", ".join(
            f"{k} {v:g} {UNITS.get(k, '').replace('1', '')}".strip() for k, v in settings.items()
        )
        rows.append({"cell": words, "falls": f"{100 * cell['falls']:.0f} %", "n": f"{cell['n']:g}"})
    return rows


def terrain_lines(evaluation: Evaluation) -> list[str]:
    """Falls and forward error on each kind of terrain, a line each."""
    rows = evaluation.matrix.terrain if evaluation.matrix else ()
    return [
        f"terrain, {row.level.replace('_', ' ')}: {show('matrix_falls', row.falls)} fall, "
        f"forward error {show('matrix_rmse_vx', row.rmse['rmse_vx'])}"
        for row in rows
    ]


def print_summary(evaluation: Evaluation, console: Any) -> None:
    """The terminal's table: targets first, then every figure."""
    table_module = require("rich.table", "cli", "the terminal's tables are drawn with it")
    counted = PHYSICS_NAMES[evaluation.settings.physics]
    table = table_module.Table(title=f"{evaluation.task}: {evaluation.policy}", caption=counted)
    for column, options in (
        ("figure", {}),
        ("measured [95 % interval]", {"justify": "right", "no_wrap": True}),
        ("target", {"no_wrap": True}),
    ):
        table.add_column(column, **options)
    table.add_column("")
    judged = {verdict.metric: verdict for verdict in evaluation.verdicts}
    for name, estimate in evaluation.metrics.items():
        verdict = judged.get(name)
        mark = (
            ""
            if verdict is None
            else "[green]pass[/green]"
            if verdict.passed
            else "[bold red]FAIL[/bold red]"
        )
        table.add_row(figure(name).label, show(name, estimate), verdict.target if verdict else "", mark)
    console.print(table)
    for line in terrain_lines(evaluation):
        console.print(line, soft_wrap=True)
    for cell in worst_rows(evaluation)[:3]:
        console.print(f"worst cell: {cell['falls']} of {cell['n']} fall at {cell['cell']}", soft_wrap=True)
    for warning in evaluation.warnings:
        console.print(f"[yellow]warning:[/yellow] {warning}", soft_wrap=True)
