"""What `landward deploy` prints at its end, from the recording."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from landward.atomic import write_text_atomic
from landward.policy_file import read_policy_file
from landward_bringup.description import Deployment
from landward_bringup.supervisor import Ending
from landward_bringup.verdict import Reference, Row, find_reference, judge, passed, to_json
from landward_tools.report import Summary, summarise
from landward_tools.report import to_json as summary_to_json


def report_recording(deployment: Deployment, ending: Ending, seconds: float, as_json: bool) -> int:
    """Print the table or the JSON object, and keep the latter as report.json; returns the exit status.

    Args:
        deployment: that was recorded.
        ending: why it is over.
        seconds: how long the robot was to walk [s]; 0 where that was up to a person.
        as_json: print one JSON object.

    Raises:
        BagError: the recording cannot be read.
        RunError: the evaluation is damaged, or the folder cannot be written.
    """
    summary = summarise(deployment.bag, deployment.place.namespace)
    seal = read_policy_file(deployment.policy).graph_hash
    reference, note = find_reference(deployment.policy, seal)
    rows = judge(summary, reference, seconds)
    text = to_json(rows, _facts(deployment, ending, summary, reference))
    write_text_atomic(deployment.folder / "report.json", text + "\n")
    if as_json:
        print(text)
    else:
        _print(rows, deployment, note)
    return ending.status or (0 if passed(rows) else 1)


def _facts(
    deployment: Deployment, ending: Ending, summary: Summary, reference: Reference | None
) -> dict[str, Any]:
    return {
        "robot": deployment.robot,
        "policy": str(deployment.policy),
        "bag": str(deployment.bag),
        "ended": ending.reason,
        "status": ending.status,
        "measured": summary_to_json(summary),
        "evaluation": None if reference is None else {"file": str(reference.path), "rmse": reference.rmse},
    }


def _print(rows: list[Row], deployment: Deployment, note: str) -> None:
    console = Console()
    where = "its twin" if not deployment.bridge else f"the robot ({deployment.bridge})"
    table = Table(title=f"{deployment.robot} on {where}: {escape(str(deployment.policy))}")
    table.add_column("from the recording")
    table.add_column("measured", justify="right")
    table.add_column("limit", no_wrap=True)
    table.add_column("")
    marks = {None: "", True: "[green]pass[/green]", False: "[bold red]FAIL[/bold red]"}
    for row in rows:
        table.add_row(row.label, row.value, row.limit, marks[row.passed])
    console.print(table)
    if note:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", soft_wrap=True)
    console.print(f"recording: {deployment.bag}", soft_wrap=True, highlight=False)
