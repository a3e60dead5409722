"""`landward doctor`."""

from __future__ import annotations

import json
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from sims.doctor.machine import Machine, look
from sims.doctor.report import INCOMPLETE, MISSING, WHOLE, EnvironmentReport, Report, examine

COLOUR = {WHOLE: "green", INCOMPLETE: "yellow", MISSING: "red"}


@dataclass
class Doctor:
    """Say what is installed, what each simulator needs, and the command that gets what is missing.

    Looks at the environments' files without starting them. Exit status 1 where the main environment is not
    whole; the others are there for those who want their simulators.

    Examples:
        landward doctor
        landward doctor --json
    """

    versions: bool = False
    """List every package with the version that is needed and the one that is there."""
    json: bool = False
    """Print one JSON object instead of tables."""

    def run(self) -> int:
        """Examine and print; 0 where the main environment is whole."""
        report = examine(look())
        if self.json:
            print(json.dumps(report.as_json(), indent=2))
        else:
            show(report, self.versions)
        return 0 if report.sound else 1


def show(report: Report, versions: bool) -> None:
    """Print the report as tables, what is to be done last."""
    console = Console()
    console.print(_environments(report))
    for environment in report.environments:
        if environment.unmet or (versions and environment.needs):
            console.print(_needs(environment, versions))
    console.print(_simulators(report))
    console.print(_machine(report.machine, report.asset_root or "none"))
    steps = dict.fromkeys(entry.fix for entry in (*report.environments, *report.simulators) if entry.fix)
    notes = [note for note in (report.asset_fix, report.machine.offscreen_note) if note]
    for step in [*steps, *notes]:
        console.print(f"to get what is missing: {step}", style="yellow", soft_wrap=True, markup=False)
    if report.sound:
        console.print("the main environment is whole", style="green")


def _environments(report: Report) -> Table:
    table = _table("environments", ("name", "state", "for", "python"))
    for row in report.environments:
        table.add_row(row.name, f"[{COLOUR[row.state]}]{row.state}[/]", row.summary, row.python)
    return table


def _needs(report: EnvironmentReport, every: bool) -> Table:
    table = _table(f"{report.name}: packages", ("package", "needed", "found"))
    for need in report.needs if every else report.unmet:
        colour = "green" if need.fits else "red"
        table.add_row(need.name, need.wanted or "any", f"[{colour}]{need.found or 'none'}[/]")
    return table


def _simulators(report: Report) -> Table:
    table = _table("simulators", ("engine or simulator", "environment", "state", "runs here on"))
    for row in report.simulators:
        state = "[green]ready[/]" if row.ready else "[red]missing[/]"
        table.add_row(row.name, row.environment, state, ", ".join(row.devices))
    return table


def _machine(machine: Machine, assets: str) -> Table:
    table = _table("machine", ("what", "found"))
    table.add_row("CPU threads", str(machine.cpus))
    table.add_row("GPU", "\n".join(machine.gpus) or machine.gpu_note)
    table.add_row("pictures without a display", machine.offscreen or machine.offscreen_note)
    table.add_row("display", machine.display or "none: windows do not open")
    table.add_row("ROS 2 that is sourced", machine.ros or "none: .venv-ros brings its own")
    table.add_row("Isaac Lab's assets", assets)
    return table


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
