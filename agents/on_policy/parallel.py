"""The PPO update in two threads: actor and critic share nothing but the data, so each gets a core of its own.

Same samples, losses and order as rsl_rl's update. What makes it faster on a CPU: two threads, observations
normalised and mini-batches gathered once an iteration (rsl_rl draws one permutation for all epochs), no
discarded sampling. One difference: with the adaptive schedule the critic's learning rate follows the actor's
once an iteration.

Where several ranks train, they average gradients and the KL divergence. Collectives of two threads could meet
in another order on another rank, so there the two updates run one after the other; the result is the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from rsl_rl.utils import reduce_gradients_in_buckets
from torch import nn

if TYPE_CHECKING:
    from agents.on_policy.ppo import ConstrainedPPO

SWITCH_INTERVAL = 1e-4
"""Seconds between hand-overs of the interpreter lock; with the default 5 ms one core waits for the other."""


@dataclass
class Batches:
    """All mini-batches of one iteration, (M, B, ...) each; mirrored rows follow the original ones."""

    actor_obs: torch.Tensor
    critic_obs: torch.Tensor
    actions: torch.Tensor
    old_log_prob: torch.Tensor
    advantages: torch.Tensor
    values: torch.Tensor
    returns: torch.Tensor
    old_params: tuple[torch.Tensor, ...]
    """Parameters of the old distribution, of the original rows only."""
    originals: int
    """Number of original rows of a mini-batch."""


def parallel_update(alg: ConstrainedPPO) -> dict[str, float]:
    """Train actor and critic on the stored rollout and empty it.

    Args:
        alg: feed-forward actor and critic without shared parameters, with an optimiser each.

    Returns:
        Mean losses under rsl_rl's names.
    """
    batches = gather(alg)
    losses = _one_after_the_other(alg, batches) if alg.is_multi_gpu else _in_two_threads(alg, batches)
    obs = alg.storage.observations.flatten(0, 1)
    alg.actor.update_normalization(obs)
    alg.critic.update_normalization(obs)
    alg.storage.clear()
    return losses


def _in_two_threads(alg: ConstrainedPPO, batches: Batches) -> dict[str, float]:
    threads = torch.get_num_threads()
    # OpenMP keeps the number of threads for every Python thread by itself: a new one would take all cores
    worker = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(threads,))
    with short_switch_interval(), worker as pool:
        value = pool.submit(train_critic, alg, batches, alg.learning_rate)
        losses = train_actor(alg, batches)
        return {"value": value.result(), **losses}


def _one_after_the_other(alg: ConstrainedPPO, batches: Batches) -> dict[str, float]:
    value = train_critic(alg, batches, alg.learning_rate)
    return {"value": value, **train_actor(alg, batches)}


@torch.no_grad()
def gather(alg: ConstrainedPPO) -> Batches:
    """Shuffle, mirror and normalise the rollout once."""
    storage, count = alg.storage, alg.num_mini_batches
    size = storage.num_envs * storage.num_transitions_per_env // count
    order = torch.randperm(count * size, device=alg.device)

    def shuffled(x: torch.Tensor) -> torch.Tensor:
        return x.flatten(0, 1)[order].unflatten(0, (count, size))

    obs, actions = storage.observations.flatten(0, 1)[order], storage.actions.flatten(0, 1)[order]
    mirror = alg.symmetry is not None and alg.symmetry.use_data_augmentation
    if mirror:
        obs, actions = alg.symmetry.data_augmentation_func(env=alg.symmetry.env, obs=obs, actions=actions)
    copies = actions.shape[0] // (count * size)

    def arranged(x: torch.Tensor) -> torch.Tensor:
        """(copies * M * size, D) -> (M, copies * size, D), originals first in every mini-batch."""
        return x.unflatten(0, (copies, count, size)).transpose(0, 1).flatten(1, 2).contiguous()

    def repeated(x: torch.Tensor) -> torch.Tensor:
        return x.repeat(1, copies, 1)

    advantages = shuffled(storage.advantages)
    if alg.normalize_advantage_per_mini_batch:
        mean, std = advantages.mean((1, 2), keepdim=True), advantages.std((1, 2), keepdim=True)
        advantages = (advantages - mean) / (std + 1e-8)
    return Batches(
        actor_obs=arranged(alg.actor.get_latent(obs)),
        critic_obs=arranged(alg.critic.get_latent(obs)),
        actions=arranged(actions),
        old_log_prob=repeated(shuffled(storage.actions_log_prob)).squeeze(-1),
        advantages=repeated(advantages).squeeze(-1),
        values=repeated(shuffled(storage.values)),
        returns=repeated(shuffled(storage.returns)),
        old_params=tuple(shuffled(p) for p in storage.distribution_params),
        originals=size,
    )


def train_actor(alg: ConstrainedPPO, batches: Batches) -> dict[str, float]:
    """All epochs of the clipped surrogate and the entropy bonus; adapts the learning rate."""
    distribution, size = alg.actor.distribution, batches.originals
    surrogate_sum = entropy_sum = asymmetry_sum = 0.0
    for i in _mini_batches(alg):
        distribution.update(alg.actor.mlp(batches.actor_obs[i]))
        log_prob = distribution.log_prob(batches.actions[i])
        params = tuple(p[:size] for p in distribution.params)
        entropy = distribution.entropy[:size].mean()
        _adapt_learning_rate(alg, tuple(p[i] for p in batches.old_params), params)
        ratio = torch.exp(log_prob - batches.old_log_prob[i])
        advantages = -batches.advantages[i]
        clipped = advantages * ratio.clamp(1.0 - alg.clip_param, 1.0 + alg.clip_param)
        surrogate = torch.max(advantages * ratio, clipped).mean()
        loss = surrogate - alg.entropy_coef * entropy
        if alg.symmetry is not None:
            asymmetry_sum += _asymmetry(alg, distribution.mean.detach(), size)
        _descend(alg, alg.actor_optimizer, alg.actor, loss, alg.learning_rate)
        surrogate_sum, entropy_sum = surrogate_sum + surrogate.item(), entropy_sum + entropy.item()
    updates = alg.num_learning_epochs * alg.num_mini_batches
    losses = {"surrogate": surrogate_sum / updates, "entropy": entropy_sum / updates}
    if alg.symmetry is not None:
        losses["symmetry"] = asymmetry_sum / updates
    return losses


def train_critic(alg: ConstrainedPPO, batches: Batches, learning_rate: float) -> float:
    """All epochs of the (clipped) value loss at a fixed learning rate; returns its mean."""
    total = 0.0
    for i in _mini_batches(alg):
        values, old, returns = alg.critic.mlp(batches.critic_obs[i]), batches.values[i], batches.returns[i]
        loss = (returns - values).pow(2)
        if alg.use_clipped_value_loss:
            clipped = old + (values - old).clamp(-alg.clip_param, alg.clip_param)
            loss = torch.max(loss, (clipped - returns).pow(2))
        loss = loss.mean()
        _descend(alg, alg.critic_optimizer, alg.critic, alg.value_loss_coef * loss, learning_rate)
        total += loss.item()
    return total / (alg.num_learning_epochs * alg.num_mini_batches)


@contextmanager
def short_switch_interval() -> Iterator[None]:
    """Let two threads hand over the interpreter lock quickly; the former interval comes back afterwards."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _mini_batches(alg: ConstrainedPPO) -> Iterator[int]:
    for _ in range(alg.num_learning_epochs):
        yield from range(alg.num_mini_batches)


