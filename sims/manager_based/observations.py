"""Observation managers -> the spec's observation terms, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from landward.errors import SpecError
from landward.spec import ObservationTerm
from sims.manager_based.meaning import OBSERVATIONS, UNKNOWN, Meaning, command_elements, joint_units
from sims.manager_based.noise import noise_of
from sims.manager_based.numbers import number_or_row
from sims.manager_based.scene import Scene

MeaningOf = Callable[[Any], Meaning]
"""A term's configuration -> what it returns."""


def known_meaning(cfg: Any) -> Meaning:
    """What an observation term returns, by the name of its function."""
    return OBSERVATIONS.get(function_name(cfg.func), UNKNOWN)


def observation_term(
    name: str,
    cfg: Any,
    shape: tuple[int, ...],
    period: float,
    scene: Scene,
    action_names: tuple[str, ...],
    meaning_of: MeaningOf = known_meaning,
) -> ObservationTerm:
    """One term of an observation manager.

    A joint position relative to the default pose becomes the joint position itself, with the default pose as
    the offset that the policy subtracts: that is what an encoder measures. Where that cannot be written down
    (a clip of the relative value, or a default pose that differs between environments), the term stays
    relative and is of kind "state", so that no robot feeds it with encoder values.

    Args:
        name: of the term.
        cfg: its ObservationTermCfg after the manager has prepared it.
        shape: of one frame, without batch axis.
        period: control period [s].
        scene: the task's scene.
        action_names: element names of all actions, in order.
        meaning_of: says what a term returns, where the name of its function does not.

    Raises:
        SpecError: something that the spec cannot express; the message names the term.
    """
    meaning = meaning_of(cfg)
    noise, details = noise_of(getattr(cfg, "noise", None))
    details |= _unusual(cfg)
    fields: dict[str, Any] = {"kind": meaning.kind, "unit": meaning.unit, "frame": meaning.frame}
    if meaning is UNKNOWN:
        details["function"] = f"{getattr(cfg.func, '__module__', '')}:{function_name(cfg.func)}"
    if meaning.names and shape == (len(meaning.names),):
        fields["names"] = meaning.names
    if meaning.joints:
        fields |= _joint_fields(name, cfg, meaning, scene, details)
    if meaning.kind == "command":
        fields |= _command_fields(cfg, shape, scene)
    if meaning.kind == "last_action" and shape == (len(action_names),):
        fields["names"] = action_names
    lags = (getattr(cfg, "delay_min_lag", 0), getattr(cfg, "delay_max_lag", 0))
    return ObservationTerm(
        name=name,
        shape=shape,
        scale=_scale(name, cfg, shape),
        clip=_clip(cfg),
        noise=noise,
        delay=(lags[0] * period, lags[1] * period),
        history=max(1, getattr(cfg, "history_length", 0) or 0),
        details=details,
        **fields,
    )


def function_name(function: Any) -> str:
    """Name of an observation function, or of the class of one that is an object."""
    return getattr(function, "__name__", type(function).__name__)


def parameter(cfg: Any, name: str) -> Any:
    """A parameter of a term: as configured, else its function's default, else None."""
    params: Mapping[str, Any] = cfg.params or {}
    if name in params:
        return params[name]
    declared = inspect.signature(cfg.func).parameters.get(name)
    return None if declared is None or declared.default is inspect.Parameter.empty else declared.default


def frame_shape(cfg: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of one frame of a term.

    Args:
        cfg: its ObservationTermCfg after the manager has prepared it.
        shape: what the manager says, its history included.
    """
    history = getattr(cfg, "history_length", 0) or 0
    if history == 0:
        return tuple(shape)
    if getattr(cfg, "flatten_history_dim", True):
        return (int(shape[0]) // history,)
    return tuple(shape[1:])


def _joint_fields(
    name: str, cfg: Any, meaning: Meaning, scene: Scene, details: dict[str, Any]
) -> dict[str, Any]:
    joints = scene.joints(parameter(cfg, "asset_cfg"))
    fields: dict[str, Any] = {"names": joints.names, "unit": joint_units(meaning.unit, joints.slides)}
    if not meaning.reference:
        return fields
    reference = joints.default_pos if meaning.reference == "default_joint_pos" else joints.default_vel
    if reference is None:
        details["relative_to"] = f"{meaning.reference} of each environment"
        return {**fields, "kind": "state"}
    if not any(reference):
        return fields
    if _clip(cfg) is not None:
        details["relative_to"] = reference
        return {**fields, "kind": "state"}
    return {**fields, "offset": reference}


def _command_fields(cfg: Any, shape: tuple[int, ...], scene: Scene) -> dict[str, Any]:
    names, units = command_elements(scene.command(parameter(cfg, "command_name") or ""))
    if shape != (len(names),):
        return {}
    return {"names": names, "unit": units, "frame": "base"}


def _scale(name: str, cfg: Any, shape: tuple[int, ...]) -> float | tuple[float, ...]:
    scale = getattr(cfg, "scale", None)
    if scale is None:
        return 1.0
    row = number_or_row(scale)
    if isinstance(row, tuple) and len(row) != (shape[-1] if shape else 1):
        raise SpecError(
            f"observation term {name!r} has {len(row)} scales for the shape {shape}: give one, or one for "
            "each element of its last axis"
        )
    return row


def _clip(cfg: Any) -> tuple[float, float] | None:
    """The bounds, where one is finite; an infinite one becomes the largest float32."""
    clip = getattr(cfg, "clip", None)
    if not clip:
        return None
    low, high = (min(max(float(bound), -FLOAT32_MAX), FLOAT32_MAX) for bound in clip)
    return None if (low, high) == (-FLOAT32_MAX, FLOAT32_MAX) else (low, high)


FLOAT32_MAX = 3.4028234663852886e38
"""A bound that no float32 exceeds, where a library writes infinity."""


def _unusual(cfg: Any) -> dict[str, Any]:
    """What a term does that the spec has no field for."""
    found: dict[str, Any] = {}
    modifiers = getattr(cfg, "modifiers", None)
    if modifiers:
        found["modifiers"] = ", ".join(function_name(modifier.func) for modifier in modifiers)
    if getattr(cfg, "delay_max_lag", 0) and getattr(cfg, "delay_hold_prob", 1.0) != 1.0:
        found["delay_hold_probability"] = float(cfg.delay_hold_prob)
    offset = (cfg.params or {}).get("offset")
    if isinstance(offset, int | float) and not isinstance(offset, bool):
        found["offset_parameter"] = float(offset)
    return found
