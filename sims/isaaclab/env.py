"""Any task of Isaac Lab, manager-based or direct, as an `Env`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from landward.errors import EnvContractError
from landward.spec import PolicySpec
from sims.env import Env, Step
from sims.isaaclab.frames import Frames
from sims.isaaclab.state import LabState
from sims.manager_based.batch import checked_actions, rows
from sims.manager_based.encode import raw_action
from sims.manager_based.groups import Group, si_values

Tensor = torch.Tensor


class IsaacLabEnv(Env):
    """A batch of one task on one backend; all arrays are torch tensors on its device.

    Isaac Lab resets in the same step, like the contract has it. Observations are its own manager's, noise and
    history included; an environment that ended by death and by the clock at once is terminated.

    Training steps in torch's inference mode. What a task keeps between steps must stay writable outside of
    it, so everything here runs with the mode off and without gradients.
    """

    def __init__(
        self,
        env: Any,
        spec: PolicySpec,
        groups: tuple[Group, ...],
        max_episode_steps: int,
        clip: float | None = None,
    ) -> None:
        """Wrap an environment and start the first episodes.

        Args:
            env: Isaac Lab's environment, unwrapped.
            spec: its contract.
            groups: how the spec's groups come out of the task's observations.
            max_episode_steps: control steps at which the clock cuts an episode.
            clip: actions are clipped to +- this before the task sees them, as its training does.
        """
        self.spec, self.max_episode_steps = spec, max_episode_steps
        self.num_envs, self.device = int(env.num_envs), str(env.device)
        self.lab = env
        """Isaac Lab's own environment."""
        self._groups, self._clip = groups, clip
        self._width = sum(term.size for term in spec.actions)
        self._frames = Frames(env)
        self._action = torch.zeros(self.num_envs, self._width, device=self.device)
        self._previous_action = self._action
        self.state = LabState(env, lambda: (self._action, self._previous_action))
        """The named state that constraints read."""
        self._constraints: dict[str, Tensor] = {}
        self._final: dict[str, Tensor] | None = None
        self._stepping = self._closed = False
        self._hook()
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
        """See Env."""
        if seed is not None and env_ids is not None:
            raise EnvContractError("reset(seed=...) restarts every random stream: leave env_ids out")
        with torch.inference_mode(False), torch.no_grad():
            if env_ids is None:
                source, _ = self.lab.reset(seed=seed)
                self._obs = self._arranged(source)
                self._action = torch.zeros_like(self._action)
                self._previous_action = self._action
            elif len(env_ids) > 0:
                self._reset_some(torch.as_tensor(env_ids, dtype=torch.int32, device=self.device))
        return self._obs

    def step(self, actions: Tensor) -> Step:
        """See Env."""
        with torch.inference_mode(False), torch.no_grad():
            return self._advance(self._checked(actions))

    def step_si(self, targets: Mapping[str, Any]) -> Step:
        """See Env. The task is given the raw action that the targets come from."""
        with torch.inference_mode(False), torch.no_grad():
            return self._advance(self._checked(raw_action(self.spec.actions, targets, self.device)))

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
        lab = self.lab
        self._previous_action, self._action = self._action, raw
        self._final, self._constraints = None, {}
        lab.extras.pop("log", None)
        lab.extras.pop("final_obs", None)
        self._stepping = True
        try:
            given = raw if self._clip is None else raw.clamp(-self._clip, self._clip)
            source, reward, terminated, time_outs, extras = lab.step(given)
        finally:
            self._stepping = False
        terminated = terminated.clone()
        truncated = time_outs & ~terminated
        self._obs = self._arranged(source)
        ended = terminated | truncated
        self._action = torch.where(ended[:, None], 0.0, self._action)
        final = self._final_obs(ended)
        log = {name: float(value) for name, value in extras.get("log", {}).items()}
        reward = reward.to(torch.float32).clone()
        return Step(self._obs, reward, terminated, truncated, self._constraints, final, log)

    def _final_obs(self, ended: Tensor) -> dict[str, Tensor] | None:
        """The observations before the resets of this step in the rows that ended; None where none did."""
        source = self._final if self._final is not None else self.lab.extras.get("final_obs")
        if source is None or not bool(ended.any()):
            return None
        before = self._arranged(source)
        return {name: rows(ended, before[name], value) for name, value in self._obs.items()}

    def _reset_some(self, ids: Tensor) -> None:
        """Reset these; whatever the others observed, and their histories, stays."""
        kept = self._frames.save()
        source = self._frames.reset(ids)
        self._frames.restore(kept, except_ids=ids)
        chosen = torch.zeros(self.num_envs, dtype=torch.bool, device=self.device)
        chosen[ids.long()] = True
        fresh = self._arranged(source)
        self._obs = {name: rows(chosen, fresh[name], value) for name, value in self._obs.items()}
        self._action = torch.where(chosen[:, None], 0.0, self._action)

    def _arranged(self, source: Mapping[str, Any]) -> dict[str, Tensor]:
        """The task's observations in the spec's groups, each a tensor of its own."""
        return {group.name: group.arrange(source[group.source]).clone() for group in self._groups}

    def _checked(self, actions: Tensor) -> Tensor:
        return checked_actions(actions, self.num_envs, self._width, self.device)

    def _hook(self) -> None:
        """Look at the state after the physics and before the resets of a step, at the task's own calls."""
        lab, frames = self.lab, self._frames
        reset_some = lab._reset_idx

        def reset_idx(env_ids: Any) -> Any:
            if self._stepping and self._final is None and frames.manager is not None:
                self._final = frames.next_frame()
            return reset_some(env_ids)

        lab._reset_idx = reset_idx
        if not self.spec.constraints:
            return
        owner, name = (lab.reward_manager, "compute") if frames.manager is not None else (lab, "_get_rewards")
        reward = getattr(owner, name)

        def rewards(*args: Any, **kwargs: Any) -> Any:
            self._constraints = {c.name: c.value(self.state, self.state.names) for c in self.spec.constraints}
            return reward(*args, **kwargs)

        setattr(owner, name, rewards)
