"""The observations of an Isaac Lab environment out of its own order: before a reset, or of some rows only.

Isaac Lab's observation manager appends to histories and delay lines when it computes. Where it is asked out
of turn, they are put back as they were.
"""

from __future__ import annotations

import copy
from typing import Any

import torch

_LINES = ("_group_obs_term_history_buffer", "_group_obs_term_delay_buffer")
"""The manager's histories and delay lines: group -> term -> buffer."""


class Frames:
    """Access to an environment's observations that leaves no trace."""

    def __init__(self, env: Any) -> None:
        """Look at an environment.

        Args:
            env: Isaac Lab's environment.
        """
        self._env = env
        self.manager: Any = getattr(env, "observation_manager", None)
        """Its observation manager; None for a direct task."""

    def next_frame(self) -> dict[str, Any]:
        """What a manager-based task observes now, as if this were its next frame."""
        kept = self.save()
        source = self.manager.compute(update_history=True)
        for name, lines in kept.items():
            setattr(self.manager, name, lines)
        return source

    def save(self) -> dict[str, Any]:
        """Copies of histories and delay lines."""
        if self.manager is None:
            return {}
        return {name: copy.deepcopy(getattr(self.manager, name)) for name in _LINES}

    def restore(self, kept: dict[str, Any], except_ids: torch.Tensor) -> None:
        """Put the lines of all environments but some back.

        Args:
            kept: what `save` returned.
            except_ids: environments whose lines stay as they are now.
        """
        old = torch.ones(self._env.num_envs, dtype=torch.bool, device=self._env.device)
        old[except_ids.long()] = False
        for name, groups in kept.items():
            for group, terms in groups.items():
                for term, line in terms.items():
                    _restore(getattr(self.manager, name)[group][term], line, old)

    def reset(self, ids: torch.Tensor) -> dict[str, Any]:
        """Begin new episodes in some environments and observe all."""
        env = self._env
        if self.manager is not None:
            return env.reset(ids)[0]
        env._reset_idx(ids)
        env.scene.write_data_to_sim()
        env.sim.forward()
        env.obs_buf = env._compute_observations()
        return env.obs_buf


def _restore(now: Any, before: Any, rows: torch.Tensor) -> None:
    """Give the tensors of a buffer, and of the buffers in it, their old values in some environments."""
    for field, value in vars(now).items():
        old = getattr(before, field)
        if torch.is_tensor(value) and torch.is_tensor(old) and value.shape == old.shape:
            axes = [axis for axis, size in enumerate(value.shape) if size == len(rows)]
            # A history is (frames, N, ...), everything else (N, ...).
            axis = 1 if field == "_buffer" and value.ndim > 2 and 1 in axes else 0
            if axis in axes:
                value.movedim(axis, 0)[rows] = old.movedim(axis, 0)[rows]
        elif hasattr(value, "__dict__") and type(value).__module__.startswith("isaaclab"):
            _restore(value, old, rows)