def _descend(
    alg: ConstrainedPPO, optimizer: torch.optim.Optimizer, model: nn.Module, loss: torch.Tensor, rate: float
) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
    if alg.is_multi_gpu:
        reduce_gradients_in_buckets(model.parameters(), alg.gpu_world_size, alg.grad_reduce_bucket_mb)
    nn.utils.clip_grad_norm_(model.parameters(), alg.max_grad_norm)
    optimizer.step()


@torch.no_grad()
def _adapt_learning_rate(
    alg: ConstrainedPPO, old: tuple[torch.Tensor, ...], new: tuple[torch.Tensor, ...]
) -> None:
    if alg.desired_kl is None or alg.schedule != "adaptive":
        return
    kl = alg.world.mean(alg.actor.get_kl_divergence(old, new).mean()).item()
    if kl > alg.desired_kl * 2.0:
        alg.learning_rate = max(1e-5, alg.learning_rate / 1.5)
    elif 0.0 < kl < alg.desired_kl / 2.0:
        alg.learning_rate = min(1e-2, alg.learning_rate * 1.5)


@torch.no_grad()
def _asymmetry(alg: ConstrainedPPO, mean: torch.Tensor, size: int) -> float:
    """Mean squared difference of the mirrored action means and the action means at mirrored observations."""
    _, mirrored = alg.symmetry.data_augmentation_func(env=alg.symmetry.env, obs=None, actions=mean[:size])
    return nn.functional.mse_loss(mean[size:], mirrored[size:]).item()
