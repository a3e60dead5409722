"""A library's own configuration of rsl_rl's PPO -> ours; Isaac Lab's and mjlab's have the same fields."""

from __future__ import annotations

import logging
from typing import Any

from agents.on_policy.config import ConstraintConfig, ModelConfig, PPOConfig, TrainConfig
from landward.errors import LandwardError

_LOG = logging.getLogger(__name__)


def from_rsl_rl(cfg: Any, task: str) -> TrainConfig:
    """The training configuration that says the same as a runner configuration of rsl_rl.

    Args:
        cfg: an RslRlOnPolicyRunnerCfg, whose models are `actor` and `critic`.
        task: whose it is, for messages.

    Raises:
        LandwardError: it trains something that `landward train` does not: image encoders, distillation, or an
            actor and a critic of different layers.
    """
    actor: Any = getattr(cfg, "actor", None)
    critic: Any = getattr(cfg, "critic", None)
    algorithm = cfg.algorithm
    if not hasattr(actor, "hidden_dims") or not hasattr(critic, "hidden_dims"):
        raise LandwardError(f"the rsl_rl configuration of {task} has no actor and critic: no PPO of rsl_rl 5")
    for name, model in (("actor", actor), ("critic", critic)):
        if model.class_name not in ("MLPModel", "RNNModel"):
            raise LandwardError(
                f"the {name} of {task} is a {model.class_name}: only MLPModel and RNNModel are trained by "
                "`landward train`"
            )
    if list(actor.hidden_dims) != list(critic.hidden_dims) or actor.class_name != critic.class_name:
        raise LandwardError(
            f"actor {actor.class_name} {list(actor.hidden_dims)} and critic {critic.class_name} "
            f"{list(critic.hidden_dims)} of {task} differ: `landward train` builds both alike"
        )
    _warn(algorithm, task)
    recurrent = actor.class_name == "RNNModel"
    return TrainConfig(
        iterations=int(cfg.max_iterations),
        checkpoint_interval=int(cfg.save_interval),
        spread_episodes=bool(getattr(cfg, "init_at_random_ep_len", True)),
        model=ModelConfig(
            critic_groups=tuple(_groups(cfg).get("critic") or ("critic",)),
            hidden_sizes=tuple(int(size) for size in actor.hidden_dims),
            activation=actor.activation,
            normalize=bool(actor.obs_normalization),
            init_std=_initial_std(actor),
            recurrent=actor.rnn_type if recurrent else "none",
            recurrent_size=int(actor.rnn_hidden_dim) if recurrent else 128,
        ),
        ppo=PPOConfig(
            steps_per_iteration=int(cfg.num_steps_per_env),
            epochs=int(algorithm.num_learning_epochs),
            mini_batches=int(algorithm.num_mini_batches),
            learning_rate=float(algorithm.learning_rate),
            schedule=algorithm.schedule,
            desired_kl=float(algorithm.desired_kl),
            clip=float(algorithm.clip_param),
            clip_value=bool(algorithm.use_clipped_value_loss),
            value_coef=float(algorithm.value_loss_coef),
            entropy_coef=float(algorithm.entropy_coef),
            entropy_coef_final=float(algorithm.entropy_coef),
            discount=float(algorithm.gamma),
            gae_lambda=float(algorithm.lam),
            max_grad_norm=float(algorithm.max_grad_norm),
            normalize_advantage_per_mini_batch=bool(algorithm.normalize_advantage_per_mini_batch),
            parallel_update=not recurrent,
        ),
        constraint=ConstraintConfig(mode="penalty" if recurrent else "cat"),
    )


def _groups(cfg: Any) -> dict[str, Any]:
    groups = getattr(cfg, "obs_groups", None)
    return groups if isinstance(groups, dict) else {}


def _initial_std(actor: Any) -> float:
    distribution = getattr(actor, "distribution_cfg", None)
    std = getattr(distribution, "init_std", None)
    if std is None and isinstance(distribution, dict):
        std = distribution.get("init_std")
    if std is None:
        std = getattr(actor, "init_noise_std", 1.0)
    return float(std) if isinstance(std, int | float) else 1.0


def _warn(algorithm: Any, task: str) -> None:
    """Say what of an algorithm's configuration is not taken over."""
    optimizer = getattr(algorithm, "optimizer", "adam")
    left = [f"optimizer {optimizer}"] if optimizer != "adam" else []
    for field, name in (
        ("symmetry_cfg", "symmetry"),
        ("rnd_cfg", "random network distillation"),
    ):
        if getattr(algorithm, field, None) is not None:
            left.append(name)
    if left:
        _LOG.warning("%s trains without %s of its rsl_rl configuration", task, " and ".join(left))
