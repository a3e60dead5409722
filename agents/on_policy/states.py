"""What of a run's state belongs to one rank, and how a rank goes on from it or without it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agents.on_policy import checkpoint
from landward.errors import SimulationError

if TYPE_CHECKING:
    from agents.on_policy.ppo import ConstrainedPPO
    from agents.on_policy.runner import Runner


def own_state(runner: Runner) -> dict[str, Any]:
    """What differs between ranks: episodes, random streams, and what recurrent models remember."""
    try:
        environment = runner.source.state_dict()
    except NotImplementedError:
        environment = None
    return {
        "environment": environment,
        "random": checkpoint.random_state(runner.device),
        "hidden_states": runner.alg.hidden_states,
    }


def restore(runner: Runner, own: Mapping[str, Any]) -> None:
    """Go on from `own_state`."""
    if own["environment"] is None:
        _say(runner, "this simulator cannot save its state: the run goes on with fresh episodes")
    else:
        runner.source.load_state_dict(own["environment"])
    runner.alg.hidden_states = own["hidden_states"]
    checkpoint.set_random_state(own["random"], runner.device)


def start_afresh(runner: Runner, before: int) -> None:
    """Begin new episodes, with random streams that the run has not used yet.

    Args:
        runner: its networks and counters have been loaded.
        before: number of ranks that wrote the checkpoint.
    """
    world = runner.world
    _say(
        runner,
        f"the checkpoint is of {before} rank{'s' * (before > 1)}, the run goes on with {world.size}: "
        "networks, optimisers and schedules go on, episodes begin afresh",
    )
    runner.alg.hidden_states = [None, None]
    seed = world.seed(runner.config.seed, runner.env_steps)
    checkpoint.seed_all(seed)
    runner.source.reset(seed=seed)
    if runner.config.spread_episodes:
        runner.spread_episodes()


def model_digest(alg: ConstrainedPPO) -> bytes:
    """A fingerprint of what all ranks must have in common: networks, normalisers and learning rate."""
    digest = hashlib.blake2b(repr(alg.learning_rate).encode())
    for model in (alg.actor, alg.critic):
        for tensor in model.state_dict().values():
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.digest()


def check_in_step(digests: Sequence[bytes], iteration: int) -> None:
    """Raise SimulationError where a rank's fingerprint is not the first one's."""
    for rank, digest in enumerate(digests):
        if digest != digests[0]:
            raise SimulationError(
                f"after iteration {iteration} the networks of rank {rank} are not those of rank 0: a GPU or "
                "the connection between two computes wrongly; resume from the last checkpoint, which is whole"
            )


def _say(runner: Runner, text: str) -> None:
    if runner.world.main:
        print(text, file=sys.stderr)
