"""Run every benchmark and rewrite docs/benchmarks.md from what they said.

python -m benchmarks.run_all [NAME ...] [--quick]
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import _common
from benchmarks.harness import PLOTS, QUICK_RESULTS, ROOT
from landward.errors import RegistryError
from landward.provenance import git_state

FOLDER = ROOT / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
KEYS = ("claim", "value", "goal", "holds", "machine")
"""What the last line of a benchmark must have."""
_NOT_BENCHMARKS = ("__init__", "harness", "run_all")


@dataclasses.dataclass(frozen=True)
class Report:
    """What one benchmark said."""

    name: str
    title: str
    """First line of the script's docstring."""
    output: str
    """All it printed but the last line."""
    result: dict[str, Any] | None
    """Its last line; None where it failed."""
    seconds: float
    failure: str = ""
    """Why there is no result."""


def scripts(folder: Path = FOLDER) -> list[Path]:
    """The benchmarks of a folder: every script but the shared ones and those whose name begins with "_"."""
    found = (path for path in folder.glob("*.py") if path.stem not in _NOT_BENCHMARKS)
    return sorted(path for path in found if not path.stem.startswith("_"))


def interpreter(script: ast.Module) -> str:
    """The Python that a benchmark names in INTERPRETER, relative to the repository; otherwise this one."""
    constants = (node for node in script.body if isinstance(node, ast.Assign))
    for node in constants:
        names = [getattr(target, "id", "") for target in node.targets]
        if names == ["INTERPRETER"] and isinstance(node.value, ast.Constant):
            return str(ROOT / str(node.value.value))
    return sys.executable


def run(script: Path, quick: bool) -> Report:
    """Run one benchmark in a process of its own, passing on what it prints as it comes."""
    parsed = ast.parse(script.read_text(encoding="utf-8"))
    title = (ast.get_docstring(parsed) or script.stem).splitlines()[0]
    start = time.monotonic()
    command = [interpreter(parsed), str(script), *(["--quick"] if quick else [])]
    if not Path(command[0]).exists():
        failure = f"no {Path(command[0]).relative_to(ROOT)}: run make setup-ros"
        return Report(script.stem, title.rstrip("."), "", None, 0.0, failure)
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip("\n"))
    seconds = time.monotonic() - start
    while lines and not lines[-1].strip():
        lines.pop()
    result, failure = None, ""
    if process.returncode != 0:
        failure = f"exit status {process.returncode}"
    else:
        result, failure = parse_result(lines.pop() if lines else "")
    return Report(script.stem, title.rstrip("."), "\n".join(lines), result, seconds, failure)


def parse_result(line: str) -> tuple[dict[str, Any] | None, str]:
    """The result in a benchmark's last line, or why it is none."""
    try:
        result = json.loads(line)
    except json.JSONDecodeError:
        return None, f"the last line is not a JSON object: {line[:80]!r}"
    if not isinstance(result, dict):
        return None, f"the last line is not a JSON object: {line[:80]!r}"
    missing = [key for key in KEYS if key not in result]
    return (None, f"the last line lacks {', '.join(missing)}") if missing else (result, "")


def page(reports: Sequence[Report], quick: bool) -> str:
    """The guide's page about the benchmarks, in Markdown."""
    state = git_state(ROOT / "landward")
    commit = state["commit"][:12] + (" with local changes" if state["dirty"] else "")
    machines = dict.fromkeys(report.result["machine"] for report in reports if report.result)
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` from what the scripts in `benchmarks/` said; do not edit it by hand.",
        "One script stands behind each claim: `python benchmarks/NAME.py [--quick]`.",
        "",
        f"- date: {datetime.now(UTC):%Y-%m-%d}{' (quick run)' if quick else ''}",
        f"- commit: {commit or 'unknown'}",
        *(f"- machine: {machine}" for machine in machines),
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
    lines = [
        f"## {report.name}",
        "",
        f"{report.title}. Took {report.seconds:.0f} s.",
        "",
        "```text",
        report.output,
        "```",
    ]
    if (PLOTS / f"{report.name}.png").is_file():
        lines += ["", f"![{report.title}](images/benchmarks/{report.name}.png)"]
    return lines


def select(names: Sequence[str], available: Sequence[Path]) -> list[Path]:
    """The scripts of those names; all of them when no name is given.

    Raises:
        RegistryError: there is no benchmark of that name.
    """
    known = {path.stem: path for path in available}
    for name in names:
        if name not in known:
            raise RegistryError(
                f"unknown benchmark {name!r}: the benchmarks are {', '.join(known) or 'none'}"
            )
    return [known[name] for name in names] if names else list(available)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; 0 where every benchmark ran and every claim holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="benchmarks to run; all when none is named")
    parser.add_argument("--quick", action="store_true", help="under a minute each; leaves docs/ as it is")
    given = parser.parse_args(arguments)
    reports = []
    for script in select(given.names, scripts()):
        print(f"== {script.stem}", flush=True)
        reports.append(run(script, given.quick))
    # The page shows all benchmarks, so a part of them or noisier ones must not replace it.
    target = QUICK_RESULTS / "benchmarks.md" if given.quick or given.names else PAGE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(reports, given.quick), encoding="utf-8")
    print(f"\nwrote {target.relative_to(ROOT)}")
    bad = [report for report in reports if report.result is None or not report.result["holds"]]
    for report in bad:
        print(f"{report.name}: {report.failure or 'the claim does not hold'}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(_common.status_of(main, failed=2))
