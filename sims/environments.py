"""The separate Python environments: which simulator lives in which, and where its interpreter is.

Pins collide: Isaac Lab 3.0.0 and mjlab 1.6.0 each hold MuJoCo at a 3.x of their own, the first torch and the
second rsl_rl too; the batched physics of the MuJoCo engine needs MuJoCo 4; ROS 2 tools hold setuptools back.
So each has an environment of its own, made by one make target, and files and processes go between them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from landward.errors import LandwardError, MissingDependencyError, RegistryError


@dataclass(frozen=True)
class Environment:
    """A Python environment that Landward knows; nothing is said about whether it is there."""

    name: str
    """What code and messages call it."""
    folder: str
    """Its folder beside the packages of a checkout."""
    make_target: str
    """The target of the Makefile that builds it."""
    extras: tuple[str, ...]
    """The extras of `landward` that it holds: pyproject.toml names their packages and versions."""
    lead: str
    """The distribution without which an interpreter is not this environment."""
    summary: str
    """What is in it."""
    rivals: tuple[str, ...] = ()
    """Distributions with which an interpreter is another environment, although it has the lead."""

    @property
    def variable(self) -> str:
        """The environment variable that names the interpreter of a user's own installation."""
        return f"LANDWARD_{self.name.upper()}_PYTHON"


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment(
            name="main",
            folder=".venv",
            make_target="setup",
            extras=("sim", "train", "warp", "carla"),
            lead="rsl-rl-lib",
            rivals=("isaaclab", "mjlab"),
            summary="training, export, evaluation; the engines mujoco and warp; driving with CARLA",
        ),
        Environment(
            name="ros",
            folder=".venv-ros",
            make_target="setup-ros",
            extras=("ros", "mujoco", "view"),
            lead="ros-rclpy",
            summary="ROS 2: deployment, the simulated twin, recordings",
        ),
        Environment(
            name="isaaclab",
            folder=".venv-isaaclab",
            make_target="setup-isaaclab",
            extras=("isaaclab",),
            lead="isaaclab",
            summary="Isaac Lab's tasks; the engines isaaclab-newton and isaaclab-physx",
        ),
        Environment(
            name="mjlab",
            folder=".venv-mjlab",
            make_target="setup-mjlab",
            extras=("mjlab",),
            lead="mjlab",
            summary="mjlab's tasks",
        ),
    )
}
"""Name -> environment."""


def environment_of(name: str) -> Environment:
    """The environment of that name.

    Raises:
        RegistryError: there is none.
    """
    if name not in ENVIRONMENTS:
        known = ", ".join(ENVIRONMENTS)
        raise RegistryError(f"there is no environment {name!r}; the environments are {known}")
    return ENVIRONMENTS[name]


def checkout() -> Path | None:
    """The folder of the repository, or None where Landward was installed from a wheel."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "tools" / "bootstrap.sh").is_file() else None


def find_python(name: str) -> Path | None:
    """The interpreter of an environment, or None where there is none.

    The environment variable comes first, then the folder in the checkout, then this very interpreter where
    it has the environment's lead package. The path is not resolved: the interpreter of a virtual environment
    is a link, and the folder that holds the link is what makes it that environment's.

    Raises:
        RegistryError: there is no environment of that name.
        MissingDependencyError: the environment variable names something that is not there.
    """
    environment = environment_of(name)
    named = os.environ.get(environment.variable)
    if named:
        path = Path(named).expanduser().absolute()
        if not path.is_file() or not os.access(path, os.X_OK):
            raise _missing(environment, f"{environment.variable} names {named}, which is no program")
        return path
    root = checkout()
    if root is not None:
        path = root / environment.folder / "bin" / "python"
        if path.is_file():
            return path
    return Path(sys.executable) if _is_this(environment) else None


def python_of(name: str) -> Path:
    """The interpreter of an environment.

    Args:
        name: one of ENVIRONMENTS.

    Raises:
        RegistryError: there is no environment of that name.
        MissingDependencyError: it is not installed; the message names the make target.
    """
    path = find_python(name)
    if path is None:
        environment = environment_of(name)
        raise _missing(environment, f"no environment {name} was found: {environment.summary}")
    return path


def run_module(name: str, module: str, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
    """Run a module of Landward by the interpreter of an environment, and wait for it.

    Args:
        name: one of ENVIRONMENTS.
        module: as `python -m` takes it.
        arguments: the words after it.
        variables: environment variables on top of this process's own.

    Returns:
        What it wrote to its standard output.

    Raises:
        MissingDependencyError: the environment is not installed.
        LandwardError: the module ended with another status than 0; the message holds its last words.
    """
    environment = {**os.environ, **(variables or {})}
    root = checkout()
    if root is not None:
        # An interpreter that was named by a variable may have Isaac Lab and no Landward.
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    command = [str(python_of(name)), "-m", module, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise LandwardError(f"{' '.join(command)} failed: {words[-1].removeprefix('error: ')}")
    return done.stdout


def remedy(environment: Environment) -> str:
    """How to get an environment: the make target in a checkout, the variable everywhere."""
    extras = ",".join(environment.extras)
    return (
        f"run `make {environment.make_target}` in a checkout of Landward, or set {environment.variable} to "
        f"the Python of an environment in which `pip install 'landward[{extras}]'` was run"
    )


def _missing(environment: Environment, why: str) -> MissingDependencyError:
    return MissingDependencyError(environment.lead, environment.extras[0], why, remedy=remedy(environment))


def _is_this(environment: Environment) -> bool:
    return _is_here(environment.lead) and not any(map(_is_here, environment.rivals))


def _is_here(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
