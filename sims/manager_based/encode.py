"""SI targets back into the raw action that an action manager takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from landward.errors import EnvContractError
from landward.spec import ActionTerm


def raw_action(terms: tuple[ActionTerm, ...], targets: Mapping[str, Any], device: str) -> torch.Tensor:
    """The raw action (N, A) that gives these targets: (target - offset) / scale, term by term.

    Where a term clips or limits, this is a raw action within its bounds. An element with scale 0 has no say
    in its target; its raw action is 0.

    Args:
        terms: of the spec, in order.
        targets: action term name -> (N, *shape) in SI.
        device: of the result.

    Raises:
        EnvContractError: a target is missing; the message names it.
    """
    parts = []
    for term in terms:
        if term.name not in targets:
            raise EnvContractError(
                f"the target {term.name!r} is missing; got {', '.join(sorted(targets)) or 'nothing'}"
            )
        value = torch.as_tensor(targets[term.name], dtype=torch.float32, device=device)
        scale = torch.as_tensor(term.scale, dtype=torch.float32, device=device)
        offset = torch.as_tensor(term.offset, dtype=torch.float32, device=device)
        raw = torch.where(scale == 0.0, 0.0, (value - offset) / torch.where(scale == 0.0, 1.0, scale))
        parts.append(raw.reshape(value.shape[0], -1))
    return torch.cat(parts, 1)
