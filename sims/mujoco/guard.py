"""Find environments whose physics diverged and keep the state that led there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from landward.array import array_namespace, copy, to_numpy
from landward.errors import SimulationError

Array = Any

IMPOSSIBLE_SPEED = 1e3
"""No joint or body of a legged robot moves this fast [m/s or rad/s]."""
MAX_FILES = 10
_LOG = logging.getLogger("landward.mujoco")


class DivergenceGuard:
    """Watches positions and velocities; saves the state before and after a step that broke physics."""

    def __init__(self, robot: str, num_envs: int, dump_dir: Path | None) -> None:
        self._robot, self._num_envs = robot, num_envs
        self.dump_dir = dump_dir
        """Where states are saved; None keeps none."""
        self._before: Array = np.zeros((num_envs, 0))
        self._velocity_before = self._before

    def last_good(self, ids: Array) -> Array:
        """(n, nq) positions of environments `ids` before the step that was checked last."""
        return self._before[ids]

    def check(
        self,
        qpos: Array,
        qvel: Array,
        targets: Array,
        parameters: Mapping[str, Array],
    ) -> Array:
        """(N,) bool, which environments diverged in the step just taken.

        Raises:
            SimulationError: all of them did, so the model or the policy is at fault, not one unlucky state.
        """
        xp = array_namespace(qpos, qvel)
        extreme = xp.max(xp.abs(qvel), axis=1)
        diverged = ~(extreme < IMPOSSIBLE_SPEED) | ~xp.all(xp.isfinite(qpos), axis=1)
        if bool(xp.any(diverged)):
            saved = self._save(to_numpy(diverged), qpos, qvel, targets, parameters)
            if bool(xp.all(diverged)):
                raise SimulationError(
                    f"the physics of all {self._num_envs} environments of {self._robot} diverged (NaN or "
                    f"over {IMPOSSIBLE_SPEED:g} rad/s): check model, gains and physics.timestep{saved}"
                )
            _LOG.warning("physics diverged in %d environment(s) of %s%s", diverged.sum(), self._robot, saved)
        return diverged

    def remember(self, qpos: Array, qvel: Array) -> None:
        """Keep the state before a step."""
        self._before, self._velocity_before = copy(qpos), copy(qvel)

    def _save(
        self, diverged: np.ndarray, qpos: Array, qvel: Array, targets: Array, parameters: Mapping[str, Array]
    ) -> str:
        if self.dump_dir is None:
            return ""
        given = {
            "qpos": qpos,
            "qvel": qvel,
            "qpos_before": self._before,
            "qvel_before": self._velocity_before,
            **{f"parameter_{name}": value for name, value in parameters.items()},
            "targets": targets,
        }
        arrays = {name: to_numpy(value)[diverged] for name, value in given.items()}
        arrays["env_ids"] = np.flatnonzero(diverged)
        try:
            path = _free_path(self.dump_dir)
            if path is not None:
                np.savez(path, **arrays)  # type: ignore[arg-type]
        except OSError as error:
            # Saving is for finding out later: a full disk must not end the run.
            return f"; the states cannot be saved in {self.dump_dir}: {error.strerror or error}"
        return f"; the states are in {path}" if path else f"; {self.dump_dir} is full ({MAX_FILES} files)"


def _free_path(folder: Path) -> Path | None:
    """A name that earlier parts of a resumed run have not used; None where there are MAX_FILES."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"diverged_{number:03d}.npz" for number in range(MAX_FILES)]
    return next((path for path in paths if not path.exists()), None)
