"""`landward check-env`."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from landward.errors import LandwardError, RegistryError
from sims.check import check_env
from sims.check_tools import Finding
from sims.engines import engine_overrides
from sims.offscreen import choose_renderer


@dataclass
class CheckEnv:
    """Check an environment against the contract that agents and exported policies rely on.

    Steps it, resets it and lets it time out with random actions. Every finding says the remedy. Exit status 1
    where there is an error; warnings alone leave it at 0.

    Examples:
        landward check-env go1-flat
        landward check-env go1-flat --engine warp
        landward check-env my_package.my_module:make_env --num-envs 2 --json
    """

    env: tyro.conf.Positional[str]
    """A task's name, or module:callable; the callable is given num_envs and seed where it takes them."""
    num_envs: int = 4
    """Size of the batch."""
    engine: str | None = None
    """Engine of a task's physics: mujoco, warp, isaaclab-newton or isaaclab-physx; default: its own."""
    device: str | None = None
    """Where the engine computes: cpu, cuda or cuda:N."""
    seed: int = 0
    """Of resets and random actions."""
    json: bool = False
    """Print the findings as JSON."""

    def run(self) -> int:
        """Make the environment, check it, print the findings."""
        env = make(self.env, self.num_envs, self.seed, engine_overrides(self.engine, self.device))
        try:
            findings = check_env(env, self.seed)
        finally:
            env.close()
        errors = sum(finding.level == "error" for finding in findings)
        if self.json:
            rows = [dataclasses.asdict(finding) for finding in findings]
            print(json.dumps({"env": self.env, "sound": not errors, "findings": rows}, indent=2))
        else:
            print_findings(self.env, findings)
        return 1 if errors else 0


def make(name: str, num_envs: int, seed: int, overrides: Mapping[str, str] | None = None) -> Any:
    """The environment behind a task's name or a module:callable.

    Args:
        name: a task, or module:callable.
        num_envs: size of the batch.
        seed: of the environment.
        overrides: settings of a task to change, see `sims.registry.make_env`.

    Raises:
        RegistryError: no such task, module, callable or setting.
    """
    from sims.registry import in_family, make_env

    if ":" not in name or in_family(name):
        choose_renderer()
        return make_env(name, num_envs=num_envs, seed=seed, overrides=overrides)
    if overrides:
        raise RegistryError(f"{name} makes its own environment: leave out --{' and --'.join(overrides)}")
    module_name, _, attribute = name.partition(":")
    # A module in the working directory is found, as it is by `python -m`.
    sys.path.insert(0, str(Path.cwd()))
    try:
        factory = getattr(importlib.import_module(module_name), attribute, None)
    except ModuleNotFoundError as error:
        if error.name != module_name.split(".")[0] and error.name != module_name:
            raise
        raise RegistryError(f"there is no module {module_name!r}; name it as module:callable") from None
    finally:
        sys.path.pop(0)
    if not callable(factory):
        raise RegistryError(
            f"{module_name} has no callable {attribute!r}; name a function or class that makes an Env"
        )
    return _call(factory, name, {"num_envs": num_envs, "seed": seed})


def _call(factory: Any, name: str, options: dict[str, int]) -> Any:
    """Call with those options that the callable takes."""
    parameters = inspect.signature(factory).parameters.values()
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
    known = {p.name for p in parameters}
    try:
        return factory(**{k: v for k, v in options.items() if takes_all or k in known})
    except LandwardError:
        raise
    except Exception as error:
        raise LandwardError(
            f"{name} could not make an environment: {type(error).__name__}: {error}"
        ) from error


def print_findings(name: str, findings: list[Finding]) -> None:
    """A table, or one line where there is nothing to say."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not findings:
        console.print(f"[green]{name} keeps the environment contract[/green]")
        return
    table = Table(title=f"{name}: findings", show_lines=True)
    for column in ("", "check", "what", "remedy"):
        table.add_column(column)
    for finding in findings:
        colour = "bold red" if finding.level == "error" else "yellow"
        table.add_row(f"[{colour}]{finding.level}[/{colour}]", finding.check, finding.message, finding.remedy)
    console.print(table)
