"""Any task of mjlab as an `Env`."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Any

import torch

from landward.spec import PolicySpec
from sims.env import Step
from sims.manager_based.batch import rows
from sims.manager_based.env import ManagedEnv
from sims.manager_based.groups import Group
from sims.mjlab.state import MjlabState

Tensor = torch.Tensor


class MjlabEnv(ManagedEnv):
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
        super().__init__(env, spec, groups, int(env.max_episode_length), clip, MjlabState)
        self.reset()

    def _reset_all(self, seed: int | None) -> Mapping[str, Any]:
        """A seed restarts the global streams of torch and NumPy, from which mjlab draws."""
        with contextlib.redirect_stdout(io.StringIO()):  # it prints the seed
            return self.lab.reset(seed=seed)[0]

    def _reset_some(self, ids: Tensor) -> None:
        self._begin(ids, self.lab.reset(env_ids=ids)[0])

    def _advance(self, raw: Tensor) -> Step:
        self._previous_action, self._action = self._action, raw
        source, reward, terminated, time_outs, extras = self.lab.step(self._clipped(raw))
        reward, terminated, time_outs = (
            reward.to(torch.float32).clone(),
            terminated.clone(),
            time_outs.clone(),
        )
        if self.lab.cfg.is_finite_horizon:
            terminated |= time_outs
        truncated = time_outs & ~terminated
        constraints = self._constraint_values()
        self._obs = self._arranged(source)
        ended = terminated | truncated
        final, ids = None, ended.nonzero().squeeze(1)
        if len(ids) > 0:
            last = self._obs
            self._reset_some(ids)
            final = {name: rows(ended, last[name], value) for name, value in self._obs.items()}
            extras = self.lab.extras
        log = {name: float(value) for name, value in extras.get("log", {}).items()}
        return Step(self._obs, reward, terminated, truncated, constraints, final, log)
