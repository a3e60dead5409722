"""Any task of Isaac Lab, manager-based or direct, as an `Env`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from landward.spec import PolicySpec
from sims.env import Step
from sims.isaaclab.frames import Frames
from sims.isaaclab.state import LabState
from sims.manager_based.batch import rows
from sims.manager_based.env import ManagedEnv
from sims.manager_based.groups import Group

Tensor = torch.Tensor


class IsaacLabEnv(ManagedEnv):
    """A batch of one task on one backend; all arrays are torch tensors on its device.

    Isaac Lab resets in the same step, like the contract has it. Observations are its own manager's, noise and
    history included; an environment that ended by death and by the clock at once is terminated.
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
        super().__init__(env, spec, groups, max_episode_steps, clip, LabState)
        self._frames = Frames(env)
        self._constraints: dict[str, Tensor] = {}
        self._final: dict[str, Tensor] | None = None
        self._stepping = False
        self._hook()
        self.reset()

    def _reset_all(self, seed: int | None) -> Mapping[str, Any]:
        return self.lab.reset(seed=seed)[0]

    def _advance(self, raw: Tensor) -> Step:
        lab = self.lab
        self._previous_action, self._action = self._action, raw
        self._final, self._constraints = None, {}
        lab.extras.pop("log", None)
        lab.extras.pop("final_obs", None)
        self._stepping = True
        try:
            source, reward, terminated, time_outs, extras = lab.step(self._clipped(raw))
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
        kept, some = self._frames.save(), ids.to(torch.int32)
        source = self._frames.reset(some)
        self._frames.restore(kept, except_ids=some)
        self._begin(ids, source)

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
            self._constraints = self._constraint_values()
            return reward(*args, **kwargs)

        setattr(owner, name, rewards)
