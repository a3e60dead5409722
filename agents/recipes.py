"""Training configurations, one function a task; the task registry names them.

Those for flat ground have been trained to the end and evaluated. Those for rough ground are starting points:
their settings come from published ones and have only been run for a few iterations. The driving recipes are
those of CaRL (Jaeger et al. 2025), scaled down to a few servers on two CPU cores.
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


def carla_route() -> TrainConfig:
    """Routes through traffic, about an hour on two CPU cores with four embedded servers."""
    return _driving(1.0e6)


def carla_route_cat() -> TrainConfig:
    """Routes through traffic with limits as constraints, which set in once the car moves.

    What ends an episode anyway (collision, red light, stop sign) is a hard constraint from the first step on.
    """
    config = _driving(1.0e6)
    config.constraint = ConstraintConfig(start_after_steps=2.0e5, ramp_steps=3.0e5)
    return config


def carla_lane() -> TrainConfig:
    """Lane keeping alone on the road: a quarter of the samples."""
    return _driving(2.5e5)


def carla_junction() -> TrainConfig:
    """Junctions in dense traffic."""
    return _driving(1.0e6)


def _driving(total_steps: float) -> TrainConfig:
    """CaRL's PPO with its Beta policy and encoders, for two to four environments.

    An update is on 256 steps of each, 1,024 samples of four, in mini-batches of 256: CaRL's small setting has
    512 and 256, and gains with larger batches. Three of CaRL's settings are others here. The value loss is
    not clipped: returns are tens (percent of the route), so a clip range of 0.1 would hold the value back for
    hundreds of updates, a good part of this short run. Actor and critic have an encoder each, which costs two
    cores no time. The first episodes are not spread: four clocks at random would only cut episodes short.
    """
    return TrainConfig(
        total_steps=total_steps,
        checkpoint_interval=50,
        spread_episodes=False,
        model=ModelConfig(
            critic_groups=("bev", "state", "privileged"), hidden_sizes=(256,), exploration="beta"
        ),
        ppo=PPOConfig(
            steps_per_iteration=256,
            epochs=3,
            mini_batches=4,
            learning_rate=2.5e-4,
            schedule="linear",
            target_kl=0.015,
            adam_eps=1e-5,
            clip=0.1,
            clip_value=False,
            value_coef=0.5,
            entropy_coef=0.01,
            entropy_coef_final=0.01,
            discount=0.99,
            gae_lambda=0.95,
            max_grad_norm=0.5,
        ),
    )
