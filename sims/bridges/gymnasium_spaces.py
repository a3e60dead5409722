"""Gymnasium spaces to observation and action terms, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from landward.action import raw_bounds
from landward.errors import EnvContractError, require
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from sims.check_tools import group_shape

spaces: Any = require("gymnasium.spaces", "sim", "the Gymnasium bridge is made for it")

PIXEL_DIMS = (2, 3)
ACTOR = "actor"
"""Stands for the groups that the policy reads, unless a group has this very name."""


def shown_groups(spec: PolicySpec, group: str | None) -> str | tuple[str, ...]:
    """One group, which a Box shows, or several, which a Dict shows.

    Args:
        spec: of the environment.
        group: a group's name; `ACTOR`; or None for all groups.

    Raises:
        SpecError: no such group.
    """
    if group is None:
        return tuple(spec.groups)
    if group == ACTOR and group not in spec.groups:
        return spec.actor[0] if len(spec.actor) == 1 else spec.actor
    spec.group(group)
    return group


def observation_space(spec: PolicySpec, group: str | tuple[str, ...]) -> Any:
    """The space of one group (a Box) or of several (a Dict of Boxes)."""
    if isinstance(group, tuple):
        return spaces.Dict({name: observation_space(spec, name) for name in group})
    shape, dtype = group_shape(spec.group(group), 1)
    if np.issubdtype(dtype, np.integer):
        bounds = np.iinfo(dtype)
        return spaces.Box(bounds.min, bounds.max, shape[1:], np.dtype(dtype).type)
    return spaces.Box(-np.inf, np.inf, shape[1:], np.dtype(dtype).type)


def action_space(spec: PolicySpec) -> Any:
    """The space of raw actions: Discrete for a single discrete term, else a Box."""
    if len(spec.actions) == 1 and spec.actions[0].kind == "discrete" and spec.actions[0].limits:
        low, high = spec.actions[0].limits[0]
        return spaces.Discrete(int(high - low) + 1, start=int(low))
    bounds = [raw_bounds(term) for term in spec.actions]
    low = np.concatenate([b[0] for b in bounds]).astype(np.float32)
    high = np.concatenate([b[1] for b in bounds]).astype(np.float32)
    return spaces.Box(low, high, dtype=np.float32)


def action_term(space: Any, name: str) -> ActionTerm:
    """The action term of a Box or Discrete space.

    Raises:
        EnvContractError: another space.
    """
    if isinstance(space, spaces.Discrete):
        low, high = int(space.start), int(space.start + space.n - 1)
        return ActionTerm(
            "action",
            "discrete",
            (1,),
            names=tuple(f"choice_{i}" for i in range(low, high + 1)),
            offset=low,
            clip=(0.0, high - low),
            limits=((low, high),),
            dtype="int64",
        )
    if isinstance(space, spaces.Box) and len(space.shape) == 1:
        if not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
            return ActionTerm("action", "raw", space.shape)
        low, high = space.low.astype(np.float64), space.high.astype(np.float64)
        return ActionTerm(
            "action",
            "raw",
            space.shape,
            scale=tuple(((high - low) / 2).tolist()),
            offset=tuple(((high + low) / 2).tolist()),
            clip=(-1.0, 1.0),
            limits=tuple(zip(low.tolist(), high.tolist(), strict=True)),
        )
    raise EnvContractError(
        f"{name} has the action space {space}: only one-dimensional Box and Discrete are bridged; "
        "flatten it with a Gymnasium action wrapper"
    )


def encode_action(space: Any, target: np.ndarray) -> Any:
    """One environment's SI target (size,) as an element of its action space."""
    if isinstance(space, spaces.Discrete):
        return int(np.clip(np.rint(target[0]), space.start, space.start + space.n - 1))
    return np.clip(target.astype(space.dtype), space.low, space.high)


def is_image(space: Any) -> bool:
    """Whether a Box holds pixels."""
    return isinstance(space, spaces.Box) and space.dtype == np.uint8 and len(space.shape) in PIXEL_DIMS


def observation_groups(space: Any, name: str) -> dict[str, tuple[ObservationTerm, ...]]:
    """Groups of terms: flat entries make up "policy"; an image beside them is a group of its own.

    Raises:
        EnvContractError: a space that cannot be translated.
    """
    entries = dict(space.spaces) if isinstance(space, spaces.Dict) else {"observation": space}
    flat = tuple(_flat_term(key, entry, name) for key, entry in entries.items() if not is_image(entry))
    images = {key: (_image_term(key, entry),) for key, entry in entries.items() if is_image(entry)}
    if flat:
        return {"policy": flat, **images}
    if len(images) == 1:
        return {"policy": next(iter(images.values()))}
    raise EnvContractError(
        f"{name} has the observation space {space}: one flat entry or a single image is needed"
    )


def _image_term(key: str, space: Any) -> ObservationTerm:
    kind = "image_rgb" if len(space.shape) == 3 else "state"
    return ObservationTerm(key, kind, space.shape, dtype="uint8", scale=1.0 / 255.0)


def _flat_term(key: str, space: Any, name: str) -> ObservationTerm:
    if isinstance(space, spaces.Discrete):
        return ObservationTerm(key, "state", (int(space.n),))
    if isinstance(space, spaces.Box):
        return ObservationTerm(key, "state", (int(np.prod(space.shape)),))
    raise EnvContractError(
        f"{name} observes {key!r} of space {space}: only Box and Discrete are bridged; "
        "flatten it with a Gymnasium observation wrapper"
    )


def encode_observation(space: Any, obs: Any) -> dict[str, np.ndarray]:
    """One environment's observation as rows of the groups of `observation_groups`."""
    entries = dict(space.spaces) if isinstance(space, spaces.Dict) else {"observation": space}
    values = obs if isinstance(space, spaces.Dict) else {"observation": obs}
    flat = [_flat_value(entry, values[key]) for key, entry in entries.items() if not is_image(entry)]
    images = {key: np.asarray(values[key]) for key, entry in entries.items() if is_image(entry)}
    if flat:
        return {"policy": np.concatenate(flat), **images}
    return {"policy": next(iter(images.values()))}


def _flat_value(space: Any, value: Any) -> np.ndarray:
    if isinstance(space, spaces.Discrete):
        return np.eye(int(space.n), dtype=np.float32)[int(value - space.start)]
    return np.asarray(value, np.float32).reshape(-1)
