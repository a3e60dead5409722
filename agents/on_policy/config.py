"""Settings of an on-policy training run; every field is a flag of `landward train`."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal

from landward.errors import LandwardError


@dataclass
class EncoderConfig:
    """Encoder of image observations: convolutions with layer norm, then one linear layer."""

    channels: tuple[int, ...] = (16, 32, 64)
    """Output channels of every convolution."""
    kernels: tuple[int, ...] = (4, 3, 3)
    """Their kernel sizes [pixels]."""
    strides: tuple[int, ...] = (4, 2, 2)
    """Their strides [pixels]."""
    size: int = 256
    """Features of an image that the network reads."""
    share: bool = False
    """One encoder for actor and critic, trained on both losses; needs parallel_update off. By default each
    has its own: on two cores their updates run side by side, which takes no longer."""


@dataclass
class ModelConfig:
    """Sizes of the actor and the critic, and how the actor explores."""

    critic_groups: tuple[str, ...] = ("critic",)
    """Observation groups of the critic; the actor's groups where the task has none of these."""
    hidden_sizes: tuple[int, ...] = (128, 128, 128)
    """Units of the hidden layers of actor and critic."""
    activation: Literal[
        "elu", "selu", "relu", "lrelu", "tanh", "sigmoid", "softplus", "gelu", "swish", "mish"
    ] = "elu"
    """Activation function of the hidden layers."""
    normalize: bool = True
    """Normalise observations with running means and variances; the exported policy carries them."""
    exploration: Literal["gaussian", "gsde", "beta"] = "gaussian"
    """Independent Gaussian noise, smooth noise that is a function of the state (gSDE), or Beta distributions
    within the bounds of the actions."""
    init_std: float = 1.0
    """Initial standard deviation of the actions (gaussian)."""
    init_concentration: float = 2.0
    """Initial alpha = beta of the actions, above 1 (beta): the standard deviation is half the width of the
    bounds over the root of 2 alpha + 1."""
    sde_sample_freq: int = 16
    """Control steps between two draws of the exploration matrices (gsde); -1: once an iteration."""
    log_std_init: float = -2.0
    """Initial logarithm of the scales of the exploration matrices (gsde)."""
    recurrent: Literal["none", "lstm", "gru"] = "none"
    """Recurrent layer in front of actor and critic; other than "none" it needs mirror and parallel_update off
    and a constraint mode other than "cat"."""
    recurrent_size: int = 128
    """Units of the recurrent layer."""
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    """Encoder of image observations; without effect where the task has none."""


@dataclass
class PPOConfig:
    """Proximal policy optimisation."""

    steps_per_iteration: int = 24
    """Control steps of every environment between two updates."""
    epochs: int = 3
    """Passes over the data of an iteration."""
    mini_batches: int = 4
    """Mini-batches in a pass."""
    learning_rate: float = 1e-3
    """Initial learning rate."""
    schedule: Literal["adaptive", "fixed", "linear"] = "adaptive"
    """Adapt the learning rate to the KL divergence between updates, keep it, or lower it linearly to 0 over
    the run, which then needs an end in steps or iterations."""
    desired_kl: float = 0.01
    """KL divergence the adaptive schedule aims at [nat]."""
    target_kl: float = 0.0
    """An update ends after the pass in which the mean KL divergence to the old policy is beyond this [nat];
    0: never. Where actor and critic are trained apart, the critic makes all its passes."""
    adam_eps: float = 1e-8
    """Term in Adam's denominator."""
    clip: float = 0.2
    """Clip range of the probability ratio and of the value."""
    clip_value: bool = True
    """Use the clipped value loss."""
    value_coef: float = 1.0
    """Weight of the value loss."""
    entropy_coef: float = 0.005
    """Weight of the entropy bonus at the start."""
    entropy_coef_final: float = 0.002
    """Weight of the entropy bonus at `entropy_steps`; linear in between."""
    entropy_steps: float = 0.0
    """Environment steps over which the entropy weight changes; 0: the whole run, if it ends by steps."""
    discount: float = 0.99
    """Discount factor of a control step."""
    gae_lambda: float = 0.95
    """Decay of the advantage trace."""
    max_grad_norm: float = 1.0
    """Gradients are scaled down to this norm."""
    normalize_advantage_per_mini_batch: bool = False
    """Normalise advantages in every mini-batch instead of once an iteration."""
    mirror: bool = False
    """Train on the left-right mirror image of every sample too; the robot must declare its mirror."""
    parallel_update: bool = True
    """Train actor and critic in two threads (with several GPUs: in turn); for feed-forward models."""


@dataclass
class ConstraintConfig:
    """What the task's constraints do to learning. The limits belong to the task."""

    mode: Literal["cat", "penalty", "none"] = "cat"
    """Terminate with a probability (CaT), subtract a penalty from the reward, or only count violations."""
    start_after_steps: float = 0.0
    """Environment steps before soft constraints take effect; let the behaviour appear first."""
    ramp_steps: float = 2.0e6
    """Environment steps over which the probability goes from 1/20 to the constraint's p_max."""
    tau: float = 0.95
    """Decay of the running maxima that normalise violations, a control step."""
    p_min: float = 0.0
    """Termination probability of an infinitesimal violation."""
    penalty_weight: float = 0.1
    """Weight of the summed normalised violations in mode "penalty"."""


