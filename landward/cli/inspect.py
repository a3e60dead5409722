"""`landward inspect`: what a policy or a run expects, commands and promises."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from landward.errors import RunError
from landward.policy_file import read_policy_file
from landward.runs import RunFolder
from landward.spec import ActionTerm, Constraint, ObservationTerm, PolicySpec


@dataclasses.dataclass
class Inspect:
    """Show a policy's spec: inputs, outputs, units, order, rate, gains, constraints, origin.

    A policy file is checked first: one that is cut short or was altered is refused.

    Examples:
        landward inspect policy.onnx
        landward inspect runs/go1-flat/2026-11-23_14-05-09_seed1 --json
    """

    path: Annotated[Path, tyro.conf.Positional]
    """An exported policy (policy.onnx) or a run folder."""
    json: bool = False
    """Print one JSON object instead of tables."""

    def run(self) -> int:
        """Print it."""
        found = describe(self.path)
        if self.json:
            print(json.dumps({**found, "spec": json.loads(found["spec"].to_json())}, indent=2))
            return 0
        console = Console()
        console.print(_header(found))
        for table in spec_tables(found["spec"]):
            console.print(table)
        return 0


def describe(path: Path) -> dict[str, Any]:
    """Spec, hash and provenance of a policy file or a run folder; of a file the seal and the states too.

    Raises:
        RunError: nothing is there, or the folder is not a run.
        PolicyFileError: the file is not a whole, unaltered policy.
    """
    if path.is_dir():
        run = RunFolder.open(path)
        spec = run.spec
        return {"path": str(path), "spec_hash": spec.hash, "spec": spec, "provenance": run.provenance}
    if not path.exists():
        raise RunError(f"nothing at {path}; name an exported policy (policy.onnx) or a run folder")
    policy = read_policy_file(path)
    return {
        "path": str(path),
        "spec_hash": policy.spec.hash,
        "graph_hash": policy.graph_hash,
        "spec": policy.spec,
        "states": [dataclasses.asdict(state) for state in policy.states],
        "provenance": policy.provenance,
    }


def spec_tables(spec: PolicySpec) -> list[Table]:
    """One table for each observation group, one for the actions, one for the constraints if there are any."""
    tables = [_observations(spec, group) for group in spec.groups]
    tables.append(_actions(spec))
    if spec.constraints:
        tables.append(_constraints(spec.constraints))
    return tables


def _header(found: dict[str, Any]) -> Table:
    spec: PolicySpec = found["spec"]
    table = Table.grid(padding=(0, 2))
    rows = {
        "file": found["path"],
        "task": spec.task,
        "robot": spec.robot,
        "control period": f"{spec.control_period:g} s ({1 / spec.control_period:g} Hz)",
        "spec": found["spec_hash"],
        "seal": found.get("graph_hash", ""),
        "states": ", ".join(state["input"] for state in found.get("states", [])),
        "commit": _commit(found["provenance"]),
        "seed": str(found["provenance"].get("seed", "")),
    }
    for label, value in rows.items():
        if value:
            table.add_row(f"[bold]{label}[/bold]", value)
    return table


def _commit(provenance: dict[str, Any]) -> str:
    state = provenance.get("git", {})
    return state.get("commit", "") + (" with local changes" if state.get("dirty") else "")


def _observations(spec: PolicySpec, group: str) -> Table:
    role = "read by the policy" if group in spec.actor else "training only"
    columns = (
        "name",
        "kind",
        "shape",
        "unit",
        "frame",
        "(x - offset) * scale",
        "clip",
        "delay [s]",
        "frames",
    )
    table = _table(f"observations: {group} ({role})", columns)
    for term in spec.group(group):
        table.add_row(
            term.name,
            term.kind,
            _shape(term.shape, term.dtype),
            _text(term.unit),
            term.frame,
            f"(x - {_text(term.offset)}) * {_text(term.scale)}",
            _range(term.clip),
            _range(term.delay) if any(term.delay) else "",
            str(term.history),
        )
        _add_names(table, term)
    return table


def _actions(spec: PolicySpec) -> Table:
    columns = ("name", "kind", "shape", "unit", "frame", "scale", "offset", "limits", "stiffness", "damping")
    table = _table("actions: offset + scale * network output", columns)
    for term in spec.actions:
        chunk = f" x {term.chunk}" if term.chunk > 1 else ""
        table.add_row(
            term.name,
            term.kind,
            _shape(term.shape, term.dtype) + chunk,
            _text(term.unit),
            term.frame,
            _text(term.scale),
            _text(term.offset),
            _text(tuple(_range(pair) for pair in term.limits)),
            _text(term.stiffness),
            _text(term.damping),
        )
        _add_names(table, term)
    return table


def _constraints(constraints: tuple[Constraint, ...]) -> Table:
    table = _table("constraints", ("name", "kind", "holds when", "p_max", "only when"))
    sign = {"abs": "|{}| <= {}", "upper": "{} <= {}", "lower": "{} >= {}"}
    for item in constraints:
        read = f"{item.reads} - {item.reference}" if item.reference else item.reads
        read += f"[{', '.join(item.elements)}]" if item.elements else ""
        bound = f"{_text(item.limit)} {item.unit}" + (f" + {item.dead_band:g}" if item.dead_band else "")
        p_max = f"{item.p_max:g}" if item.kind == "soft" else "1"
        table.add_row(item.name, item.kind, sign[item.measure].format(read, bound), p_max, item.when)
    return table


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _add_names(table: Table, term: ObservationTerm | ActionTerm) -> None:
    if term.names:
        table.add_row("", f"[dim]{', '.join(term.names)}[/dim]")


def _shape(shape: tuple[int, ...], dtype: str) -> str:
    return " x ".join(str(size) for size in shape) + ("" if dtype == "float32" else f" {dtype}") or "1"


def _range(pair: tuple[float, float] | None) -> str:
    return "" if pair is None else f"{pair[0]:g} .. {pair[1]:g}"


def _text(value: Any) -> str:
    """A value for a cell; one that is the same for every element is shown once."""
    if isinstance(value, tuple):
        distinct = list(dict.fromkeys(value))
        return _text(distinct[0]) if len(distinct) == 1 else ", ".join(_text(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
