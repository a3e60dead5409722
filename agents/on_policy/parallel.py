"""The PPO update in two threads: actor and critic share nothing but the data, so each gets a core of its own.

Where they share image encoders, both are trained together in one thread, and an image is encoded once.

Same samples, losses and order as rsl_rl's update. What makes it faster on a CPU: two threads, observations
normalised and mini-batches gathered once an iteration (rsl_rl draws one permutation for all epochs), no
discarded sampling. Two differences: with the adaptive schedule the critic's learning rate follows the actor's
once an iteration; and where a target KL divergence ends the actor's passes, the critic makes all of its own.

Where several ranks train, they average gradients and the KL divergence. Collectives of two threads could meet
in another order on another rank, so there the two updates run one after the other; the result is the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from rsl_rl.models import MLPModel
from rsl_rl.utils import reduce_gradients_in_buckets
from tensordict import TensorDict
from torch import nn

from agents.on_policy.encoder import ImageModel

if TYPE_CHECKING:
    from agents.on_policy.ppo import ConstrainedPPO

SWITCH_INTERVAL = 1e-4
"""Seconds between hand-overs of the interpreter lock; with the default 5 ms one core waits for the other."""


@dataclass
class Batches:
    """All mini-batches of one iteration, (M, B, ...) each; mirrored rows follow the original ones.

    Observations are the flat columns, normalised. Images stay where they are and are gathered for each
    mini-batch: copies of all of them could be larger than everything else.
    """

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
    rows: torch.Tensor
    """(M, B) rows of the rollout."""
    images: dict[str, torch.Tensor]
    """The image groups of the whole rollout, (R, H, W, C) each."""

    def latent(self, model: MLPModel, i: int) -> torch.Tensor:
        """What a model's network reads in mini-batch `i`; the images' encoders have gradients."""
        flat = self.actor_obs[i] if model.distribution is not None else self.critic_obs[i]
        if not isinstance(model, ImageModel):
            return flat
        rows = self.rows[i]
        return model.join(flat, {group: self.images[group][rows] for group in model.image_groups})


def parallel_update(alg: ConstrainedPPO) -> dict[str, float]:
    """Train actor and critic on the stored rollout and empty it.

    Args:
        alg: feed-forward actor and critic, with an optimiser each, or with shared encoders and one optimiser.

    Returns:
        Mean losses under rsl_rl's names.
    """
    batches = gather(alg)
    if alg.shared:
        losses = train_together(alg, batches)
    else:
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

    everything, groups = storage.observations.flatten(0, 1), _image_groups(alg)
    obs, actions = everything.exclude(*groups)[order], storage.actions.flatten(0, 1)[order]
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
        actor_obs=arranged(_flat_latent(alg.actor, obs)),
        critic_obs=arranged(_flat_latent(alg.critic, obs)),
        actions=arranged(actions),
        old_log_prob=repeated(shuffled(storage.actions_log_prob)).squeeze(-1),
        advantages=repeated(advantages).squeeze(-1),
        values=repeated(shuffled(storage.values)),
        returns=repeated(shuffled(storage.returns)),
        old_params=tuple(shuffled(p) for p in storage.distribution_params),
        originals=size,
        rows=order.unflatten(0, (count, size)),
        images={group: everything[group] for group in groups},
    )


def train_actor(alg: ConstrainedPPO, batches: Batches) -> dict[str, float]:
    """All passes of the clipped surrogate and the entropy bonus; adapts the learning rate."""
    sums = Sums(alg)
    for i in sums.mini_batches():
        loss = actor_loss(alg, batches, i, batches.latent(alg.actor, i), sums)
        _descend(alg, alg.actor_optimizer, alg.actor.parameters(), loss, alg.learning_rate)
    return sums.means()


def train_critic(alg: ConstrainedPPO, batches: Batches, learning_rate: float) -> float:
    """All passes of the (clipped) value loss at a fixed learning rate; returns its mean."""
    total = 0.0
    for _ in range(alg.num_learning_epochs):
        for i in range(alg.num_mini_batches):
            loss = value_loss(alg, batches, i, batches.latent(alg.critic, i))
            _descend(
                alg,
                alg.critic_optimizer,
                alg.critic.parameters(),
                alg.value_loss_coef * loss,
                learning_rate,
            )
            total += loss.item()
    return total / (alg.num_learning_epochs * alg.num_mini_batches)


def train_together(alg: ConstrainedPPO, batches: Batches) -> dict[str, float]:
    """All passes of both losses with encoders that actor and critic share, each image encoded once."""
    sums, parameters = Sums(alg), alg.optimizer.param_groups[0]["params"]
    for i in sums.mini_batches():
        latent = batches.latent(alg.actor, i)
        width = batches.actor_obs.shape[-1]
        loss = actor_loss(alg, batches, i, latent, sums)
        value = value_loss(alg, batches, i, torch.cat([batches.critic_obs[i], latent[:, width:]], -1))
        _descend(alg, alg.optimizer, parameters, loss + alg.value_loss_coef * value, alg.learning_rate)
        sums.add("value", value)
    return sums.means()


class Sums:
    """Sums of an update's losses, and the mini-batches until enough has been learned."""

    def __init__(self, alg: ConstrainedPPO) -> None:
        self.alg = alg
        self.kl = 0.0
        """Mean KL divergence to the old policy in the latest pass."""
        self._updates = self._passes = 0
        self._sums: dict[str, float] = {}

    def mini_batches(self) -> Iterator[int]:
        """Indices of mini-batches, pass by pass; none after the KL divergence has passed its target."""
        alg = self.alg
        for _ in range(alg.num_learning_epochs):
            self.kl = 0.0
            for i in range(alg.num_mini_batches):
                yield i
                self._updates += 1
            self._passes += 1
            self.kl /= alg.num_mini_batches
            if 0.0 < alg.target_kl < self.kl:
                return

    def add(self, name: str, loss: torch.Tensor | float) -> None:
        """Count a mini-batch's loss."""
        value = loss.item() if isinstance(loss, torch.Tensor) else loss
        self._sums[name] = self._sums.get(name, 0.0) + value

    def means(self) -> dict[str, float]:
        """Means over mini-batches, and with a target KL divergence what came of it."""
        means = {name: total / self._updates for name, total in self._sums.items()}
        if self.alg.target_kl > 0.0:
            means |= {"kl": self.kl, "passes": float(self._passes)}
        return means


