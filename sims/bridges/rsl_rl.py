"""The `Env` contract as a vectorised environment of rsl_rl."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from rsl_rl.env import VecEnv
from tensordict import TensorDict

from sims.env import Array, Env


class RslRlVecEnv(VecEnv):
    """Any `Env` as rsl_rl sees it: TensorDict groups and extras.

    Observations are copied, because rsl_rl keeps the ones of step t until step t + 1 has been made and an
    `Env` may write the next ones into the same memory. Everything else is handed over without a copy and
    holds until the next step. Besides rsl_rl's "time_outs" (N,) bool and "log", the extras carry
    "constraints" (name -> (N, k)) and, where an episode ended, "final_obs" (the observations before the
    reset).
    """

    def __init__(self, env: Env, device: str | None = None) -> None:
        """Wrap an environment.

        Args:
            env: a batch of environments that has been reset.
            device: where the learner wants its tensors; the environment's own device when None.
        """
        self.env = env
        self.num_envs = env.num_envs
        self.num_actions = sum(int(np.prod(term.shape)) for term in env.spec.actions)
        self.max_episode_length = env.max_episode_steps
        self.device = device or env.device
        self.cfg: dict[str, Any] = {"task": env.spec.task, "num_envs": env.num_envs}

    @property
    def episode_length_buf(self) -> torch.Tensor:
        """(N,) control steps since the last reset."""
        return self._tensor(self.env.episode_steps).clone()

    @episode_length_buf.setter
    def episode_length_buf(self, value: torch.Tensor) -> None:
        steps = self.env.episode_steps
        self.env.episode_steps = value.to(steps.device) if torch.is_tensor(steps) else value.cpu().numpy()

    def get_observations(self) -> TensorDict:
        """The latest observations, copied."""
        return self._groups(self.env.observe())

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Apply raw actions (N, A) for one control period.

        Returns:
            Observations, rewards (N,), dones (N,) bool (death or time-out), extras.
        """
        # rsl_rl collects in inference mode, whose tensors a later reset outside of it could not write to.
        with torch.inference_mode(False):
            step = self.env.step(self._array(actions))
        truncated = self._tensor(step.truncated)
        extras: dict[str, Any] = {
            "time_outs": truncated,
            "constraints": {name: self._tensor(value) for name, value in step.constraints.items()},
            "log": step.log,
        }
        if step.final_obs is not None:
            extras["final_obs"] = self._groups(step.final_obs)
        dones = self._tensor(step.terminated) | truncated
        return self._groups(step.obs), self._tensor(step.reward), dones, extras

    def close(self) -> None:
        """Close the environment."""
        self.env.close()

    def _groups(self, groups: dict[str, Array]) -> TensorDict:
        # a fresh tensor is also aligned, so that a resumed run takes the same vectorised paths bit by bit
        copied = {name: self._tensor(value).clone() for name, value in groups.items()}
        return TensorDict(copied, batch_size=[self.num_envs], device=self.device)

    def _tensor(self, value: Array) -> torch.Tensor:
        tensor = value if torch.is_tensor(value) else torch.from_numpy(np.asarray(value))
        return tensor.to(self.device)

    def _array(self, actions: torch.Tensor) -> Array:
        if torch.is_tensor(self.env.episode_steps):
            return actions.to(self.env.device)
        return actions.cpu().numpy().copy()
