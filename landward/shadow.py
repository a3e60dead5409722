"""Finds packages and folders that hide ours.

`agents` is also what CARLA's PythonAPI and a well-known package on PyPI call theirs.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from importlib.metadata import packages_distributions, version
from pathlib import Path

import landward
from landward.errors import LandwardError

OURS = ("robots", "sims", "agents", "vla")
"""Top-level packages that lie beside `landward`."""


@dataclasses.dataclass(frozen=True)
class Shadow:
    """Another package that Python finds under the name of one of ours."""

    name: str
    """Name of the package."""
    ours: Path
    """Folder of our package."""
    found: Path
    """Folder that Python finds instead."""
    distribution: str
    """Installed distribution that brings it, with its version; empty for a folder on the path."""

    def __str__(self) -> str:
        by = f" (installed by {self.distribution})" if self.distribution else ""
        if self.distribution:
            remedy = (
                f"pip uninstall {self.distribution.split()[0]}, or give Landward an environment of its own"
            )
        else:
            remedy = f"take {self.found.parent} off PYTHONPATH, or do not start Python in it"
        return f"{self.found}{by} hides Landward's package {self.name!r} in {self.ours}: {remedy}"


def find_shadows() -> list[Shadow]:
    """Every package of ours that another one hides, without importing any of them."""
    root = Path(landward.__file__).resolve().parent.parent
    shadows = []
    for name in OURS:
        ours = root / name
        found = _folder_of(name)
        if (ours / "__init__.py").is_file() and found is not None and found != ours:
            shadows.append(Shadow(name, ours, found, _distribution_of(name, found)))
    return shadows


def check_shadowing() -> None:
    """Refuse to go on where another package hides one of ours.

    Raises:
        LandwardError: names each of our hidden packages, what hides it, from where, and the remedy.
    """
    shadows = find_shadows()
    if shadows:
        raise LandwardError("\n  ".join(str(shadow) for shadow in shadows))


def _folder_of(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve() if spec.origin else None


def _distribution_of(name: str, found: Path) -> str:
    for distribution in packages_distributions().get(name, []):
        # Our own distribution declares the name too.
        if distribution != "landward" and found.parent.name in ("site-packages", "dist-packages"):
            return f"{distribution} {version(distribution)}"
    return ""
