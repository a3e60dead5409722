"""Training configurations, one function a task; the task registry names them.

Those for flat ground have been trained to the end and evaluated. Those for rough ground are starting points:
their settings come from published ones and have only been run for a few iterations.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable

from agents.on_policy.config import ConstraintConfig, ModelConfig, PPOConfig, TrainConfig
from landward.errors import RegistryError
from sims.registry import get_task


def agent_config(task: str) -> TrainConfig:
    """A fresh training configuration, from the function that a task names.

    The function is given the task's name where it takes an argument.

    Raises:
        RegistryError: no such task, or the configuration that it names does not load.
    """
    target = get_task(task).agent
    module, _, attribute = target.partition(":")
    try:
        make = getattr(importlib.import_module(module), attribute)
        return make(task) if _takes_a_name(make) else make()
    except (ImportError, AttributeError, ValueError) as error:
        raise RegistryError(
            f"the training configuration {target!r} of task {task!r} does not load: {error}"
        ) from error


def _takes_a_name(make: Callable[..., TrainConfig]) -> bool:
    """Whether a function has a parameter without a default."""
    return any(
        parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        for parameter in inspect.signature(make).parameters.values()
    )


def go1_flat() -> TrainConfig:
    """Go1 on flat ground in about ten minutes on two CPU cores, with 1,024 environments; trained to the end.

    Constraints set in once the gait exists: from the first step on they freeze exploration and the robot
    stands still.
    """
    return TrainConfig(
        total_steps=7.5e6,
        ppo=PPOConfig(mirror=True),
        constraint=ConstraintConfig(start_after_steps=3.0e6, ramp_steps=2.0e6),
    )


def go1_rough() -> TrainConfig:
    """Go1 on slopes, stairs and uneven ground, with a height scan. Not trained to the end yet.

    The settings of `go1_flat` with a larger network and eight times the samples.
    """
    return TrainConfig(
        total_steps=60.0e6,
        checkpoint_interval=100,
        model=ModelConfig(hidden_sizes=(256, 128, 64)),
        ppo=PPOConfig(mirror=True),
        constraint=ConstraintConfig(start_after_steps=10.0e6, ramp_steps=10.0e6),
    )


def solo12_flat() -> TrainConfig:
    """Solo-12 on flat ground: the official CaT task within 8 million samples, on two CPU cores.

    The official release takes 2,000 iterations of 4,096 environments, 25 times as many, and constrains from
    the first one on. Within few samples that teaches the robot to stand still, so the gait comes first here.
    """
    return TrainConfig(
        total_steps=8.0e6,
        ppo=PPOConfig(mirror=True, entropy_coef_final=0.004),
        constraint=ConstraintConfig(start_after_steps=2.5e6, ramp_steps=3.0e6),
    )


def solo12_rough() -> TrainConfig:
    """Solo-12 on slopes, stairs and uneven ground, with a height scan. Not trained to the end yet.

    The PPO settings of the official CaT task, scaled to 1,024 environments; constraints act from the first
    step and their curriculum takes 24,000 control steps, as in the official release.
    """
    return TrainConfig(
        iterations=4000,
        checkpoint_interval=100,
        model=ModelConfig(hidden_sizes=(512, 256, 128)),
        ppo=PPOConfig(
            epochs=5,
            learning_rate=3e-4,
            desired_kl=0.008,
            value_coef=2.0,
            entropy_coef=0.001,
            entropy_coef_final=0.001,
            normalize_advantage_per_mini_batch=True,
        ),
        constraint=ConstraintConfig(start_after_steps=0.0, ramp_steps=24000 * 1024),
    )
