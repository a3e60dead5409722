"""`landward list`: the robots, tasks, runs and verbs there are."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console
from rich.table import Table

from landward.cli.verbs import installed_verbs
from landward.errors import LandwardError
from landward.runs import RunFolder, list_runs

Kind = Literal["all", "robots", "tasks", "runs", "verbs"]


@dataclasses.dataclass
class List:
    """List the robots, tasks, runs and verbs there are, those of installed plugins included.

    Examples:
        landward list
        landward list runs --json
    """

    kind: Annotated[Kind, tyro.conf.Positional] = "all"
    """What to list."""
    runs: Path = Path("runs")
    """Folder of all runs."""
    json: bool = False
    """Print one JSON object instead of tables."""

    def run(self) -> int:
        """Print it."""
        tables: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "robots": lambda: declared("landward.robots"),
            "tasks": lambda: declared("landward.tasks") + families(),
            "runs": lambda: [describe_run(run) for run in list_runs(self.runs)],
            "verbs": lambda: [{"name": verb.name, "summary": verb.summary} for verb in installed_verbs()],
        }
        wanted = {kind: rows() for kind, rows in tables.items() if self.kind in ("all", kind)}
        if self.json:
            print(json.dumps(wanted, indent=2))
            return 0
        console = Console()
        for kind, rows in wanted.items():
            console.print(_table(kind, rows) if rows else f"[bold]{kind}[/bold]: none")
        return 0


def declared(group: str) -> list[dict[str, Any]]:
    """Name, package and target of each entry point of a group; nothing is imported."""
    found = {
        point.name: {
            "name": point.name,
            "from": point.dist.name if point.dist else "",
            "target": point.value,
        }
        for point in entry_points(group=group)
    }
    return [found[name] for name in sorted(found)]


def families() -> list[dict[str, Any]]:
    """The prefixes under which tasks of other libraries are found."""
    rows = declared("landward.task_families")
    return [{**row, "name": f"{row['name']}:TASK"} for row in rows]


def describe_run(run: RunFolder) -> dict[str, Any]:
    """One row about a run; a run that cannot be read says why in `note`."""
    row: dict[str, Any] = {"path": str(run.path), "task": "", "robot": "", "checkpoints": 0, "policy": False}
    try:
        spec = run.spec
        row |= {"task": spec.task, "robot": spec.robot, "checkpoints": len(run.checkpoints())}
        return row | {"policy": (run.path / "policy.onnx").is_file(), "note": ""}
    except LandwardError as error:
        return row | {"note": str(error)}


def _table(kind: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=kind, title_justify="left", title_style="bold")
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = ("yes" if cell is True else "" if cell is False else str(cell) for cell in row.values())
        table.add_row(*cells)
    return table
