"""What one engine's worker brings back: figures of every episode, and its first second step by step."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from landward.array import to_numpy
from landward.atomic import write_atomic, write_text_atomic
from sims.env import Step
from sims.velocity.observations import read

FIRST = 1.0
"""[s] How long trajectories are kept."""
ARRAYS, FACTS = "result.npz", "result.json"
POSES = ("root_pos_w", "root_quat_w", "joint_pos")
"""Entries of the robot state whose divergence is measured."""


@dataclass
class EngineResult:
    """N episodes of one engine."""

    label: str
    squares: np.ndarray
    """(N, 3) summed squared tracking errors."""
    steps: np.ndarray
    """(N,) steps that they come from."""
    fell: np.ndarray
    """(N,) bool."""
    violations: dict[str, np.ndarray]
    """Constraint -> (N,) violated steps."""
    counted: np.ndarray
    """(N,) steps that violations were counted over."""
    terms: dict[str, np.ndarray]
    """Observation term -> (T, N, ...) in SI units; first the start state. NaN once an episode is over."""
    poses: dict[str, np.ndarray]
    """Entry of the robot state -> (T, N, ...), the same."""
    facts: dict[str, Any]
    """JSON-ready: versions, device, policy's hash, time taken, control period."""

    @property
    def period(self) -> float:
        """Control period [s]."""
        return float(self.facts["control_period"])

    def save(self, folder: Path) -> None:
        """Write arrays, then facts: where the facts are, all is there."""
        arrays: dict[str, Any] = {
            "squares": self.squares,
            "steps": self.steps,
            "fell": self.fell,
            "counted": self.counted,
            **{f"violations.{name}": value for name, value in self.violations.items()},
            **{f"term.{name}": value for name, value in self.terms.items()},
            **{f"pose.{name}": value for name, value in self.poses.items()},
        }
        write_atomic(folder / ARRAYS, lambda stream: np.savez_compressed(stream, **arrays))
        write_text_atomic(folder / FACTS, json.dumps({"label": self.label, **self.facts}, indent=2))


def load_result(folder: Path) -> EngineResult:
    """Read what `EngineResult.save` wrote."""
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    with np.load(folder / ARRAYS) as file:
        parts: dict[str, dict[str, np.ndarray]] = {"violations": {}, "term": {}, "pose": {}}
        for name in file.files:
            kind, _, rest = name.partition(".")
            if rest:
                parts[kind][rest] = file[name]
        return EngineResult(
            label=facts.pop("label"),
            squares=file["squares"],
            steps=file["steps"],
            fell=file["fell"],
            violations=parts["violations"],
            counted=file["counted"],
            terms=parts["term"],
            poses=parts["pose"],
            facts=facts,
        )


@dataclass
class FirstSecond:
    """A recorder of `rollout`: all observation terms and the pose, for as long as `FIRST`."""

    period: float
    rows: list[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]] = field(default_factory=list)

    def start(self, env: Any) -> None:
        """Record the start state, which comes before the first step."""
        self._add(env, np.ones(env.num_envs, bool))

    def __call__(self, t: int, env: Any, step: Step, alive: np.ndarray) -> None:
        """Record what step t left."""
        if (t + 1) * self.period < FIRST + 1e-9:
            self._add(env, alive)

    def _add(self, env: Any, alive: np.ndarray) -> None:
        # What the policy is fed where it is fed it; the rest as the critic sees it.
        terms = {**read(env.state), **env.measurements()}
        shown = {name: _kept(value, alive) for name, value in terms.items()}
        self.rows.append((shown, {name: _kept(env.state[name], alive) for name in POSES}))

    def terms(self) -> dict[str, np.ndarray]:
        """Observation term -> (T, N, ...)."""
        return _stacked([row[0] for row in self.rows])

    def poses(self) -> dict[str, np.ndarray]:
        """Entry of the robot state -> (T, N, ...)."""
        return _stacked([row[1] for row in self.rows])


def _kept(value: Any, alive: np.ndarray) -> np.ndarray:
    values = np.array(to_numpy(value), np.float32)
    values[~alive] = np.nan
    return values


def _stacked(rows: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}
