"""`landward assets`: the files that a simulator's own tasks need."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tyro
from rich.console import Console
from rich.table import Table

from sims.environments import run_module
from sims.isaaclab.assets import BUILT, ROOT_VARIABLE, Root, check_manifest, default_root, users_root

Needs = dict[str, dict[str, list[str]]]
"""Task -> "missing" files, relative to the root, and "remote" addresses."""


@dataclass
class Assets:
    """Build the asset root that Isaac Lab's own tasks need, from what installed wheels ship.

    Isaac Lab's wheel holds no robot and no ground; by default it fetches them from NVIDIA's servers. This
    makes a folder with those that other wheels ship and says which tasks it unlocks, and what others lack.
    Landward uses it by itself. A root of your own, in ISAACSIM_ASSET_ROOT, comes first and is only looked at.

    Examples:
        landward assets isaaclab
        landward assets isaaclab --locked
    """

    simulator: tyro.conf.Positional[Literal["isaaclab"]]
    """Whose assets."""
    root: Path | None = None
    """Build here; a folder in the user's cache when not given."""
    tasks: bool = True
    """Read every registered task's configuration (half a minute) and say which are unlocked."""
    locked: bool = False
    """List every locked task with what it lacks."""
    json: bool = False
    """Print one JSON object instead."""

    def run(self) -> int:
        """Build or find the root, and say what it holds and unlocks."""
        root, assets = self._make()
        needs: Needs | None = None
        if self.tasks and root.folder is not None:
            variables = {ROOT_VARIABLE: root.place}
            needs = json.loads(run_module("isaaclab", "sims.isaaclab.asset_tasks", variables=variables))
        if self.json:
            found = {"root": root.place, "origin": root.origin, "assets": assets, "tasks": needs}
            print(json.dumps(found, indent=2))
        else:
            _show(root, assets, needs, self.locked)
        return 0

    def _make(self) -> tuple[Root, list[dict[str, str]]]:
        """The root, and the path and source of each file where Landward built it."""
        own = users_root() if self.root is None else None
        if own is not None:
            return own, []
        folder = (self.root or default_root()).expanduser().absolute()
        run_module("isaaclab", "sims.isaaclab.asset_build", str(folder))
        return Root(str(folder), BUILT if self.root is None else "--root"), check_manifest(folder)["assets"]


def _show(root: Root, assets: list[dict[str, str]], needs: Needs | None, locked: bool) -> None:
    console = Console()
    console.print(f"asset root ({root.origin}): {root.place or 'the servers that Isaac Lab chooses'}")
    for asset in assets:
        console.print(f"  {asset['path']}  [dim]{asset['source']}[/dim]", soft_wrap=True)
    if root.origin == "--root":
        console.print(f"Landward and Isaac Lab use it with {ROOT_VARIABLE}={root.place}", soft_wrap=True)
    if needs is None:
        return
    free = [name for name, need in needs.items() if not need["missing"] and not need["remote"]]
    console.print(f"\n[bold]{len(free)} of {len(needs)} registered tasks are unlocked[/bold]")
    for name in free:
        console.print(f"  {name}")
    shut = {name: need for name, need in needs.items() if name not in free}
    if locked:
        console.print(_table("locked", ("task", "lacks"), _rows(shut)))
    elif shut:
        counts = Counter(file for need in shut.values() for file in need["missing"] + need["remote"])
        rows = [(str(count), file) for file, count in counts.most_common(10)]
        console.print(_table("what the others lack most (--locked lists each)", ("tasks", "file"), rows))


def _rows(shut: Needs) -> list[tuple[str, str]]:
    return [(name, "\n".join(need["missing"] + need["remote"])) for name, need in shut.items()]


def _table(title: str, columns: tuple[str, ...], rows: list[Any]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
