"""Stop a run at the first NaN or infinite number, and say which term it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from tensordict import TensorDict

from landward.errors import SimulationError
from landward.spec import PolicySpec

REMEDY = "the run stops here, its checkpoints are untouched; check the term's computation and the simulation"


def check_step(
    spec: PolicySpec,
    obs: TensorDict,
    rewards: torch.Tensor,
    constraints: Mapping[str, torch.Tensor],
    step: int,
) -> None:
    """Check what one control step brought.

    A sum is enough to find a NaN or an infinity and costs a fraction of an elementwise test; only a bad one
    is looked at closely.

    Args:
        spec: names the columns of the observation groups.
        obs: observation groups.
        rewards: (N,).
        constraints: name -> (N, k).
        step: control step of the run, for the message.

    Raises:
        SimulationError: names the term, the element and the environment.
    """
    groups = cast(dict[str, torch.Tensor], dict(obs.items()))
    groups = {name: value for name, value in groups.items() if value.is_floating_point()}  # images are bytes
    sums = [value.sum(dtype=torch.float32) for value in groups.values()]
    sums += [rewards.sum(), *(value.sum(dtype=torch.float32) for value in constraints.values())]
    if torch.isfinite(torch.stack(sums)).all():
        return
    for group, value in groups.items():
        if not torch.isfinite(value).all():
            env, column = _first(value)
            raise SimulationError(
                _message(f"observation {_element(spec, group, column)}", value, env, column, step)
            )
    if not torch.isfinite(rewards).all():
        env, _ = _first(rewards[:, None])
        raise SimulationError(_message("the reward", rewards[:, None], env, 0, step))
    for name, value in constraints.items():
        if not torch.isfinite(value).all():
            env, column = _first(value)
            raise SimulationError(
                _message(f"constraint '{name}' (element {column})", value, env, column, step)
            )


def _first(value: torch.Tensor) -> tuple[int, int]:
    """Row and flattened column of the first value that is not finite."""
    flat = value.flatten(1)
    index = int((~torch.isfinite(flat)).flatten().nonzero()[0])
    return index // flat.shape[1], index % flat.shape[1]


def _message(what: str, value: torch.Tensor, env: int, column: int, step: int) -> str:
    number = float(value.flatten(1)[env, column])
    return f"{what} is {number} in environment {env} at control step {step}: {REMEDY}"


def _element(spec: PolicySpec, group: str, column: int) -> str:
    """Readable name of an encoded column, as in "policy.joint_vel[FL_calf]", or of a pixel: "depth[3, 5]"."""
    if group in spec.images:
        pixel = ", ".join(map(str, np.unravel_index(column, spec.images[group].shape)))
        return f"{group}.{spec.images[group].name}[{pixel}]"
    start = 0
    for term in spec.groups.get(group, ()):
        width = term.size * term.history
        if column < start + width:
            element = (column - start) % term.size
            name = term.names[element] if len(term.names) == term.size else str(element)
            return f"{group}.{term.name}[{name}]"
        start += width
    return f"{group}[{column}]"
