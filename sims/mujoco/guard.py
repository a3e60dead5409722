"""Find environments whose physics diverged and keep the state that led there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import SimulationError

IMPOSSIBLE_SPEED = 1e3
"""No joint or body of a legged robot moves this fast [m/s or rad/s]."""
MAX_FILES = 10
_LOG = logging.getLogger("landward.mujoco")


class DivergenceGuard:
    """Watches positions and velocities; saves the state before and after a step that broke physics."""

    def __init__(self, robot: str, num_envs: int, dump_dir: Path | None) -> None:
        self._robot, self._num_envs, self._dump_dir = robot, num_envs, dump_dir
        self._before: NDArray[np.float64] = np.zeros((num_envs, 0))
        self._velocity_before = self._before
        self.count = 0

    def last_good(self, ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """(n, nq) positions of environments `ids` before the step that was checked last."""
        return self._before[ids]

    def check(
        self,
        qpos: NDArray[Any],
        qvel: NDArray[Any],
        targets: NDArray[Any],
        parameters: Mapping[str, NDArray[Any]],
    ) -> NDArray[np.bool_]:
        """(N,) bool, which environments diverged in the step just taken.

        Raises:
            SimulationError: all of them did, so the model or the policy is at fault, not one unlucky state.
        """
        extreme = np.abs(qvel).max(axis=1)
        diverged = ~(extreme < IMPOSSIBLE_SPEED) | ~np.isfinite(qpos).all(axis=1)
        if diverged.any():
            saved = self._save(diverged, qpos, qvel, targets, parameters)
            self.count += int(diverged.sum())
            if diverged.all():
                raise SimulationError(
                    f"the physics of all {self._num_envs} environments of {self._robot} diverged (NaN or "
                    f"over {IMPOSSIBLE_SPEED:g} rad/s): check model, gains and physics.timestep{saved}"
                )
            _LOG.warning("physics diverged in %d environment(s) of %s%s", diverged.sum(), self._robot, saved)
        return diverged

    def remember(self, qpos: NDArray[Any], qvel: NDArray[Any]) -> None:
        """Keep the state before a step."""
        self._before, self._velocity_before = qpos.copy(), qvel.copy()

    def _save(
        self,
        diverged: NDArray[np.bool_],
        qpos: NDArray[Any],
        qvel: NDArray[Any],
        targets: NDArray[Any],
        parameters: Mapping[str, NDArray[Any]],
    ) -> str:
        if self._dump_dir is None or self.count >= MAX_FILES:
            return ""
        self._dump_dir.mkdir(parents=True, exist_ok=True)
        path = self._dump_dir / f"diverged_{self.count:03d}.npz"
        arrays = {"env_ids": np.flatnonzero(diverged), "qpos": qpos[diverged], "qvel": qvel[diverged]}
        arrays |= {"qpos_before": self._before[diverged], "qvel_before": self._velocity_before[diverged]}
        arrays |= {f"parameter_{name}": value[diverged] for name, value in parameters.items()}
        np.savez(path, targets=np.asarray(targets)[diverged], **arrays)  # type: ignore[arg-type]
        return f"; the states are in {path}"
