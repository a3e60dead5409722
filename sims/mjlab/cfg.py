"""Settings of a task of mjlab run through Landward; mjlab's own configuration is behind `overrides`."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from landward.constraint import Constraint
from landward.errors import RegistryError


@dataclass
class MjlabCfg:
    """Where a task runs, and what is changed in its own configuration."""

    device: str = "cpu"
    """Where it simulates, and where its tensors live: cpu, cuda or cuda:N."""
    overrides: tuple[str, ...] = ()
    """Changes of mjlab's own configuration, PATH=VALUE, such as episode_length_s=10 or
    observations.actor.enable_corruption=False."""
    play: bool = False
    """The task's play mode: no noise or disturbances and endless episodes, as in mjlab's own play script."""
    constraints: tuple[Constraint, ...] = ()
    """Bounds on the state of the robot that join the task as terms; see `sims.mjlab.state`."""


def override(cfg: Any, text: str) -> None:
    """Change one entry of a configuration in place.

    Args:
        cfg: nested dataclasses and dictionaries.
        text: PATH=VALUE; the value is a Python literal, or else a text.

    Raises:
        RegistryError: there is no such entry; the message lists those that there are.
    """
    path, equals, value = text.partition("=")
    *sections, last = path.split(".")
    if not equals or not all([*sections, last]):
        raise RegistryError(f"{text!r} is no override: write PATH=VALUE, as in episode_length_s=10")
    target = cfg
    for section in sections:
        target = _members(target, section, text)[section]
    old = _members(target, last, text)[last]
    new = _literal(value)
    if isinstance(old, float) and isinstance(new, int):
        new = float(new)
    if isinstance(target, MutableMapping):
        target[last] = new
    else:
        setattr(target, last, new)


def _members(target: Any, name: str, text: str) -> dict[str, Any]:
    """What a section holds, by name."""
    if isinstance(target, MutableMapping):
        members = dict(target)
    elif dataclasses.is_dataclass(target):
        members = {field.name: getattr(target, field.name) for field in dataclasses.fields(target)}
    else:
        members = {}
    if name not in members:
        known = ", ".join(sorted(map(str, members))) or "nothing, it is a value"
        raise RegistryError(f"the override {text!r} has no target: {name!r} is not one of {known}")
    return members


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