@dataclass
class TrainConfig:
    """A training run of PPO."""

    iterations: int = 0
    """Stop after this many iterations; 0: no such limit."""
    total_steps: float = 0.0
    """Stop once this many environment steps are done; 0: no such limit."""
    minutes: float = 0.0
    """Stop after this many minutes; 0: no such limit. Only here does the clock decide on a result."""
    seed: int = 1
    """Seed of the environment, the networks and the exploration."""
    device: str = "cpu"
    """Where networks are trained: cpu, cuda or cuda:N."""
    spread_episodes: bool = True
    """Start the environments at random points of their first episode, so that they do not end together."""
    checkpoint_interval: int = 50
    """Iterations between two checkpoints; the last iteration is always kept."""
    logger: Literal["tensorboard", "wandb"] = "tensorboard"
    """Where curves go besides metrics.jsonl."""
    wandb_project: str = "landward"
    """Project of the curves on Weights and Biases."""
    model: ModelConfig = field(default_factory=ModelConfig)
    """Networks."""
    ppo: PPOConfig = field(default_factory=PPOConfig)
    """Algorithm."""
    constraint: ConstraintConfig = field(default_factory=ConstraintConfig)
    """Constraints."""

    def steps_of_run(self, num_envs: int) -> float:
        """Environment steps after which the run ends, 0 where only the clock ends it."""
        per_iteration = num_envs * self.ppo.steps_per_iteration
        limits = [self.iterations * per_iteration, self.total_steps]
        return min((limit for limit in limits if limit > 0), default=0.0)

    def validate(self) -> None:
        """Raise LandwardError for settings that cannot work together."""
        if not (self.iterations > 0 or self.total_steps > 0 or self.minutes > 0):
            raise LandwardError("the run has no end: set iterations, total_steps or minutes")
        if self.checkpoint_interval < 1:
            raise LandwardError(f"checkpoint_interval must be at least 1, got {self.checkpoint_interval}")
        if self.model.exploration == "gsde" and len(self.model.hidden_sizes) < 2:
            raise LandwardError("gSDE needs at least two hidden layers: the last one delivers its features")
        if self.model.exploration == "gsde" and self.ppo.mirror:
            raise LandwardError("gSDE has no mirror image: switch mirror off or use gaussian exploration")
        if not 1.0 < self.model.init_concentration < math.inf:
            raise LandwardError(
                f"model.init_concentration must be above 1, got {self.model.init_concentration:g}"
            )
        if self.ppo.schedule == "linear" and not (self.iterations > 0 or self.total_steps > 0):
            raise LandwardError(
                "ppo.schedule linear needs to know the end of the run: set total_steps or iterations"
            )
        self._validate_encoder()
        if self.model.recurrent != "none":
            self._validate_recurrent()

    def _validate_encoder(self) -> None:
        encoder = self.model.encoder
        layers = {"channels": encoder.channels, "kernels": encoder.kernels, "strides": encoder.strides}
        counts = {name: len(numbers) for name, numbers in layers.items()}
        if len(set(counts.values())) > 1 or not encoder.channels:
            listed = ", ".join(f"{count} {name}" for name, count in counts.items())
            raise LandwardError(f"model.encoder has {listed}: give one of each for every convolution")
        for name, numbers in {**layers, "size": (encoder.size,)}.items():
            if min(numbers) < 1:
                raise LandwardError(f"model.encoder.{name} must be at least 1, got {min(numbers)}")

    def _validate_recurrent(self) -> None:
        what = f"model.recurrent {self.model.recurrent}"
        if self.ppo.mirror:
            raise LandwardError(
                f"{what} does not go with ppo.mirror: rsl_rl cannot mirror recurrent trajectories; "
                "set ppo.mirror to False (--agent.ppo.no-mirror)"
            )
        if self.constraint.mode == "cat":
            raise LandwardError(
                f"{what} does not go with constraint.mode cat: rsl_rl cuts recurrent trajectories wherever a "
                "termination probability is above 0; set constraint.mode to penalty or none "
                "(--agent.constraint.mode penalty)"
            )
        if self.ppo.parallel_update:
            raise LandwardError(
                f"{what} does not go with ppo.parallel_update, which trains feed-forward models only; "
                "set ppo.parallel_update to False (--agent.ppo.no-parallel-update)"
            )


def config_from_dict(data: dict[str, Any]) -> TrainConfig:
    """Rebuild the settings of a run from its config.json.

    Raises:
        LandwardError: a setting that this version does not know.
    """

    def build(cls: type, values: dict[str, Any]) -> Any:
        known = {f.name: f for f in dataclasses.fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise LandwardError(
                f"config.json: {cls.__name__} has no setting '{unknown[0]}'; it is of another version"
            )
        nested = {
            TrainConfig: {"model": ModelConfig, "ppo": PPOConfig, "constraint": ConstraintConfig},
            ModelConfig: {"encoder": EncoderConfig},
        }
        made = {}
        for name, value in values.items():
            if name in nested.get(cls, {}):
                made[name] = build(nested[cls][name], value)
            else:
                made[name] = tuple(value) if isinstance(value, list) else value
        return cls(**made)

    return build(TrainConfig, data)
