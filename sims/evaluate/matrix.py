"""The robustness matrix: every combination of physical parameters, many episodes of each, in one batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landward.policy import Policy
from sims.evaluate import bootstrap
from sims.evaluate.bootstrap import Estimate
from sims.evaluate.rollout import TrackingSums, rollout

AXES: dict[str, tuple[float, ...]] = {
    "friction": (0.4, 0.8, 1.25),
    "payload": (0.0, 3.0),
    "latency": (0.0, 0.02, 0.04),
    "push": (0.5, 1.0),
    "strength": (0.8, 1.0),
}
UNITS = {"friction": "1", "payload": "kg", "latency": "s", "push": "m/s", "strength": "1", "terrain": ""}
TRACKED = (("vx", "m/s"), ("vy", "m/s"), ("wz", "rad/s"))


@dataclass(frozen=True)
class Row:
    """Falls and tracking of one group of episodes."""

    axis: str
    level: str
    falls: Estimate
    rmse: dict[str, Estimate]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        rmse = {name: e.to_dict() for name, e in self.rmse.items()}
        return {"axis": self.axis, "level": self.level, "falls": self.falls.to_dict(), "rmse": rmse}


@dataclass(frozen=True)
class Matrix:
    """The result: overall, per level of each axis, terrain by itself, and the cells with the most falls."""

    axes: dict[str, tuple[float, ...]]
    episodes_per_cell: int
    seconds: float
    overall: Row
    levels: tuple[Row, ...]
    terrain: tuple[Row, ...] = ()
    worst: tuple[dict[str, float], ...] = field(default=())
    ground: str = ""
    """What the kinds of terrain are, in words."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "axes": {name: list(levels) for name, levels in self.axes.items()},
            "cells": int(np.prod([len(levels) for levels in self.axes.values()])),
            "episodes_per_cell": self.episodes_per_cell,
            "seconds": self.seconds,
            "overall": self.overall.to_dict(),
            "levels": [row.to_dict() for row in self.levels],
            "terrain": [row.to_dict() for row in self.terrain],
            "ground": self.ground,
            "worst": list(self.worst),
        }


def factorial(axes: Mapping[str, Sequence[float]], episodes: int) -> dict[str, np.ndarray]:
    """Every combination of levels, repeated: axis -> (cells * episodes,), the last axis fastest."""
    cells = np.asarray(list(itertools.product(*axes.values())), np.float64).reshape(-1, len(axes))
    rows = np.repeat(cells, episodes, axis=0)
    return {name: rows[:, column] for column, name in enumerate(axes)}


def summarise(axis: str, level: str, fell: np.ndarray, squares: np.ndarray, steps: np.ndarray) -> Row:
    """Falls and RMSE of a group of episodes: fell (n,), squared errors (n, 3), steps (n,)."""
    rmse = {
        f"rmse_{name}": bootstrap.root_mean_square(squares[:, i], steps, unit)
        for i, (name, unit) in enumerate(TRACKED)
    }
    return Row(axis, level, bootstrap.proportion(fell), rmse)


def per_level(
    design: Mapping[str, np.ndarray], fell: np.ndarray, squares: np.ndarray, steps: np.ndarray
) -> tuple[Row, ...]:
    """One row per level of each axis, over all cells that share the level."""
    rows = []
    for axis, column in design.items():
        for level in np.unique(column):
            pick = column == level
            rows.append(summarise(axis, f"{level:g}", fell[pick], squares[pick], steps[pick]))
    return tuple(rows)


def worst_cells(
    design: Mapping[str, np.ndarray], fell: np.ndarray, keep: int = 5
) -> tuple[dict[str, float], ...]:
    """The cells with the largest share of falls, worst first; cells without falls are not listed."""
    table = np.stack(list(design.values()), axis=-1)
    cells, index = np.unique(table, axis=0, return_inverse=True)
    index = index.reshape(-1)
    count = np.bincount(index, minlength=len(cells))
    share = np.bincount(index, weights=fell, minlength=len(cells)) / count
    order = [i for i in np.argsort(-share, kind="stable")[:keep] if share[i] > 0]
    names = list(design)
    return tuple(
        {
            **dict(zip(names, cells[i].tolist(), strict=True)),
            "falls": float(share[i]),
            "n": int(count[i]),
        }
        for i in order
    )


def run_matrix(
    env: Any,
    policy: Policy,
    axes: Mapping[str, Sequence[float]],
    episodes: int,
    seconds: float,
    command: np.ndarray,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Matrix:
    """Run the whole matrix as one batch.

    Args:
        env: of cells * episodes environments.
        policy: for as many environments.
        axes: name -> levels; "push" is the kick [m/s], the others go to `env.set_physics`.
        episodes: of each cell.
        seconds: of each episode.
        command: (cells * episodes, 3).
        seed: of the rollout.
        progress: called with (steps done, steps in all).
    """
    design = factorial(axes, episodes)
    physics = {name: column.astype(np.float32) for name, column in design.items() if name != "push"}
    sums = TrackingSums(command, env.spec.control_period)
    result = rollout(
        env, policy, seconds, command, seed, physics or None, None, design.get("push"), (sums,), progress
    )
    overall = summarise("all", "", result.fell, sums.squares, sums.steps)
    levels = per_level(design, result.fell, sums.squares, sums.steps)
    worst = worst_cells(design, result.fell)
    return Matrix({k: tuple(v) for k, v in axes.items()}, episodes, seconds, overall, levels, (), worst)


def run_terrain(
    env: Any,
    policy: Policy,
    kinds: Sequence[str],
    seconds: float,
    command: np.ndarray,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Row, ...]:
    """One row per kind of terrain, nominal physics, no pushes; the batch is dealt out evenly."""
    assigned = np.asarray([kinds[i % len(kinds)] for i in range(env.num_envs)])
    sums = TrackingSums(command, env.spec.control_period)
    result = rollout(
        env, policy, seconds, command, seed, terrain=assigned.tolist(), record=(sums,), progress=progress
    )
    return tuple(
        summarise("terrain", kind, result.fell[pick], sums.squares[pick], sums.steps[pick])
        for kind in kinds
        for pick in [assigned == kind]
    )
