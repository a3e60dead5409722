"""What two ranks find: `python two_ranks.py FOLDER`, started twice with torchrun's variables."""

import sys
from pathlib import Path

import torch

from agents.on_policy.cat import ConstraintTerminations
from agents.on_policy.states import model_digest
from agents.on_policy.world import join
from landward.constraint import Constraint
from tests.agents.builders import make_alg, make_image_alg, make_image_obs, make_obs

SOFT = Constraint("torque", "torque", 20.0, "N m", p_max=0.25)
TORQUES = (
    [torch.tensor([[4.0, -1.0], [1.0, -3.0]]), torch.tensor([[2.0, 0.1], [0.0, 0.0]])],
    [torch.tensor([[2.0, -1.0], [1.0, -3.0]]), torch.tensor([[1.0, 8.0], [0.0, 0.0]])],
)
"""For each rank, the values of two steps of two environments."""


UPDATES = {
    "update False": {"parallel_update": False},
    "update True": {"parallel_update": True},
    "images": {"images": True, "parallel_update": True},
    "shared": {"images": True, "share": True, "target_kl": 0.01},
}
"""Name -> settings of `one_update`."""


def one_update(rank, world=None, images=False, **settings):
    """The algorithm after one step down the gradient of a rank's rollout, and the observations in it."""
    alg = (make_image_alg if images else make_alg)(
        4,
        3,
        world=world,
        optimizer="sgd",
        learning_rate=0.05,
        schedule="fixed",
        num_learning_epochs=1,
        num_mini_batches=1,
        max_grad_norm=1e9,
        **settings,
    )
    seen = rollout(alg, 4, 3, rank, make_image_obs if images else make_obs)
    alg.update()
    return alg, seen


def rollout(alg, num_envs, steps, seed, observe=make_obs):
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(100 + seed)
    seen = []
    with torch.inference_mode():
        obs = observe(num_envs, generator)
        for _ in range(steps):
            seen.append(obs)
            alg.act(obs)
            obs = observe(num_envs, generator)
            alg.process_env_step(obs, torch.rand(num_envs, generator=generator), torch.zeros(num_envs), {})
        alg.compute_returns(obs)
    return torch.cat(seen)


def adapted(world, parallel):
    """Learning rate and fingerprint after three iterations with the adaptive schedule."""
    alg = make_alg(8, 5, world=world, parallel_update=parallel, schedule="adaptive", desired_kl=1e-7)
    for iteration in range(3):
        rollout(alg, 8, 5, 10 * iteration + world.rank)
        alg.update()
    return alg.learning_rate, model_digest(alg), alg.env_steps


def main():
    torch.set_num_threads(1)
    world = join("cpu")
    found = {
        "world": world,
        "largest": world.largest(3 + 4 * world.rank),
        "mean": world.mean(torch.tensor([1.0, 2.0]) * (1 + 2 * world.rank)).tolist(),
        "share": world.share({"rank": world.rank}),
        "gather": world.gather(("of", world.rank)),
    }
    cat = ConstraintTerminations([SOFT], ramp_steps=0.0, world=world)
    with torch.inference_mode():
        deltas = [cat.step({"torque": values})[0].tolist() for values in TORQUES[world.rank]]
    found["cat"] = (deltas, cat.state_dict()["running_max"].tolist(), cat.steps)
    for name, settings in UPDATES.items():
        alg, _ = one_update(world.rank, world, **settings)
        found[name] = {"actor": alg.actor.state_dict(), "critic": alg.critic.state_dict()}
    for parallel in (False, True):
        found[f"adapted {parallel}"] = adapted(world, parallel)
    torch.save(found, Path(sys.argv[1]) / f"rank_{world.rank}.pt")
    world.leave()


if __name__ == "__main__":
    main()
