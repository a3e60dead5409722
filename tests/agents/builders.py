"""Tiny algorithms and runs for the tests."""

import torch
from tensordict import TensorDict

from agents.on_policy.config import ConstraintConfig, ModelConfig, PPOConfig, TrainConfig
from agents.on_policy.ppo import ConstrainedPPO
from agents.on_policy.runner import Runner, config_document
from landward.runs import RunFolder
from landward.spec import ObservationTerm
from tests.agents.fakes import PointMass


class Sizes:
    """What rsl_rl asks an environment while it builds an algorithm."""

    num_actions = 2
    device = "cpu"

    def __init__(self, num_envs):
        self.num_envs = num_envs


def make_obs(num_envs, generator=None):
    policy, critic = (
        torch.randn(num_envs, 3, generator=generator),
        torch.randn(num_envs, 4, generator=generator),
    )
    return TensorDict({"policy": policy, "critic": critic}, batch_size=[num_envs])


def make_alg(num_envs=2, steps=3, recurrent=False, distribution=None, world=None, **algorithm):
    torch.manual_seed(0)
    common = {
        "class_name": "RNNModel" if recurrent else "MLPModel",
        "hidden_dims": [8, 8],
        "obs_normalization": True,
    }
    if recurrent:
        common |= {"rnn_type": "gru", "rnn_hidden_dim": 8}
    cfg = {
        "num_steps_per_env": steps,
        "obs_groups": {"actor": ["policy"], "critic": ["critic"]},
        "multi_gpu": world
        and {"global_rank": world.rank, "local_rank": world.local_rank, "world_size": world.size},
        "actor": {**common, "distribution_cfg": distribution or {"class_name": "GaussianDistribution"}},
        "critic": dict(common),
        "algorithm": {"class_name": ConstrainedPPO, "gamma": 0.9, "lam": 0.8, **algorithm},
    }
    alg = ConstrainedPPO.construct_algorithm(make_obs(num_envs), Sizes(num_envs), cfg, "cpu")
    alg.train_mode()
    return alg


VIEW = ObservationTerm("view", "bird_eye_view", (8, 8, 2), dtype="uint8", scale=1 / 255)


def make_image_obs(num_envs, generator=None):
    image = torch.randint(0, 256, (num_envs, *VIEW.shape), dtype=torch.uint8, generator=generator)
    return make_obs(num_envs, generator).set("view", image)


def make_image_alg(num_envs=2, steps=3, share=False, world=None, **algorithm):
    """Actor and critic that read an image beside flat columns."""
    torch.manual_seed(0)
    common = {
        "class_name": "agents.on_policy.encoder:ImageModel",
        "images": {"view": VIEW},
        "encoder": {"channels": (4,), "kernels": (3,), "strides": (2,), "size": 8},
        "hidden_dims": [8],
        "obs_normalization": True,
    }
    cfg = {
        "num_steps_per_env": steps,
        "obs_groups": {"actor": ["view", "policy"], "critic": ["view", "critic"]},
        "multi_gpu": world
        and {"global_rank": world.rank, "local_rank": world.local_rank, "world_size": world.size},
        "actor": {**common, "distribution_cfg": {"class_name": "GaussianDistribution"}},
        "critic": dict(common),
        "algorithm": {"class_name": ConstrainedPPO, "share_cnn_encoders": share, **algorithm},
    }
    alg = ConstrainedPPO.construct_algorithm(make_image_obs(num_envs), Sizes(num_envs), cfg, "cpu")
    alg.train_mode()
    return alg


def tiny_config(**changes):
    config = TrainConfig(
        iterations=4,
        checkpoint_interval=2,
        model=ModelConfig(hidden_sizes=(16, 16)),
        ppo=PPOConfig(steps_per_iteration=8, discount=0.9),
        constraint=ConstraintConfig(ramp_steps=500.0),
    )
    for name, value in changes.items():
        section, _, field = name.rpartition("__")
        setattr(getattr(config, section) if section else config, field, value)
    return config


def make_runner(root, config, num_envs=16, **env):
    env = PointMass(num_envs, seed=config.seed, **env)
    folder = RunFolder.create(
        root, "point-mass", config.seed, config_document(config, num_envs, {}, {}), env.spec
    )
    return Runner(env, config, folder)
