"""Engines by name: which there are, where each of them runs, and how to make one."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from landward.errors import LandwardError, RegistryError
from robots import Robot
from sims.engine import Engine
from sims.physics import PhysicsCfg
from sims.terrain import FLAT, Terrain

_ISAACLAB = "run make setup-isaaclab in a checkout, then use .venv-isaaclab/bin/landward"


@dataclass(frozen=True)
class EngineEntry:
    """A rigid-body engine that tasks can be run on."""

    name: str
    """What users type."""
    summary: str
    """One line for lists."""
    make: str
    """"module:function" with the signature of `make_engine`; imported when an engine is made."""
    environment: str
    """Virtual environment that holds it: main or isaaclab."""
    devices: tuple[str, ...]
    """Kinds of device that it runs on: cpu, cuda."""
    package: str
    """Module that has to be installed."""
    install: str
    """What installs it, for the message where it is not."""


ENGINES: dict[str, EngineEntry] = {
    entry.name: entry
    for entry in (
        EngineEntry(
            "mujoco",
            "MuJoCo's C engine on all CPU threads; NumPy arrays",
            "sims.mujoco.engine:make_engine",
            "main",
            ("cpu",),
            "mujoco",
            "install it with: pip install 'landward[sim]'",
        ),
        EngineEntry(
            "warp",
            "MuJoCo Warp, thousands of environments on one GPU; torch tensors",
            "sims.warp.engine:make_engine",
            "main",
            ("cpu", "cuda"),
            "mujoco_warp",
            "install it with: pip install 'landward[sim,warp]'",
        ),
        EngineEntry(
            "isaaclab-newton",
            "Isaac Lab's articulation on Newton; torch tensors",
            "sims.isaaclab.engine:make_engine",
            "isaaclab",
            ("cpu", "cuda"),
            "isaaclab",
            _ISAACLAB,
        ),
        EngineEntry(
            "isaaclab-physx",
            "Isaac Lab's articulation on PhysX; torch tensors",
            "sims.isaaclab.engine:make_engine",
            "isaaclab",
            ("cpu", "cuda"),
            "isaaclab",
            _ISAACLAB,
        ),
    )
}


def get_engine(name: str) -> EngineEntry:
    """The entry of that name.

    Raises:
        RegistryError: there is no such engine; the message lists those that there are.
    """
    if name in ENGINES:
        return ENGINES[name]
    close = difflib.get_close_matches(name, ENGINES, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise RegistryError(f"unknown engine {name!r}: {hint}choose one of {', '.join(ENGINES)}")


def make_engine(
    name: str,
    robot: Robot,
    physics: PhysicsCfg,
    num_envs: int,
    terrain: Terrain = FLAT,
    *,
    device: str = "cpu",
    threads: int = 0,
    dump_dir: Path | None = None,
) -> Engine:
    """Make a batch of one robot on the engine of that name.

    Args:
        name: a key of `ENGINES`; passed on to the engine's function, which may serve several.
        robot: the robot.
        physics: numerical settings.
        num_envs: number of copies.
        terrain: the ground they share.
        device: cpu, cuda or cuda:N; where the engine computes and its arrays live.
        threads: CPU threads, 0 for all; engines that choose for themselves ignore it.
        dump_dir: where states that diverged are saved; None keeps none.

    Raises:
        RegistryError: there is no such engine, or it does not run on that device.
        LandwardError: it is not installed here; the message says what installs it.
        SimulationError: the engine cannot run this robot, these settings or this ground.
    """
    entry = get_engine(name)
    if device.partition(":")[0] not in entry.devices:
        able = [e.name for e in ENGINES.values() if device.partition(":")[0] in e.devices]
        other = f"; on {device} run {', '.join(able)}" if able else ""
        raise RegistryError(
            f"the engine {name} runs on {' and '.join(entry.devices)}, not on {device!r}{other}"
        )
    if importlib.util.find_spec(entry.package) is None:
        raise LandwardError(
            f"the engine {name} needs {entry.package!r}, which is not installed here; {entry.install}"
        )
    module, _, function = entry.make.partition(":")
    make: Any = getattr(importlib.import_module(module), function)
    made = make(name, robot, physics, num_envs, terrain, device=device, threads=threads, dump_dir=dump_dir)
    return cast(Engine, made)


def engine_overrides(engine: str | None, device: str | None) -> dict[str, str]:
    """What the options --engine and --device change in a task's configuration: "field" -> value.

    Args:
        engine: a key of `ENGINES`; None or empty: the task's own.
        device: cpu, cuda or cuda:N; None or empty: the task's own.

    Raises:
        RegistryError: there is no such engine.
    """
    chosen = {"engine": get_engine(engine).name if engine else "", "device": device or ""}
    return {field: value for field, value in chosen.items() if value}
