"""A target KL divergence for rsl_rl's own update, which has none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from agents.on_policy.ppo import ConstrainedPPO


@contextmanager
def passes_within(alg: ConstrainedPPO) -> Iterator[list[float]]:
    """Let rsl_rl's update end after the pass whose mean KL divergence to the old policy is beyond the target.

    Args:
        alg: its update is called once within the context.

    Yields:
        A list that receives the mean KL divergence of every pass that was made.
    """
    storage: Any = alg.storage
    recurrent = alg.actor.is_recurrent or alg.critic.is_recurrent
    name = "recurrent_mini_batch_generator" if recurrent else "mini_batch_generator"
    every, found = getattr(storage, name), []

    def until_target(count: int, passes: int) -> Iterator[Any]:
        total = 0.0
        for number, batch in enumerate(every(count, passes), 1):
            old = batch.old_distribution_params
            yield batch
            total += _divergence(alg, old)
            if number % count == 0:
                found.append(total / count)
                total = 0.0
                if found[-1] > alg.target_kl:
                    return

    setattr(storage, name, until_target)
    try:
        yield found
    finally:
        delattr(storage, name)


@torch.no_grad()
def _divergence(alg: ConstrainedPPO, old: tuple[torch.Tensor, ...]) -> float:
    """Mean KL divergence of the mini-batch that the actor has just seen, over all ranks."""
    new = tuple(p[: len(old[0])] for p in alg.actor.output_distribution_params)
    return alg.world.mean(alg.actor.get_kl_divergence(old, new).mean()).item()
