"""What `landward doctor` knows: environments, simulators, the machine, and the command that mends each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landward.errors import LandwardError, MissingDependencyError
from sims.doctor.machine import Machine
from sims.doctor.packages import Need, declared_extras, installed, needs_of, package_folders
from sims.engines import ENGINES
from sims.environments import ENVIRONMENTS, Environment, checkout, find_python, remedy
from sims.isaaclab.assets import MAKE_ONE, find_asset_root

MAIN = "main"
WHOLE = "whole"
INCOMPLETE = "incomplete"
MISSING = "not installed"


@dataclass(frozen=True)
class Software:
    """A simulator that is no engine: whole worlds, with tasks of their own."""

    name: str
    environment: str
    devices: tuple[str, ...]
    """Kinds of device that what is installed here runs on."""
    package: str
    """Module that has to be installed."""
    install: str
    """What installs it."""


CARLA = Software("carla", "main", ("cpu",), "carla", "install it with: pip install 'landward[carla]'")
"""The client, and the embedded server that it connects to; a full CARLA server is no Python package."""


@dataclass(frozen=True)
class EnvironmentReport:
    """One environment as it is on this machine."""

    name: str
    summary: str
    state: str
    """WHOLE, INCOMPLETE or MISSING."""
    python: str
    """Its interpreter; empty where there is none."""
    needs: tuple[Need, ...]
    """What it needs with what it has; empty where there is no interpreter."""
    fix: str
    """What to do; empty where nothing is to be done."""

    @property
    def unmet(self) -> list[Need]:
        """What is missing, or of another version than wanted."""
        return [need for need in self.needs if not need.fits]


@dataclass(frozen=True)
class SimulatorReport:
    """One engine, or one simulator's own tasks."""

    name: str
    environment: str
    ready: bool
    devices: tuple[str, ...]
    """Kinds of device that it would run on here."""
    fix: str
    """What to do; empty where it is ready."""


def environment_report(environment: Environment, extras: Mapping[str, Sequence[str]]) -> EnvironmentReport:
    """Look at one environment."""
    summary = environment.summary
    try:
        python = find_python(environment.name)
    except MissingDependencyError as error:
        return EnvironmentReport(environment.name, summary, MISSING, "", (), str(error))
    if python is None:
        return EnvironmentReport(environment.name, summary, MISSING, "", (), missing_fix(environment))
    needs = tuple(needs_of(environment, python, extras))
    whole = all(need.fits for need in needs)
    fix = "" if whole else incomplete_fix(environment, python)
    return EnvironmentReport(
        environment.name, summary, WHOLE if whole else INCOMPLETE, str(python), needs, fix
    )


def missing_fix(environment: Environment) -> str:
    """The command that makes an environment; in words where there is no checkout to make it in."""
    return f"make {environment.make_target}" if checkout() else remedy(environment)


def incomplete_fix(environment: Environment, python: Path) -> str:
    """The command that completes an environment: made anew in a checkout, mended where it is a user's own."""
    root = checkout()
    if root is not None and python == root / environment.folder / "bin" / "python":
        return f"make -B {environment.make_target}"
    return f"{python} -m pip install 'landward[{','.join(environment.extras)}]'"


def simulator_reports(environments: Sequence[EnvironmentReport], machine: Machine) -> list[SimulatorReport]:
    """Every engine and CARLA, with whether its package is in its environment."""
    by_name = {report.name: report for report in environments}
    kinds = {"cpu", "cuda"} if machine.gpus else {"cpu"}
    reports = []
    for entry in (*ENGINES.values(), CARLA):
        home = by_name[entry.environment]
        has = home.python and entry.package.replace("_", "-") in installed(package_folders(Path(home.python)))
        fix = "" if has else home.fix if home.state == MISSING else entry.install
        devices = tuple(device for device in entry.devices if device in kinds)
        reports.append(SimulatorReport(entry.name, entry.environment, bool(has), devices, fix))
    return reports


def assets_report() -> tuple[str, str]:
    """Isaac Lab's asset root, and what to do where there is none."""
    try:
        root = find_asset_root()
    except LandwardError as error:
        return "", str(error)
    if root is None:
        return "", MAKE_ONE
    return root.place or root.origin, ""


@dataclass(frozen=True)
class Report:
    """All of it."""

    environments: tuple[EnvironmentReport, ...]
    simulators: tuple[SimulatorReport, ...]
    machine: Machine
    asset_root: str
    """Isaac Lab's; empty for none."""
    asset_fix: str

    @property
    def sound(self) -> bool:
        """Whether the main environment is whole."""
        return all(report.state == WHOLE for report in self.environments if report.name == MAIN)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        environments = [
            {**dataclasses.asdict(report), "unmet": [need.name for need in report.unmet]}
            for report in self.environments
        ]
        return {**dataclasses.asdict(self), "sound": self.sound, "environments": environments}


def examine(machine: Machine) -> Report:
    """Look at every environment and simulator.

    Raises:
        LandwardError: Landward does not know its own requirements: it is neither installed nor a checkout.
    """
    extras = declared_extras()
    environments = [environment_report(environment, extras) for environment in ENVIRONMENTS.values()]
    simulators = simulator_reports(environments, machine)
    return Report(tuple(environments), tuple(simulators), machine, *assets_report())
