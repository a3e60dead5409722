"""What benchmarks said, as files, and the page of the guide that shows them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import PLOTS


@dataclasses.dataclass(frozen=True)
class Report:
    """What one benchmark said."""

    name: str
    title: str
    """First line of the script's docstring."""
    date: str
    """When it ran, year-month-day."""
    commit: str
    """Of the code that ran."""
    output: str
    """All it printed but the last line."""
    result: dict[str, Any] | None
    """Its last line; None where it failed."""
    seconds: float
    failure: str = ""
    """Why there is no result."""


def save(report: Report, folder: Path) -> None:
    """Keep a report; it replaces the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dataclasses.asdict(report), indent=1, ensure_ascii=False)
    (folder / f"{report.name}.json").write_text(text + "\n", encoding="utf-8")


def load(folder: Path, names: Sequence[str]) -> list[Report]:
    """The reports that are kept of these benchmarks, in the order of the names."""
    files = [folder / f"{name}.json" for name in names]
    return [Report(**json.loads(file.read_text(encoding="utf-8"))) for file in files if file.is_file()]


def page(reports: Sequence[Report]) -> str:
    """The guide's page about the benchmarks, in Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` from what the scripts in `benchmarks/` said; do not edit it by hand.",
        "One script stands behind each claim: `python benchmarks/NAME.py [--quick]`; "
        "`make bench ARGS=NAME` runs one and renews its part of this page.",
        "",
        "| benchmark | claim | measured | goal | holds |",
        "| --- | --- | --- | --- | --- |",
        *(_row(report) for report in reports),
    ]
    for report in reports:
        lines += ["", *_section(report)]
    return "\n".join(lines) + "\n"


def _row(report: Report) -> str:
    if report.result is None:
        return f"| {report.name} | {report.title} | failed: {report.failure} | | no |"
    result = report.result
    value = "not a number" if result["value"] is None else f"{result['value']:.3g}"
    holds = "yes" if result["holds"] else "no"
    return f"| [{report.name}](#{report.name}) | {result['claim']} | {value} | {result['goal']:g} | {holds} |"


def _section(report: Report) -> list[str]:
    machine = f" on {report.result['machine']}" if report.result else ""
    lines = [
        f"## {report.name}",
        "",
        f"{report.title}. Took {report.seconds:.0f} s{machine}; {report.date}, commit {report.commit}.",
        "",
        "```text",
        report.output,
        "```",
    ]
    if (PLOTS / f"{report.name}.png").is_file():
        lines += ["", f"![{report.title}](images/benchmarks/{report.name}.png)"]
    return lines
