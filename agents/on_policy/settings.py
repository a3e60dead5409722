"""A task's configuration as plain data for config.json and back, and what in it was changed."""

from __future__ import annotations

import dataclasses
import json
import logging
import types
import typing
from collections.abc import Mapping
from typing import Any

from landward.errors import LandwardError, RunError

_LOG = logging.getLogger(__name__)


def document(cfg: Any) -> dict[str, Any]:
    """A whole configuration, sections nested, as JSON-able data.

    Args:
        cfg: a dataclass whose fields are sections, numbers, texts, tuples or mappings of these, or None.

    Raises:
        LandwardError: a setting that config.json cannot hold, or that would come back as something else.
    """
    data = {f.name: _plain(getattr(cfg, f.name), f.name) for f in dataclasses.fields(cfg)}
    lost = differences(cfg, rebuild(cfg, data))
    if lost:
        path = next(iter(lost))
        raise LandwardError(
            f"the setting {path} does not come back from config.json as it was: declare its type in "
            f"{type(cfg).__name__}, with dataclasses, tuples, mappings, numbers and texts only"
        )
    return data


def rebuild(default: Any, data: Mapping[str, Any]) -> Any:
    """The configuration that `document` described.

    Args:
        default: the registered configuration of today. It gives the class, and the values of settings that
            the document does not have because it is older than they are; a warning names them.
        data: a configuration from config.json.

    Raises:
        RunError: the document has a setting that the task does not have any more, or of another form.
    """
    missing: list[str] = []
    cfg = _section(type(default), data, default, "", missing)
    if missing:
        names = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        _LOG.warning("config.json is older than the settings %s: today's defaults are used for them", names)
    return cfg


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


def _is_config(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _same(old: Any, new: Any) -> bool:
    # objects without an equality of their own are the same where their contents are
    if type(old) is type(new) and type(old).__eq__ is object.__eq__ and hasattr(old, "__dict__"):
        return repr(vars(old)) == repr(vars(new))
    return bool(old == new)


def _plain(value: Any, path: str) -> Any:
    if _is_config(value):
        return {f.name: _plain(getattr(value, f.name), f"{path}.{f.name}") for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    try:
        return json.loads(json.dumps(value))
    except TypeError:
        raise LandwardError(
            f"the setting {path} is a {type(value).__name__}, which config.json cannot hold: register a task"
        ) from None


def _section(cls: type, data: Any, default: Any, path: str, missing: list[str]) -> Any:
    """An object of a dataclass; `default` is one too where there is one, and gives what `data` lacks."""
    if not isinstance(data, Mapping):
        raise _misfit(path, data)
    fields, hints = {f.name: f for f in dataclasses.fields(cls)}, typing.get_type_hints(cls)
    prefix = f"{path}." if path else ""
    unknown = sorted(set(data) - set(fields))
    if unknown:
        raise RunError(
            f"config.json: the task has no setting {prefix}{unknown[0]!r} any more: use the version of "
            "Landward that the run's provenance.json names"
        )
    made = {}
    for name, field in fields.items():
        old = getattr(default, name) if isinstance(default, cls) else None
        if name in data:
            made[name] = _value(hints[name], data[name], old, f"{prefix}{name}", missing)
        elif field.init:
            missing.append(f"{prefix}{name}")
            if isinstance(default, cls):
                made[name] = old
    return cls(**made)


def _value(hint: Any, data: Any, default: Any, path: str, missing: list[str]) -> Any:
    """A value of the declared type; JSON has lists for tuples and objects for dataclasses."""
    origin, members = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if data is None and type(None) in members:
            return None
        fitting = [member for member in members if _fits(member, data)]
        if not fitting:
            raise _misfit(path, data)
        return _value(fitting[0], data, default, path, missing)
    if dataclasses.is_dataclass(hint):
        return _section(typing.cast(type, hint), data, default, path, missing)
    if isinstance(data, list) and (origin is tuple or hint is tuple):
        kinds = members or (Any, ...)
        each = [kinds[0]] * len(data) if kinds[-1] is ... else list(kinds)
        if len(each) != len(data):
            raise _misfit(path, data)
        items = enumerate(zip(each, data, strict=True))
        return tuple(_value(kind, item, None, f"{path}[{i}]", missing) for i, (kind, item) in items)
    if isinstance(data, Mapping) and len(members) == 2:
        return {key: _value(members[1], item, None, f"{path}.{key}", missing) for key, item in data.items()}
    return tuple(data) if isinstance(data, list) and isinstance(default, tuple) else data


def _fits(hint: Any, data: Any) -> bool:
    """Whether a member of a union can be what the JSON value was."""
    origin = typing.get_origin(hint) or hint
    if isinstance(data, Mapping):
        return dataclasses.is_dataclass(hint) or (isinstance(origin, type) and issubclass(origin, Mapping))
    if isinstance(data, list):
        return origin in (tuple, list)
    return data is None or not (dataclasses.is_dataclass(hint) or origin in (tuple, list))


def _misfit(path: str, data: Any) -> RunError:
    return RunError(
        f"config.json: the setting {path} is {data!r}, which does not fit this version of the task: use the "
        "version of Landward that the run's provenance.json names"
    )
