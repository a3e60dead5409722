"""rsl_rl's PPO with a float continuation, constraints, exact time-outs and a two-thread update."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from rsl_rl.algorithms import PPO
from rsl_rl.utils import resolve_optimizer
from tensordict import TensorDict

from agents.on_policy.cat import ConstraintTerminations
from agents.on_policy.early_stop import passes_within
from agents.on_policy.gsde import GsdeDistribution
from agents.on_policy.parallel import parallel_update
from agents.on_policy.world import World
from landward.constraint import Constraint
from landward.errors import EnvContractError, LandwardError, SimulationError

CONSTRAINT_MODES = ("cat", "penalty", "none")
DIVERGED = (
    "learning diverged; lower the learning rate or the reward scale and resume from the last checkpoint, "
    "which is untouched"
)


class ConstrainedPPO(PPO):
    """PPO that reads `extras["constraints"]` and `extras["final_obs"]` of an environment.

    What is stored for a transition with task reward r, hard end d, time-out u and termination probability
    delta:

        reward  max(0, r) (1 - delta) + gamma u (1 - delta) V(s_final)      done  max(d, delta)

    so that rsl_rl's unchanged return computation multiplies bootstrap and trace by (1 - delta), a time-out
    keeps the value of the state it cut, and only the reward is scaled once. In mode "penalty" the reward is
    r - weight * (sum of clipped normalised violations) and delta is 0; in mode "none" constraints are only
    counted.
    """

    def __init__(
        self,
        *args: Any,
        constraints: Sequence[Constraint] = (),
        constraint_mode: str = "none",
        constraint_cfg: dict[str, Any] | None = None,
        penalty_weight: float = 0.1,
        entropy_coef_final: float | None = None,
        entropy_steps: float = 0.0,
        schedule_steps: float = 0.0,
        target_kl: float = 0.0,
        adam_eps: float = 1e-8,
        parallel_update: bool = False,
        optimizer: str = "adam",
        **kwargs: Any,
    ) -> None:
        """Build rsl_rl's PPO and what is added to it.

        Args:
            *args: actor, critic and storage, as rsl_rl passes them.
            constraints: declarations of the task, in the order of the spec.
            constraint_mode: "cat", "penalty" or "none".
            constraint_cfg: further arguments of `ConstraintTerminations`.
            penalty_weight: weight of the summed violations in mode "penalty".
            entropy_coef_final: entropy coefficient at `entropy_steps`; None keeps it constant.
            entropy_steps: environment steps of the linear entropy schedule.
            schedule_steps: environment steps in which schedule "linear" lowers the learning rate to 0.
            target_kl: an update ends after the pass whose mean KL divergence is beyond this [nat]; 0: never.
            adam_eps: term in Adam's denominator.
            parallel_update: train actor and critic apart, in two threads, instead of rsl_rl's update.
            optimizer: name of an optimiser, as in rsl_rl.
            **kwargs: rsl_rl's own arguments.

        Raises:
            LandwardError: settings that do not go together.
        """
        with warnings.catch_warnings():
            # of rsl_rl's optimiser, which is replaced below where actor and critic share encoders
            warnings.filterwarnings("ignore", "optimizer contains a parameter group with duplicate")
            super().__init__(*args, optimizer=optimizer, **kwargs)
        if constraint_mode not in CONSTRAINT_MODES:
            raise LandwardError(
                f"constraint mode '{constraint_mode}' is unknown: use one of {CONSTRAINT_MODES}"
            )
        if self.schedule == "linear" and schedule_steps <= 0.0:
            raise LandwardError("the linear schedule needs schedule_steps, where the learning rate reaches 0")
        recurrent = self.actor.is_recurrent or self.critic.is_recurrent
        if constraint_mode == "cat" and recurrent:
            raise LandwardError(
                "constraints as terminations need a non-recurrent actor and critic: rsl_rl cuts recurrent "
                "trajectories wherever a termination probability is above 0. Use constraint mode 'penalty' "
                "or 'none', or a feed-forward model"
            )
        self.world = World(self.gpu_world_size, self.gpu_global_rank)
        self.constraint_mode, self.penalty_weight = constraint_mode, penalty_weight
        self.terminations: ConstraintTerminations | None = None
        if constraints:
            self.terminations = ConstraintTerminations(
                constraints, device=self.device, world=self.world, **(constraint_cfg or {})
            )
        self.entropy_coef_initial = self.entropy_coef
        self.entropy_coef_final, self.entropy_steps = entropy_coef_final, entropy_steps
        self.env_steps = 0
        self.learning_rate_initial, self.schedule_steps = self.learning_rate, schedule_steps
        self.target_kl = target_kl
        # rsl_rl keeps dones as bytes, which turns a soft termination of 0.25 into 0
        self.storage.dones = self.storage.dones.float()

        self.parallel, self.shared = parallel_update, self._shares_parameters()
        if self.parallel or self.shared:
            self._require_separable()
        make: Any = resolve_optimizer(optimizer)
        rate, optimizers = self.learning_rate, [self.optimizer]
        if self.parallel:
            self.actor_optimizer = make(self.actor.parameters(), lr=rate)
            self.critic_optimizer = make(self.critic.parameters(), lr=rate)
            optimizers = [self.actor_optimizer, self.critic_optimizer]
        elif self.shared:  # rsl_rl's would take two steps with what it is given twice
            both = [*self.actor.parameters(), *self.critic.parameters()]
            self.optimizer = make(list(dict.fromkeys(both)), lr=rate)
            optimizers = [self.optimizer]
        for group in (group for made in optimizers for group in made.param_groups if "eps" in group):
            group["eps"] = adam_eps

    @staticmethod
    def construct_algorithm(obs: TensorDict, env: Any, cfg: dict, device: str) -> PPO:
        """Construct models, storage and algorithm as rsl_rl does, without its printed tables."""
        with contextlib.redirect_stdout(io.StringIO()):
            return PPO.construct_algorithm(obs, env, cfg, device)

    def process_env_step(
        self, obs: TensorDict, rewards: torch.Tensor, dones: torch.Tensor, extras: dict[str, Any]
    ) -> None:
        """Record one control step of all environments.

        Args:
            obs: observations after the step (after the reset where an episode ended).
            rewards: (N,) task reward.
            dones: (N,) whether the episode ended, by death or by the clock.
            extras: "time_outs" (N,) bool, "constraints" name -> (N, k), and "final_obs" where an episode
                ended.
        """
        delta = torch.zeros_like(rewards)
        if self.terminations is not None:
            if "constraints" not in extras:
                raise EnvContractError(
                    f"the task declares constraints {list(self.terminations.names)} but the step carries no "
                    "extras['constraints']: use sims.bridges.rsl_rl.RslRlVecEnv or add them"
                )
            probability, penalty = self.terminations.step(extras["constraints"])
            if self.constraint_mode == "cat":
                delta = probability
                # with a negative future, ending it would be a gain, and violating would pay
                rewards = rewards.clamp_min(0.0) * (1.0 - delta)
            elif self.constraint_mode == "penalty":
                rewards = rewards - self.penalty_weight * penalty
        rewards = rewards + self._time_out_value(extras) * (1.0 - delta)
        rest = {key: value for key, value in extras.items() if key != "time_outs"}
        super().process_env_step(obs, rewards, torch.maximum(dones.to(delta.dtype), delta), rest)
        self.env_steps += rewards.shape[0] * self.world.size

    def update(self) -> dict[str, float]:
        """Train on the stored rollout and return the mean losses.

        Raises:
            SimulationError: a loss is NaN or infinite.
        """
        if self.entropy_coef_final is not None and self.entropy_steps > 0:
            fraction = min(self.env_steps / self.entropy_steps, 1.0)
            start = self.entropy_coef_initial
            self.entropy_coef = start + fraction * (self.entropy_coef_final - start)
        if self.schedule == "linear":
            self._lower_learning_rate()
        try:
            losses = self._update()
        except (RuntimeError, ValueError) as error:  # sampling with a standard deviation of NaN
            if all(torch.isfinite(p).all() for p in self.actor.parameters()):
                raise
            raise SimulationError(f"the actor's parameters are NaN or infinite: {DIVERGED}") from error
        for name, value in losses.items():
            if not math.isfinite(value):
                raise SimulationError(f"the {name} loss is {value}: {DIVERGED}")
        if isinstance(self.actor.distribution, GsdeDistribution):
            self.actor.distribution.resample()
        return losses

    def save(self) -> dict[str, Any]:
        """Everything the algorithm needs to go on: rsl_rl's dict, optimisers, constraints, counters."""
        saved = super().save()
        if self.parallel:
            saved["optimizer_state_dict"] = {
                "actor": self.actor_optimizer.state_dict(),
                "critic": self.critic_optimizer.state_dict(),
            }
        saved["learning_rate"] = self.learning_rate
        saved["env_steps"] = self.env_steps
        saved["constraints"] = self.terminations.state_dict() if self.terminations is not None else None
        saved["hidden_states"] = self.hidden_states
        return saved

    def load(self, loaded_dict: dict, load_cfg: dict | None = None, strict: bool = True) -> bool:
        """Restore what `save()` returned; with a `load_cfg`, only what it names (see rsl_rl)."""
        complete = load_cfg is None
        cfg = {"actor": True, "critic": True, "optimizer": True, "iteration": True, "rnd": True}
        cfg = cfg if complete else dict(load_cfg)
        optimizer = cfg.get("optimizer") and not self.parallel
        iteration = super().load(loaded_dict, {**cfg, "optimizer": optimizer}, strict)
        if cfg.get("optimizer") and self.parallel:
            self.actor_optimizer.load_state_dict(loaded_dict["optimizer_state_dict"]["actor"])
            self.critic_optimizer.load_state_dict(loaded_dict["optimizer_state_dict"]["critic"])
        if complete:
            self.learning_rate = float(loaded_dict["learning_rate"])
            self.env_steps = int(loaded_dict["env_steps"])
            if self.terminations is not None:
                self.terminations.load_state_dict(loaded_dict["constraints"])
            self.hidden_states = loaded_dict["hidden_states"]
        return iteration

    @property
    def hidden_states(self) -> list[Any]:
        """What recurrent actor and critic remember of the episodes that are under way; None otherwise."""
        return [self.actor.get_hidden_state(), self.critic.get_hidden_state()]

    @hidden_states.setter
    def hidden_states(self, value: Sequence[Any]) -> None:
        for model, hidden in zip((self.actor, self.critic), value, strict=True):
            model.reset(hidden_state=tuple(hidden) if isinstance(hidden, list) else hidden)

    def _time_out_value(self, extras: dict[str, Any]) -> torch.Tensor | float:
        """Discounted value (N,) of the state the clock cut, of s_t where that is not given; 0 elsewhere."""
        time_outs = extras.get("time_outs")
        if time_outs is None:
            return 0.0
        time_outs = time_outs.to(self.device)
        values = self.transition.values.squeeze(1)
        final_obs = extras.get("final_obs")
        if final_obs is not None and time_outs.any():
            values = values.clone()
            if self.critic.is_recurrent:
                hidden = self.critic.get_hidden_state()
                values = self.critic(final_obs.to(self.device)).detach().squeeze(1)
                self.critic.reset(hidden_state=hidden)
            else:
                rows = time_outs.nonzero().squeeze(1)
                values[rows] = self.critic(final_obs[rows].to(self.device)).detach().squeeze(1)
        return self.gamma * values * time_outs

    def _update(self) -> dict[str, float]:
        if self.parallel or self.shared:
            return parallel_update(self)
        if self.target_kl <= 0.0:
            return super().update()
        with passes_within(self) as divergences:
            losses = super().update()
        # rsl_rl divides its sums by the number of passes that it was asked for
        passes = len(divergences)
        means = {name: loss * self.num_learning_epochs / passes for name, loss in losses.items()}
        return {**means, "kl": divergences[-1], "passes": float(passes)}

    def _lower_learning_rate(self) -> None:
        """From the initial rate in the first update towards 0 after the last one of the run."""
        storage = self.storage
        before = self.env_steps - storage.num_envs * storage.num_transitions_per_env * self.world.size
        left = 1.0 - before / self.schedule_steps
        self.learning_rate = self.learning_rate_initial * max(left, 0.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate

    def _shares_parameters(self) -> bool:
        return bool({*self.actor.parameters()} & {*self.critic.parameters()})

    def _require_separable(self) -> None:
        what = "update of shared encoders" if self.shared else "two-thread update"
        problems = {
            "recurrent models": self.actor.is_recurrent or self.critic.is_recurrent,
            "two optimisers (parallel_update)": self.parallel and self.shared,
            "random network distillation": self.rnd is not None,
            "the mirror loss": self.symmetry is not None and self.symmetry.use_mirror_loss,
            "mixed precision": self.use_mixed_precision,
        }
        found = [name for name, present in problems.items() if present]
        if found:
            remedy = "give each its own encoder" if self.shared else "set parallel_update to False"
            raise LandwardError(f"the {what} does not support {', '.join(found)}: {remedy}")
