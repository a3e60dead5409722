"""The settings of a run as the dictionary that rsl_rl builds models, storage and algorithm from."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from agents.on_policy.config import ModelConfig, TrainConfig
from landward.action import raw_bounds
from landward.errors import LandwardError
from landward.spec import PolicySpec


def rsl_rl_config(config: TrainConfig, spec: PolicySpec, num_envs: int, mirror: Any = None) -> dict[str, Any]:
    """Translate to rsl_rl's dictionary.

    Args:
        config: validated settings.
        spec: the task's spec; its constraints, observation groups and action bounds are used.
        num_envs: number of environments.
        mirror: augmentation function, or None.

    Raises:
        LandwardError: settings that do not fit the task's observations or actions.
    """
    model, ppo = config.model, config.ppo
    groups = {
        "actor": list(spec.actor),
        "critic": [g for g in model.critic_groups if g in spec.groups] or list(spec.actor),
    }
    common = {"activation": model.activation, "obs_normalization": model.normalize}
    if model.recurrent != "none":
        common |= {"rnn_type": model.recurrent, "rnn_hidden_dim": model.recurrent_size}
    classes = {which: _model_class(config, spec, groups[which]) for which in groups}
    actor = {**classes["actor"], **common, "hidden_dims": list(model.hidden_sizes)}
    if model.exploration == "gsde":
        actor["hidden_dims"] = list(model.hidden_sizes[:-1])
    actor["distribution_cfg"] = _distribution(model, spec)
    algorithm = _algorithm(config, spec, num_envs)
    if model.encoder.share and spec.images.keys() & {*groups["actor"], *groups["critic"]}:
        _check_shared(config, spec, groups)
        algorithm["share_cnn_encoders"] = True
    if mirror is not None:
        algorithm["symmetry_cfg"] = {"data_augmentation_func": mirror, "use_data_augmentation": True}
    logger: Any = "tensorboard"
    if config.logger == "wandb":
        logger = {"class_name": "WandbLogWriter", "project_name": config.wandb_project}
    return {
        "num_steps_per_env": ppo.steps_per_iteration,
        "obs_groups": groups,
        "actor": actor,
        "critic": {**classes["critic"], **common, "hidden_dims": list(model.hidden_sizes)},
        "algorithm": algorithm,
        "logger": logger,
        "save_interval": config.checkpoint_interval,
        "check_for_nan": False,
    }


def _model_class(config: TrainConfig, spec: PolicySpec, groups: Sequence[str]) -> dict[str, Any]:
    """Class of a model that reads these groups, with the arguments of that class alone."""
    model, images = config.model, {g: spec.images[g] for g in groups if g in spec.images}
    for group in groups:
        _check_group(spec, group)
    if not images:
        return {"class_name": "MLPModel" if model.recurrent == "none" else "RNNModel"}
    if model.recurrent != "none":
        raise LandwardError(
            f"model.recurrent {model.recurrent} does not go with the image {next(iter(images))!r} of "
            f"{spec.task}: only feed-forward models read images; set model.recurrent to none"
        )
    encoder = dataclasses.asdict(model.encoder)
    del encoder["share"]
    return {
        "class_name": "agents.on_policy.encoder:ImageModel",
        "images": images,
        "encoder": {**encoder, "activation": model.activation},
    }


def _check_group(spec: PolicySpec, group: str) -> None:
    terms = spec.group(group)
    if len(terms) == 1 and len(terms[0].shape) > 1 and not terms[0].is_image:
        raise LandwardError(
            f"observation group {group!r} of {spec.task} is a {terms[0].kind} of shape {terms[0].shape}: "
            "networks read images and flat numbers; flatten it, or give it the kind of an image"
        )
    for term in (term for term in terms if term.is_image):
        if len(terms) > 1:
            raise LandwardError(
                f"observation group {group!r} of {spec.task} holds the image {term.name!r} beside other "
                "terms: an image must be a group of its own"
            )
        if term.history > 1:
            raise LandwardError(
                f"the image {term.name!r} of {spec.task} has a history of {term.history} frames: only the "
                "present one is encoded; give earlier frames channels of their own"
            )


def _check_shared(config: TrainConfig, spec: PolicySpec, groups: dict[str, list[str]]) -> None:
    actor, critic = ([g for g in groups[which] if g in spec.images] for which in ("actor", "critic"))
    if sorted(actor) != sorted(critic):
        raise LandwardError(
            f"model.encoder.share needs the same images in actor and critic: the actor reads "
            f"{', '.join(actor) or 'none'}, the critic {', '.join(critic) or 'none'}; set model.critic_groups"
        )
    if config.ppo.parallel_update:
        raise LandwardError(
            "model.encoder.share does not go with ppo.parallel_update, which trains actor and critic in two "
            "threads: set ppo.parallel_update to False (--agent.ppo.no-parallel-update), or give each "
            "its own encoder (--agent.model.encoder.no-share)"
        )


def _distribution(model: ModelConfig, spec: PolicySpec) -> dict[str, Any]:
    if model.exploration == "gsde":
        return {
            "class_name": "agents.on_policy.gsde:GsdeDistribution",
            "latent_dim": model.hidden_sizes[-1],
            "sde_sample_freq": model.sde_sample_freq,
            "log_std_init": model.log_std_init,
            "activation": model.activation,
        }
    if model.exploration == "gaussian":
        return {"class_name": "GaussianDistribution", "init_std": model.init_std}
    low: list[float] = []
    high: list[float] = []
    for term in spec.actions:
        lows, highs = raw_bounds(term)
        if not all(map(math.isfinite, [*lows, *highs])):
            raise LandwardError(
                f"model.exploration beta needs bounded actions: {term.name!r} of {spec.task} has neither "
                "clip nor limits; use gaussian exploration, or bound the action in the task's spec"
            )
        low, high = [*low, *lows.tolist()], [*high, *highs.tolist()]
    return {
        "class_name": "agents.on_policy.beta:BetaPolicy",
        "low": low,
        "high": high,
        "init_concentration": model.init_concentration,
    }


def _algorithm(config: TrainConfig, spec: PolicySpec, num_envs: int) -> dict[str, Any]:
    ppo, constraint, steps = config.ppo, config.constraint, config.steps_of_run(num_envs)
    return {
        "class_name": "agents.on_policy.ppo:ConstrainedPPO",
        "num_learning_epochs": ppo.epochs,
        "num_mini_batches": ppo.mini_batches,
        "learning_rate": ppo.learning_rate,
        "schedule": ppo.schedule,
        "schedule_steps": steps,
        "desired_kl": ppo.desired_kl,
        "target_kl": ppo.target_kl,
        "adam_eps": ppo.adam_eps,
        "clip_param": ppo.clip,
        "use_clipped_value_loss": ppo.clip_value,
        "value_loss_coef": ppo.value_coef,
        "entropy_coef": ppo.entropy_coef,
        "entropy_coef_final": ppo.entropy_coef_final,
        "entropy_steps": ppo.entropy_steps or steps,
        "gamma": ppo.discount,
        "lam": ppo.gae_lambda,
        "max_grad_norm": ppo.max_grad_norm,
        "normalize_advantage_per_mini_batch": ppo.normalize_advantage_per_mini_batch,
        "parallel_update": ppo.parallel_update,
        "constraints": spec.constraints,
        "constraint_mode": constraint.mode if spec.constraints else "none",
        "penalty_weight": constraint.penalty_weight,
        "constraint_cfg": {
            "start_after_steps": constraint.start_after_steps,
            "ramp_steps": constraint.ramp_steps,
            "tau": constraint.tau,
            "p_min": constraint.p_min,
        },
    }
