"""Torch batches of environments: actions that may be applied, rows that are replaced."""

from __future__ import annotations

from typing import Any

import torch

from landward.errors import EnvContractError

Tensor = torch.Tensor


def checked_actions(actions: Any, num_envs: int, width: int, device: str) -> Tensor:
    """A copy of the raw actions (N, A) as float32.

    Raises:
        EnvContractError: wrong shape, or a NaN or infinite action (names the environment).
    """
    shape = (num_envs, width)
    if tuple(actions.shape) != shape:
        raise EnvContractError(f"actions have shape {tuple(actions.shape)}, the environment needs {shape}")
    raw = torch.as_tensor(actions).detach().to(device, torch.float32, copy=True)
    finite = torch.isfinite(raw).all(1)
    if not bool(finite.all()):
        bad = int((~finite).nonzero()[0])
        raise EnvContractError(f"the action of environment {bad} is NaN or infinite: the policy diverged")
    return raw


def rows(chosen: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """`new` (N, ...) in the rows where `chosen` (N,) is True, `old` elsewhere."""
    return torch.where(chosen.reshape(-1, *([1] * (new.ndim - 1))), new, old)
