"""`landward inspect`: what a policy or a run expects, commands and promises."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from landward.errors import RunError
from landward.policy_file import read_policy_file
from landward.runs import RunFolder
from landward.spec import ActionTerm, Constraint, ObservationTerm, PolicySpec

_SHOWN_NAMES = 24
"""A longer list of element names (a height scan's points) is shown by its ends."""


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
    """A table for each observation group, for the actions, the names of elements and the constraints."""
    tables = [_observations(spec, group) for group in spec.groups]
    tables += [_actions(spec), *_names(spec)]
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
    rows = [
        {
            "name": term.name,
            "kind": term.kind,
            "shape": _shape(term.shape, term.dtype),
            "unit": _text(term.unit),
            "frame": term.frame,
            "what the network sees": _encoding(term),
            "clip": _range(term.clip),
            "delay [s]": _range(term.delay) if any(term.delay) else "",
            "frames": str(term.history) if term.history > 1 else "",
        }
        for term in spec.group(group)
    ]
    return _table(f"observations: {group} ({role})", rows)


def _actions(spec: PolicySpec) -> Table:
    rows = [
        {
            "name": term.name,
            "kind": term.kind,
            "shape": _shape(term.shape, term.dtype) + (f" x {term.chunk}" if term.chunk > 1 else ""),
            "unit": _text(term.unit),
            "frame": term.frame,
            "scale": _text(term.scale),
            "offset": _text(term.offset),
            "limits": _text(tuple(_range(pair) for pair in term.limits)),
            "stiffness": _text(term.stiffness),
            "damping": _text(term.damping),
        }
        for term in spec.actions
    ]
    return _table("actions: offset + scale * network output", rows)


def _constraints(constraints: tuple[Constraint, ...]) -> Table:
    sign = {"abs": "|{}| <= {}", "upper": "{} <= {}", "lower": "{} >= {}"}
    rows = []
    for item in constraints:
        read = f"{item.reads} - {item.reference}" if item.reference else item.reads
        read += f"[{', '.join(item.elements)}]" if item.elements else ""
        bound = f"{_text(item.limit)} {item.unit}" + (f" + {item.dead_band:g}" if item.dead_band else "")
        rows.append(
            {
                "name": item.name,
                "kind": item.kind,
                "holds when": sign[item.measure].format(read, bound),
                "p_max": f"{item.p_max:g}" if item.kind == "soft" else "1",
                "only when": item.when,
            }
        )
    return _table("constraints", rows)


def _table(title: str, rows: list[dict[str, str]]) -> Table:
    """A table of rows with the same columns; a column that is empty in every row is left out."""
    table = Table(title=title, title_justify="left", title_style="bold")
    columns = [column for column in rows[0] if any(row[column] for row in rows)]
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(row[column]) for column in columns))
    return table


def element_names(spec: PolicySpec) -> dict[str, tuple[str, ...]]:
    """Terms -> their element names, each list of names once: "joint_pos, joint_vel" -> joints."""
    terms: list[ObservationTerm | ActionTerm] = [t for g in spec.groups for t in spec.group(g)]
    terms += spec.actions
    users: dict[tuple[str, ...], dict[str, None]] = {}
    for term in terms:
        if term.names:
            users.setdefault(term.names, {})[term.name] = None
    return {", ".join(found): names for names, found in users.items()}


def _names(spec: PolicySpec) -> list[Table]:
    rows = []
    for terms, names in element_names(spec).items():
        hidden = len(names) - 5
        shown = names if len(names) <= _SHOWN_NAMES else (*names[:4], f"... {hidden} more ...", names[-1])
        rows.append({"terms": terms, "names": ", ".join(shown)})
    return [_table("elements, in order", rows)] if rows else []


def _shape(shape: tuple[int, ...], dtype: str) -> str:
    return " x ".join(str(size) for size in shape) + ("" if dtype == "float32" else f" {dtype}") or "1"


def _range(pair: tuple[float, float] | None) -> str:
    return "" if pair is None else f"{pair[0]:g} .. {pair[1]:g}"


def _encoding(term: ObservationTerm) -> str:
    """(x - offset) * scale, without what changes nothing."""
    offset, scale = _text(term.offset), _text(term.scale)
    shifted = "x" if offset == "0" else f"x - {offset}"
    return shifted if scale == "1" else f"{shifted if shifted == 'x' else f'({shifted})'} * {scale}"


def _vector(value: tuple[Any, ...]) -> str:
    """The elements in brackets; a pattern that repeats, as from leg to leg, once: "[0, 0.9, -1.8] x 4"."""
    for length in range(2, len(value) // 2 + 1):
        times = len(value) // length
        if value == value[:length] * times:
            return f"{_vector(value[:length])} x {times}"
    return f"[{', '.join(_text(item) for item in value)}]"


def _text(value: Any) -> str:
    """A value for a cell; one that is the same for every element is shown once."""
    if value == ():
        return ""
    if isinstance(value, tuple):
        distinct = list(dict.fromkeys(value))
        return _text(distinct[0]) if len(distinct) == 1 else _vector(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
