"""A task's configuration as the settings that differ from the registered one, for config.json and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from landward.errors import LandwardError
from sims.registry import override


def differences(default: Any, given: Any, prefix: str = "") -> dict[str, Any]:
    """Settings in which two configurations differ.

    Args:
        default: the registered configuration, a dataclass.
        given: one of the same class.
        prefix: path of both, with a dot at its end.

    Returns:
        "section.field" -> JSON-able value.

    Raises:
        LandwardError: a setting whose value cannot be written as JSON.
    """
    found: dict[str, Any] = {}
    for field in dataclasses.fields(default):
        old, new, path = getattr(default, field.name), getattr(given, field.name), f"{prefix}{field.name}"
        if _is_config(old) and type(old) is type(new):
            found |= differences(old, new, f"{path}.")
        elif not _same(old, new):
            found[path] = _plain(new, path)
    return found


def apply(cfg: Any, settings: Mapping[str, Any]) -> None:
    """Undo `differences` on a fresh registered configuration, in place.

    Raises:
        RegistryError: there is no such setting.
        LandwardError: the value does not fit it.
    """
    for path, value in settings.items():
        target = cfg
        for name in path.split("."):
            target = getattr(target, name, None)
        override(cfg, path, _restored(target, value, path))


def _is_config(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _same(old: Any, new: Any) -> bool:
    # objects without an equality of their own (a height scan) are the same where their contents are
    if type(old) is type(new) and type(old).__eq__ is object.__eq__:
        return repr(vars(old)) == repr(vars(new))
    return bool(old == new)


def _plain(value: Any, path: str) -> Any:
    try:
        return json.loads(json.dumps(value, default=dataclasses.asdict))
    except TypeError:
        raise LandwardError(
            f"the setting {path} is a {type(value).__name__}, which config.json cannot hold: register a task"
        ) from None


def _restored(old: Any, value: Any, path: str) -> Any:
    if isinstance(old, tuple) and isinstance(value, list):
        if value and isinstance(value[0], dict):
            if not old or not _is_config(old[0]):
                raise LandwardError(f"config.json: the setting {path} does not fit this version of the task")
            return tuple(type(old[0])(**item) for item in value)
        return tuple(value)
    return value
