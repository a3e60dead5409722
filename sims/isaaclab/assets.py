"""Isaac Lab's asset root: where it looks for robots and scenes, and what to say when they are not there.

Isaac Lab's wheel holds no robot and no ground. It reads both below one root, by default NVIDIA's servers, and
where they cannot be reached it tries for a minute and then reports a missing file. `landward assets isaaclab`
makes a root from what installed wheels ship; here it is found, and checked before anything is loaded.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landward.cache import cache_folder
from landward.errors import LandwardError

ROOT_VARIABLE = "ISAACSIM_ASSET_ROOT"
"""Isaac Lab's own environment variable; it is read once, when isaaclab.utils.assets is imported."""
REGION_VARIABLE = "ISAACSIM_ASSET_REGION_PROFILE"
"""Isaac Lab's own choice between NVIDIA's servers."""
MANIFEST = "landward_assets.json"
BUILT = "landward assets isaaclab"
"""What made the default root."""
LAYOUT = 1
"""Version of what is written below the root: raise it when a file that Landward makes there changes."""
LOOKS = frozenset({".mdl", ".hdr", ".exr", ".png", ".jpg", ".jpeg"})
"""Endings of files that decide how a scene looks; without Kit Isaac Lab does not open them."""
MAKE_ONE = f"run `landward assets isaaclab`, or set {ROOT_VARIABLE} to a folder or an address that has them"


@dataclass(frozen=True)
class Root:
    """An asset root, and who chose it."""

    place: str
    """A folder or an address; empty for the servers that Isaac Lab chooses by itself."""
    origin: str
    """What named it."""

    @property
    def folder(self) -> Path | None:
        """The root as a local folder; None for an address."""
        return None if not self.place or "://" in self.place else Path(self.place)


def default_root() -> Path:
    """Where `landward assets isaaclab` builds a root."""
    return cache_folder("isaaclab_assets")


def users_root() -> Root | None:
    """The root that the user's environment variables name; None where they name none.

    Raises:
        LandwardError: they name a folder that is not there.
    """
    named = os.environ.get(ROOT_VARIABLE, "").rstrip("/\\")
    if named:
        root = Root(named, ROOT_VARIABLE)
        if root.folder is not None and not root.folder.is_dir():
            raise LandwardError(f"{ROOT_VARIABLE} names {named}, which is no folder; {MAKE_ONE}")
        return root
    return Root("", REGION_VARIABLE) if os.environ.get(REGION_VARIABLE) else None


def find_asset_root() -> Root | None:
    """The root that Isaac Lab is going to use, a user's own choice first; None where nobody made one.

    Raises:
        LandwardError: a variable names a folder that is not there, or the built root is not whole.
    """
    root = users_root()
    if root is not None:
        return root
    if not (default_root() / MANIFEST).is_file():
        return None
    check_manifest(default_root())
    return Root(str(default_root()), BUILT)


def require_asset_root() -> Root:
    """Have Isaac Lab use the root that there is; call it before Isaac Lab is imported.

    Raises:
        LandwardError: there is none, or Isaac Lab was imported before and uses another one.
    """
    root = find_asset_root()
    if root is None:
        raise LandwardError(
            f"Isaac Lab's assets are not here: its wheel holds no robot and no ground; {MAKE_ONE}"
        )
    if root.place:
        loaded = sys.modules.get("isaaclab.utils.assets")
        used = getattr(loaded, "NUCLEUS_ASSET_ROOT_DIR", root.place)
        if used != root.place:
            raise LandwardError(
                f"Isaac Lab was imported with the asset root {used}, and {root.origin} says {root.place}; "
                f"import it later, or set {ROOT_VARIABLE} before"
            )
        os.environ[ROOT_VARIABLE] = root.place
    return root


def check_manifest(folder: Path) -> dict[str, Any]:
    """Read what `landward assets isaaclab` noted about a root that it made.

    Raises:
        LandwardError: it cannot be read, is of another layout, or a file that it lists is gone.
    """
    again = f"run `landward assets isaaclab --root {folder}` again"
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        layout, assets = manifest["layout"], [entry["path"] for entry in manifest["assets"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LandwardError(f"{folder / MANIFEST} cannot be read ({error}); {again}") from error
    if layout != LAYOUT:
        raise LandwardError(
            f"the asset root {folder} has layout {layout}, this is for layout {LAYOUT}; {again}"
        )
    gone = [path for path in assets if not (folder / path).is_file()]
    if gone:
        raise LandwardError(f"the asset root {folder} has lost {', '.join(gone)}; {again}")
    return manifest


def require_assets(cfg: object, root: Root, task: str) -> None:
    """Check that a root has every file that a task's configuration names.

    Args:
        cfg: Isaac Lab's configuration of the task, presets resolved.
        root: as `require_asset_root` returns it; an address is not asked.
        task: its name, for the message.

    Raises:
        LandwardError: files are missing; the message lists them.
    """
    missing = missing_assets(cfg, root.folder) if root.folder else []
    if missing:
        raise LandwardError(
            f"{task} needs {', '.join(missing)}, which the asset root {root.place} does not have; set "
            f"{ROOT_VARIABLE} to one that has, or change the configuration (`landward assets isaaclab` lists "
            "the tasks that work with what wheels ship)"
        )


def missing_assets(cfg: object, folder: Path) -> list[str]:
    """Files below `folder` that a configuration names and that are not there, relative to it, sorted.

    Files that decide about looks alone (LOOKS) do not count.
    """
    prefix = f"{folder}/"
    named = {text.removeprefix(prefix) for text in _strings(cfg, set()) if text.startswith(prefix)}
    return sorted(name for name in named if _counts(name) and not (folder / name).exists())


def remote_assets(cfg: object) -> list[str]:
    """Addresses of files that a configuration names, sorted; looks do not count here either."""
    return sorted({text for text in _strings(cfg, set()) if "://" in text and _counts(text)})


def _counts(name: str) -> bool:
    return Path(name).suffix not in {*LOOKS, ""}


def _strings(value: object, seen: set[int]) -> Iterator[str]:
    """Every string in a nest of configurations, dictionaries and sequences; each object once."""
    if isinstance(value, str):
        yield value
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = vars(value).values()
    else:
        return
    for item in list(inner):
        yield from _strings(item, seen)
