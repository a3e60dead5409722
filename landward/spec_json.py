"""Specs to and from JSON without loss, and their hash."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from landward.errors import SpecError


def to_data(value: Any) -> Any:
    """Dataclasses, tuples and plain values as what JSON can write."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_data(getattr(value, field.name)) for field in dataclasses.fields(value)
        } | _pairs(value)
    if isinstance(value, tuple):
        return [to_data(item) for item in value]
    return value


def from_data(cls: type, data: Any, where: str) -> Any:
    """Build a dataclass from its JSON object; its own checks turn lists into tuples.

    Args:
        cls: the dataclass.
        data: the parsed JSON object.
        where: what the object is, for messages.

    Raises:
        SpecError: not an object, or it has an unknown field, or lacks one.
    """
    if not isinstance(data, dict):
        raise SpecError(f"{where} must be a JSON object, got {type(data).__name__}")
    fields = {field.name: field for field in dataclasses.fields(cls)}
    unknown = [key for key in data if key not in fields]
    if unknown:
        raise SpecError(f"{where} has the unknown field {unknown[0]!r}; a newer Landward may have written it")
    missing = [name for name in fields if name not in data]
    if missing:
        raise SpecError(
            f"{where} lacks the field {missing[0]!r}; the text is cut, or was not written by Landward"
        )
    return cls(**data)


def parse(text: str) -> Any:
    """Parse JSON strictly: no NaN or Infinity, no key twice.

    Raises:
        SpecError: not such JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise SpecError(f"the spec is not valid JSON: {error}") from None


def canonical(value: Any) -> str:
    """The one JSON text of a spec: fields in declared order, no spaces, shortest round-trip floats."""
    return json.dumps(to_data(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """The digest of the canonical JSON, as "sha256:" and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest()


def _pairs(value: Any) -> dict[str, Any]:
    """Fields that hold (key, value) pairs are written as JSON objects."""
    names = getattr(type(value), "PAIR_FIELDS", ("details",))
    present = [name for name in names if hasattr(value, name)]
    return {name: {key: to_data(item) for key, item in getattr(value, name)} for name in present}


def _refuse_constant(constant: str) -> NoReturn:
    raise SpecError(f"the spec holds {constant}, which is not a finite number")


def _unique_keys(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise SpecError(f"the spec's JSON has the key {twice!r} twice in one object")
    return data


def pretty(text: str, indent: int) -> str:
    """A JSON text with line breaks, for people; it reads back as the same spec."""
    return json.dumps(json.loads(text), indent=indent, ensure_ascii=False)
