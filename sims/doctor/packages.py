"""Which distributions an environment needs and which it has, read from files: no interpreter is started."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, metadata, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from landward.errors import LandwardError
from sims.environments import Environment, checkout

OURS = "landward"


@dataclass(frozen=True)
class Need:
    """A distribution that an environment needs, and what it has of it."""

    name: str
    """Canonical name."""
    wanted: str
    """Version specifier, as ">=1.17"; empty for any version."""
    found: str
    """Installed version; empty where it is not installed."""

    @property
    def fits(self) -> bool:
        """Whether the installed version is one of those that are wanted."""
        specifier = Requirement(f"{self.name}{self.wanted}").specifier
        return bool(self.found) and specifier.contains(self.found, prereleases=True)


def declared_extras() -> dict[str, list[str]]:
    """Extra of Landward -> its requirements, from pyproject.toml in a checkout, else as they were installed.

    Raises:
        LandwardError: neither is there.
    """
    root = checkout()
    if root is not None:
        with (root / "pyproject.toml").open("rb") as stream:
            return tomllib.load(stream)["project"]["optional-dependencies"]
    try:
        names, lines = metadata(OURS).get_all("Provides-Extra") or [], requires(OURS) or []
    except PackageNotFoundError:
        raise LandwardError(f"{OURS} is not installed: pip install it, or work in a checkout") from None
    return {name: [line for line in lines if _belongs(Requirement(line), name)] for name in names}


def wanted(environment: Environment, extras: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Canonical name -> version specifier of all that an environment needs on this platform.

    Args:
        environment: which.
        extras: as `declared_extras` gives them; an extra that names others of Landward brings theirs.

    Raises:
        KeyError: there is no such extra.
    """
    found: dict[str, str] = {OURS: ""}
    waiting, done = list(environment.extras), set()
    while waiting:
        extra = waiting.pop(0)
        if extra in done:
            continue
        done.add(extra)
        for line in extras[extra]:
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            if name == OURS:
                waiting += sorted(requirement.extras)
            elif requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                both = [found.get(name, ""), str(requirement.specifier)]
                found[name] = ",".join(sorted({part for part in both if part}))
    return found


def installed(folders: Iterable[Path]) -> dict[str, str]:
    """Canonical name -> version of every distribution in the folders; the first of two counts."""
    found: dict[str, str] = {}
    for distribution in distributions(path=[str(folder) for folder in folders]):
        name = distribution.metadata.get("Name")
        if name:  # a folder that an interrupted installation left has none
            found.setdefault(canonicalize_name(name), distribution.version)
    return found


def package_folders(python: Path) -> list[Path]:
    """Where an interpreter keeps its packages: of this one its whole path, of another its site-packages.

    Args:
        python: .../bin/python of a virtual environment or an installation; not resolved.
    """
    if python == Path(sys.executable):
        return [Path(entry) for entry in sys.path]
    prefix = python.parent.parent
    return sorted(folder for folder in prefix.glob("lib/python3*/*-packages") if folder.is_dir())


def needs_of(environment: Environment, python: Path, extras: Mapping[str, Sequence[str]]) -> list[Need]:
    """What an environment needs, with what its interpreter has of it, sorted by name."""
    has = installed(package_folders(python))
    pairs = sorted(wanted(environment, extras).items())
    return [Need(name, specifier, has.get(name, "")) for name, specifier in pairs]


def _belongs(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is not None and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""})