def actor_loss(
    alg: ConstrainedPPO, batches: Batches, i: int, latent: torch.Tensor, sums: Sums
) -> torch.Tensor:
    """Clipped surrogate and entropy bonus of a mini-batch; adapts the learning rate."""
    distribution, size = alg.actor.distribution, batches.originals
    distribution.update(alg.actor.mlp(latent))
    log_prob = distribution.log_prob(batches.actions[i])
    params = tuple(p[:size] for p in distribution.params)
    entropy = distribution.entropy[:size].mean()
    sums.kl += _follow_kl(alg, tuple(p[i] for p in batches.old_params), params)
    ratio = torch.exp(log_prob - batches.old_log_prob[i])
    advantages = -batches.advantages[i]
    clipped = advantages * ratio.clamp(1.0 - alg.clip_param, 1.0 + alg.clip_param)
    surrogate = torch.max(advantages * ratio, clipped).mean()
    sums.add("surrogate", surrogate)
    sums.add("entropy", entropy)
    if alg.symmetry is not None:
        sums.add("symmetry", _asymmetry(alg, distribution.mean.detach(), size))
    return surrogate - alg.entropy_coef * entropy


def value_loss(alg: ConstrainedPPO, batches: Batches, i: int, latent: torch.Tensor) -> torch.Tensor:
    """The (clipped) value loss of a mini-batch."""
    values, old, returns = alg.critic.mlp(latent), batches.values[i], batches.returns[i]
    loss = (returns - values).pow(2)
    if alg.use_clipped_value_loss:
        clipped = old + (values - old).clamp(-alg.clip_param, alg.clip_param)
        loss = torch.max(loss, (clipped - returns).pow(2))
    return loss.mean()


@contextmanager
def short_switch_interval() -> Iterator[None]:
    """Let two threads hand over the interpreter lock quickly; the former interval comes back afterwards."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _image_groups(alg: ConstrainedPPO) -> list[str]:
    models = [model for model in (alg.actor, alg.critic) if isinstance(model, ImageModel)]
    return list(dict.fromkeys(group for model in models for group in model.image_groups))


def _flat_latent(model: MLPModel, obs: TensorDict) -> torch.Tensor:
    return model.flat_latent(obs) if isinstance(model, ImageModel) else model.get_latent(obs)


def _descend(
    alg: ConstrainedPPO,
    optimizer: torch.optim.Optimizer,
    parameters: Iterable[nn.Parameter],
    loss: torch.Tensor,
    rate: float,
) -> None:
    parameters = list(parameters)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
    if alg.is_multi_gpu:
        reduce_gradients_in_buckets(parameters, alg.gpu_world_size, alg.grad_reduce_bucket_mb)
    nn.utils.clip_grad_norm_(parameters, alg.max_grad_norm)
    optimizer.step()


@torch.no_grad()
def _follow_kl(alg: ConstrainedPPO, old: tuple[torch.Tensor, ...], new: tuple[torch.Tensor, ...]) -> float:
    """Mean KL divergence of a mini-batch, 0 where nothing depends on it; adapts the learning rate."""
    adaptive = alg.desired_kl is not None and alg.schedule == "adaptive"
    if not adaptive and alg.target_kl <= 0.0:
        return 0.0
    kl = alg.world.mean(alg.actor.get_kl_divergence(old, new).mean()).item()
    if not adaptive:
        return kl
    if kl > alg.desired_kl * 2.0:
        alg.learning_rate = max(1e-5, alg.learning_rate / 1.5)
    elif 0.0 < kl < alg.desired_kl / 2.0:
        alg.learning_rate = min(1e-2, alg.learning_rate * 1.5)
    return kl


@torch.no_grad()
def _asymmetry(alg: ConstrainedPPO, mean: torch.Tensor, size: int) -> float:
    """Mean squared difference of the mirrored action means and the action means at mirrored observations."""
    _, mirrored = alg.symmetry.data_augmentation_func(env=alg.symmetry.env, obs=None, actions=mean[:size])
    return nn.functional.mse_loss(mean[size:], mirrored[size:]).item()
