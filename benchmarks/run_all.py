"""Run benchmarks and rewrite docs/benchmarks.md from what they said.

python -m benchmarks.run_all [NAME ...] [--quick]

What a full run says is kept in benchmarks/reports, so that the page always shows the last full run of each.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import _common
from benchmarks._reports import Report, load, page, save
from benchmarks.harness import QUICK_RESULTS, ROOT
from landward.errors import RegistryError
from landward.provenance import git_state

FOLDER = ROOT / "benchmarks"
REPORTS = FOLDER / "reports"
"""What the last full run of each benchmark said, one file each."""
PAGE = ROOT / "docs" / "benchmarks.md"
KEYS = ("claim", "value", "goal", "holds", "machine")
"""What the last line of a benchmark must have."""
_NOT_BENCHMARKS = ("__init__", "harness", "run_all")


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
    title = (ast.get_docstring(parsed) or script.stem).splitlines()[0].rstrip(".")
    date, commit, start = f"{datetime.now(UTC):%Y-%m-%d}", _commit(), time.monotonic()
    command = [interpreter(parsed), str(script), *(["--quick"] if quick else [])]
    if not Path(command[0]).exists():
        failure = f"no {Path(command[0]).relative_to(ROOT)}: run make setup-ros"
        return Report(script.stem, title, date, commit, "", None, 0.0, failure)
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
    return Report(script.stem, title, date, commit, "\n".join(lines), result, seconds, failure)


def _commit() -> str:
    state = git_state(ROOT / "landward")
    return (state["commit"][:12] + (" with local changes" if state["dirty"] else "")) or "unknown"


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
    """Run them; 0 where every benchmark of this run ran and its claim holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="benchmarks to run; all when none is named")
    parser.add_argument("--quick", action="store_true", help="under a minute each; leaves docs/ as it is")
    given = parser.parse_args(arguments)
    reports = []
    for script in select(given.names, scripts()):
        print(f"== {script.stem}", flush=True)
        reports.append(run(script, given.quick))
        if not given.quick:
            save(reports[-1], REPORTS)
    # Quick runs are noisy: they must not replace what full ones said.
    target = QUICK_RESULTS / "benchmarks.md" if given.quick else PAGE
    shown = reports if given.quick else load(REPORTS, [script.stem for script in scripts()])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(shown), encoding="utf-8")
    print(f"\nwrote {target.relative_to(ROOT)}")
    bad = [report for report in reports if report.result is None or not report.result["holds"]]
    for report in bad:
        print(f"{report.name}: {report.failure or 'the claim does not hold'}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(_common.status_of(main, failed=2))
