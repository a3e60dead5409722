"""What the checks of `sims.check` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from landward.array import array_namespace
from landward.spec import ObservationTerm


@dataclass(frozen=True)
class Finding:
    """One thing that breaks the contract, or may."""

    level: Literal["error", "warning"]
    message: str
    remedy: str
    check: str = ""
    """Which check found it."""


def group_shape(terms: tuple[ObservationTerm, ...], num_envs: int) -> tuple[tuple[int, ...], str]:
    """Shape and dtype of a group: (N, D) float32 for flat terms, (N, *shape) for an image by itself."""
    if len(terms) == 1 and (terms[0].dtype != "float32" or len(terms[0].shape) > 1):
        return (num_envs, *terms[0].shape), terms[0].dtype
    return (num_envs, sum(t.size * t.history for t in terms)), "float32"


def column_tolerance(terms: tuple[ObservationTerm, ...]) -> np.ndarray:
    """How far two encodings of the same state may lie apart through noise, (D,), in encoded units."""
    columns = []
    for term in terms:
        noise = 0.0
        if term.noise is not None:
            noise = term.noise.scale * (2.0 if term.noise.kind == "uniform" else 12.0)
        # A sequence of scales runs along the last axis of the term.
        width = noise * np.abs(np.broadcast_to(np.asarray(term.scale, np.float64), term.shape))
        columns.append(np.tile(width.ravel(), term.history))
    return np.concatenate(columns) + 1e-4


class CheckContext:
    """The environment under check with a stream of random actions."""

    def __init__(self, env: Any, seed: int) -> None:
        self.env = env
        self.seed = seed
        self._random = np.random.default_rng(seed)
        self._prototype: Any = None

    def reset(self, seed: int | None = None) -> dict[str, Any]:
        """Reset everything from a seed; the actions start over too."""
        seed = self.seed if seed is None else seed
        self._random = np.random.default_rng(self.seed)
        obs = self.env.reset(seed=seed)
        self._prototype = next(iter(obs.values()))
        return obs

    def action(self) -> Any:
        """Random raw actions (N, A) as the environment's kind of array, within clip and +-1."""
        columns = []
        for term in self.env.spec.actions:
            low, high = term.clip if term.clip is not None else (-1.0, 1.0)
            if low < 0.0 < high:
                low, high = max(low, -1.0), min(high, 1.0)
            size = term.size * term.chunk
            columns.append(self._random.uniform(low, high, (self.env.num_envs, size)))
        return self.like_actions(np.concatenate(columns, axis=1))

    def like_actions(self, action: np.ndarray) -> Any:
        """The array as the environment's observations are: NumPy, or torch on their device."""
        action = action.astype(np.float32)
        if isinstance(self._prototype, np.ndarray) or self._prototype is None:
            return action
        xp = array_namespace(self._prototype)
        return xp.asarray(action, device=self._prototype.device)
