"""What the environments of other simulators' tasks have in common: observations, actions, rows, closing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import torch

from landward.errors import EnvContractError
from landward.spec import PolicySpec
from sims.env import Env, Step
from sims.manager_based.batch import checked_actions, rows
from sims.manager_based.encode import raw_action
from sims.manager_based.groups import Group, si_values
from sims.manager_based.state import NamedState

Tensor = torch.Tensor


class ManagedEnv(Env):
    """A batch of one task of another library; all arrays are torch tensors on its device.

    Training steps in torch's inference mode. What a task keeps between steps must stay writable outside of
    it, so everything here runs with the mode off and without gradients.
    """

    def __init__(
        self,
        env: Any,
        spec: PolicySpec,
        groups: tuple[Group, ...],
        max_episode_steps: int,
        clip: float | None,
        state: Callable[[Any, Callable[[], tuple[Tensor, Tensor]]], NamedState],
    ) -> None:
        """Wrap an environment; whoever inherits starts the first episodes.

        Args:
            env: the library's environment, unwrapped.
            spec: its contract.
            groups: how the spec's groups come out of the task's observations.
            max_episode_steps: control steps at which the clock cuts an episode.
            clip: actions are clipped to +- this before the task sees them, as its training does.
            state: makes the named state of (env, function that gives the last two raw actions).
        """
        self.spec, self.max_episode_steps = spec, max_episode_steps
        self.num_envs, self.device = int(env.num_envs), str(env.device)
        self.lab = env
        """The library's own environment."""
        self._groups, self._clip = groups, clip
        self._width = sum(term.size for term in spec.actions)
        self._action = torch.zeros(self.num_envs, self._width, device=self.device)
        self._previous_action = self._action
        self.state = state(env, lambda: (self._action, self._previous_action))
        """The named state that constraints read."""
        self._closed = False

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
        """See Env."""
        if seed is not None and env_ids is not None:
            raise EnvContractError("reset(seed=...) restarts every random stream: leave env_ids out")
        with torch.inference_mode(False), torch.no_grad():
            if env_ids is None:
                self._obs = self._arranged(self._reset_all(seed))
                self._action = torch.zeros_like(self._action)
                self._previous_action = self._action
            elif len(env_ids) > 0:
                self._reset_some(torch.as_tensor(env_ids, dtype=torch.int64, device=self.device))
        return self._obs

    def step(self, actions: Tensor) -> Step:
        """See Env."""
        with torch.inference_mode(False), torch.no_grad():
            return self._advance(checked_actions(actions, self.num_envs, self._width, self.device))

    def step_si(self, targets: Mapping[str, Any]) -> Step:
        """See Env. The task is given the raw action that the targets come from."""
        return self.step(raw_action(self.spec.actions, targets, self.device))

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

    @abstractmethod
    def _reset_all(self, seed: int | None) -> Mapping[str, Any]:
        """Start new episodes everywhere; the task's observations."""

    @abstractmethod
    def _reset_some(self, ids: Tensor) -> None:
        """Start new episodes in (n,) int64 indices; whatever the others observed stays."""

    @abstractmethod
    def _advance(self, raw: Tensor) -> Step:
        """One control step with checked raw actions (N, A)."""

    def _clipped(self, raw: Tensor) -> Tensor:
        return raw if self._clip is None else raw.clamp(-self._clip, self._clip)

    def _constraint_values(self) -> dict[str, Tensor]:
        return {c.name: c.value(self.state, self.state.names) for c in self.spec.constraints}

    def _begin(self, ids: Tensor, source: Mapping[str, Any]) -> None:
        """Show what the task observes in the rows `ids`, whose episodes are new."""
        chosen = torch.zeros(self.num_envs, dtype=torch.bool, device=self.device)
        chosen[ids] = True
        fresh = self._arranged(source)
        self._obs = {name: rows(chosen, fresh[name], value) for name, value in self._obs.items()}
        self._action = torch.where(chosen[:, None], 0.0, self._action)

    def _arranged(self, source: Mapping[str, Any]) -> dict[str, Tensor]:
        """The task's observations in the spec's groups, each a tensor of its own."""
        return {group.name: group.arrange(source[group.source]).clone() for group in self._groups}
