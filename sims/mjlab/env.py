"""Any task of mjlab as an `Env`."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Any

import torch

from landward.errors import EnvContractError
from landward.spec import PolicySpec
from sims.env import Env, Step
from sims.manager_based.batch import checked_actions, rows
from sims.manager_based.encode import raw_action
from sims.manager_based.groups import Group, si_values
from sims.mjlab.state import MjlabState

Tensor = torch.Tensor


class MjlabEnv(Env):
    """A batch of one task; all arrays are torch tensors on its device.

    Observations are mjlab's own manager's, noise, delay and history included. mjlab is told not to reset by
    itself: its step then ends with the true last observation, and the environments that ended are reset
    here, in the same step. An environment that ended by death and by the clock at once is terminated. In a
    task with a finite horizon the clock ends the task itself, so that counts as terminated too.
    """

    def __init__(
        self, env: Any, spec: PolicySpec, groups: tuple[Group, ...], clip: float | None = None
    ) -> None:
        """Wrap an environment and start the first episodes.

        Args:
            env: mjlab's environment, with `auto_reset` off.
            spec: its contract.
            groups: how the spec's groups come out of the task's observations.
            clip: actions are clipped to +- this before the task sees them, as its training does.
        """
        self.spec, self.lab, self._groups, self._clip = spec, env, groups, clip
        self.num_envs, self.device = int(env.num_envs), str(env.device)
        self.max_episode_steps = int(env.max_episode_length)
        self._width = sum(term.size for term in spec.actions)
        self._action = torch.zeros(self.num_envs, self._width, device=self.device)
        self._previous_action = self._action
        self.state = MjlabState(env, lambda: (self._action, self._previous_action))
        """The named state that constraints read."""
        self._closed = False
        self.reset()

    @property
    def element_names(self) -> Mapping[str, tuple[str, ...]]:
        """State entry -> names of its elements, for constraints that pick some."""
        return self.state.names

    @property
    def episode_steps(self) -> Tensor:  # type: ignore[override]
        """(N,) control steps since the last reset; may be written."""
        return self.lab.episode_length_buf

    @episode_steps.setter
    def episode_steps(self, value: Tensor) -> None:
        self.lab.episode_length_buf[:] = torch.as_tensor(value, device=self.device)

    def reset(self, seed: int | None = None, env_ids: Any = None) -> dict[str, Tensor]:
        """See Env. A seed restarts the global streams of torch and NumPy, from which mjlab draws."""
        if seed is not None and env_ids is not None:
            raise EnvContractError("reset(seed=...) restarts every random stream: leave env_ids out")
        with torch.inference_mode(False), torch.no_grad():
            if env_ids is None:
                with contextlib.redirect_stdout(io.StringIO()):  # it prints the seed
                    source, _ = self.lab.reset(seed=seed)
                self._obs = self._arranged(source)
                self._action = torch.zeros_like(self._action)
                self._previous_action = self._action
            elif len(env_ids) > 0:
                self._begin(torch.as_tensor(env_ids, dtype=torch.int64, device=self.device))
        return self._obs

    def step(self, actions: Tensor) -> Step:
        """See Env."""
        return self._advance(checked_actions(actions, self.num_envs, self._width, self.device))

    def step_si(self, targets: Mapping[str, Any]) -> Step:
        """See Env. The task is given the raw action that the targets come from."""
        raw = raw_action(self.spec.actions, targets, self.device)
        return self._advance(checked_actions(raw, self.num_envs, self._width, self.device))

    def observe(self) -> dict[str, Tensor]:
        """See Env."""
        return self._obs

    def measurements(self) -> dict[str, Tensor]:
        """See Env. Recovered from what the task observes: the noise is the same draw."""
        values: dict[str, Tensor] = {}
        for name in self.spec.actor:
            values |= si_values(self.spec.group(name), self._obs[name])
        return {term.name: values[term.name] for term in self.spec.inputs}

    def close(self) -> None:
        """See Env."""
        if not self._closed:
            self._closed = True
            self.lab.close()

    def _advance(self, raw: Tensor) -> Step:
        self._previous_action, self._action = self._action, raw
        # Training steps in inference mode, but the tensors that a task keeps must stay writable after it.
        with torch.inference_mode(False), torch.no_grad():
            given = raw if self._clip is None else raw.clamp(-self._clip, self._clip)
            source, reward, terminated, time_outs, extras = self.lab.step(given)
            reward, terminated, time_outs = (
                reward.to(torch.float32).clone(),
                terminated.clone(),
                time_outs.clone(),
            )
            if self.lab.cfg.is_finite_horizon:
                terminated |= time_outs
            truncated = time_outs & ~terminated
            constraints = {c.name: c.value(self.state, self.state.names) for c in self.spec.constraints}
            self._obs = self._arranged(source)
            final, ids = None, (terminated | truncated).nonzero().squeeze(1)
            if len(ids) > 0:
                last = self._obs
                self._begin(ids)
                ended = terminated | truncated
                final = {name: rows(ended, last[name], value) for name, value in self._obs.items()}
                extras = self.lab.extras
        log = {name: float(value) for name, value in extras.get("log", {}).items()}
        return Step(self._obs, reward, terminated, truncated, constraints, final, log)

    def _begin(self, ids: Tensor) -> None:
        """New episodes in some environments; what the others observed stays."""
        source, _ = self.lab.reset(env_ids=ids)
        chosen = torch.zeros(self.num_envs, dtype=torch.bool, device=self.device)
        chosen[ids] = True
        fresh = self._arranged(source)
        self._obs = {name: rows(chosen, fresh[name], value) for name, value in self._obs.items()}
        self._action = torch.where(chosen[:, None], 0.0, self._action)

    def _arranged(self, source: Mapping[str, Any]) -> dict[str, Tensor]:
        """The task's observations in the spec's groups, each a tensor of its own."""
        return {group.name: group.arrange(source[group.source]).clone() for group in self._groups}
