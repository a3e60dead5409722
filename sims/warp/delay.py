"""Commands that reach the joints a number of physics steps late, planned for one control period at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch


class CommandDelay:
    """Keeps the targets of the last control steps and lays out what each physics step of the next one gets.

    A control step has S physics steps. The target given c control steps ago is in force from physics step
    -c S on, counted from the present one's first. With a delay of L physics steps, physics step k therefore
    gets the target of max(0, ceil((L - k) / S)) control steps ago. MuJoCo's own delay line compares times,
    which single precision cannot tell apart after a minute; counting steps is exact.
    """

    def __init__(self, plan: torch.Tensor, default: torch.Tensor, max_steps: int) -> None:
        """Fill the line with the default pose.

        Args:
            plan: (S, N, J), filled by `push` for the next control step.
            default: (J,) target before the first command [rad].
            max_steps: longest delay [physics steps].
        """
        self._plan, self._default = plan, default
        substeps, num_envs, _ = plan.shape
        slots = math.ceil(max_steps / substeps) + 1
        self._line = default.repeat(slots, num_envs, 1)
        self._cursor = 0
        self._back = torch.zeros((substeps, num_envs), dtype=torch.int64, device=plan.device)
        self._envs = torch.arange(num_envs, device=plan.device)

    def set_steps(self, steps: torch.Tensor) -> None:
        """Delay of each environment, (N,) int64 [physics steps]."""
        substeps = self._plan.shape[0]
        index = torch.arange(substeps, device=steps.device)[:, None]
        late = steps[None, :] - index
        self._back[:] = -torch.div(-late, substeps, rounding_mode="floor").clamp(max=0)

    def push(self, target: torch.Tensor) -> None:
        """Take the targets (N, J) [rad] of the next control step and fill the plan."""
        self._cursor = (self._cursor + 1) % len(self._line)
        self._line[self._cursor] = target
        slot = (self._cursor - self._back) % len(self._line)
        self._plan.copy_(self._line[slot, self._envs])

    def reset(self, ids: torch.Tensor) -> None:
        """The environments `ids` were only ever told the default pose."""
        self._line[:, ids] = self._default

    def state_dict(self) -> dict[str, Any]:
        """The line, oldest target first."""
        return {"line": torch.roll(self._line, -(self._cursor + 1), 0)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore `state_dict()`."""
        self._line.copy_(state["line"])
        self._cursor = len(self._line) - 1
