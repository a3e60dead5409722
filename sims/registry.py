"""Tasks by name: how to configure one, for training and for play, and how to make its environment."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from landward.errors import RegistryError
from landward.registry import Registry
from sims.env import Env


@dataclasses.dataclass(frozen=True)
class TaskEntry:
    """A named task."""

    name: str
    """What users type."""
    summary: str
    """One line, shown by `landward train --help`."""
    make_cfg: Callable[[bool], Any]
    """play -> a fresh configuration (a dataclass); play: not randomised, for evaluation and viewing."""
    make_env: Callable[..., Env]
    """(name, cfg, num_envs, seed, dump_dir) -> the environment."""
    agent: str
    """"module:function" that makes the training configuration; imported only for training."""
    num_envs: int = 1024
    """Environments of a training run, unless told otherwise."""


@dataclasses.dataclass(frozen=True)
class TaskFamily:
    """The tasks of another library under one prefix; nobody knows their names before it is asked for one."""

    name: str
    """The prefix: "isaaclab" for isaaclab:Isaac-Cartpole-Direct."""
    summary: str
    """One line for lists."""
    entry: Callable[[str], TaskEntry]
    """The whole name, prefix included -> its entry; imports nothing heavy."""


_TASKS: Registry[TaskEntry] = Registry("task", "landward.tasks")
_FAMILIES: Registry[TaskFamily] = Registry("task family", "landward.task_families")


def register_task(entry: TaskEntry) -> TaskEntry:
    """Make a task known under its name; a duplicate name raises RegistryError."""
    _TASKS.register(entry.name, entry)
    return entry


def register_family(family: TaskFamily) -> TaskFamily:
    """Make the tasks behind a prefix known; a duplicate prefix raises RegistryError."""
    _FAMILIES.register(family.name, family)
    return family


def in_family(name: str) -> bool:
    """Whether a name is that of another library's task, such as isaaclab:Isaac-Cartpole-Direct."""
    prefix, colon, task = name.partition(":")
    return bool(colon and task) and prefix in _FAMILIES


def get_task(name: str) -> TaskEntry:
    """The task of that name.

    Raises:
        RegistryError: no such task; the message lists the closest names.
    """
    if in_family(name):
        return _FAMILIES.get(name.partition(":")[0]).entry(name)
    return _TASKS.get(name)


def task_names() -> list[str]:
    """Names of all tasks, those of plugins included; those of families are not known beforehand."""
    return _TASKS.names()


def make_env(
    name: str,
    num_envs: int,
    seed: int = 0,
    play: bool = False,
    overrides: Mapping[str, Any] | None = None,
    cfg: Any = None,
    dump_dir: Path | None = None,
) -> Env:
    """Make a task's environment.

    Args:
        name: a registered task.
        num_envs: batch size.
        seed: of every random stream.
        play: take the play configuration.
        overrides: "section.field" -> value, on top of the configuration.
        cfg: a configuration to use instead of the registered one.
        dump_dir: where states that diverge are saved.

    Raises:
        RegistryError: unknown task, or an override of a field that does not exist.
    """
    entry = get_task(name)
    cfg = entry.make_cfg(play) if cfg is None else cfg
    for path, value in (overrides or {}).items():
        override(cfg, path, value)
    return entry.make_env(name, cfg, num_envs, seed, dump_dir)


def override(cfg: Any, path: str, value: Any) -> None:
    """Set a nested field of a configuration in place, `path` like "physics.timestep".

    Raises:
        RegistryError: there is no such field.
    """
    *sections, last = path.split(".")
    target = cfg
    for section in sections:
        _check_field(target, section, path)
        target = getattr(target, section)
    _check_field(target, last, path)
    setattr(target, last, value)


def _check_field(target: Any, name: str, path: str) -> None:
    known = [f.name for f in dataclasses.fields(target)] if dataclasses.is_dataclass(target) else []
    if name not in known:
        raise RegistryError(
            f"there is no setting {path!r}: {name!r} is not one of {', '.join(known) or 'its fields'}"
        )
