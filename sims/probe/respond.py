"""Run the experiments on an engine and keep what its state showed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from landward.array import to_numpy
from landward.atomic import write_atomic
from landward.errors import require
from sims.engine import Engine
from sims.probe.rows import Rows

Array = Any


@dataclass
class Response:
    """What n rows came to; time first, the state after the reset at index 0."""

    entries: dict[str, np.ndarray]
    """Entry of the robot state -> (T + 1, n, ...)."""
    diverged: np.ndarray
    """(n,) bool: the engine said so in some step."""
    period: float
    """Control period [s]."""
    disturbed: float = 0.0
    """Largest change of another environment's state when one was reset."""
    missing: tuple[str, ...] = ()
    """Entries of the robot state that the engine does not fill."""
    told: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(C,) how far a joint ended from the pose that the robot was in and that was commanded, written in each
    known convention [rad]; empty where the declared one held the robot."""

    def at_start(self, name: str) -> np.ndarray:
        """(n, ...) right after the reset."""
        return self.entries[name][0]

    def save(self, path: Path) -> None:
        """Write it, atomically, as an npz."""
        arrays: dict[str, Any] = {f"entry.{name}": value for name, value in self.entries.items()}
        arrays |= {"diverged": self.diverged, "told": self.told, "missing": np.array(self.missing, np.str_)}
        arrays |= {"period": np.array(self.period), "disturbed": np.array(self.disturbed)}
        write_atomic(path, lambda stream: np.savez(stream, **arrays))

    @classmethod
    def load(cls, path: Path) -> Response:
        """Read what `save` wrote."""
        with np.load(path) as file:
            entries = {n.removeprefix("entry."): file[n] for n in file.files if n.startswith("entry.")}
            missing = tuple(str(name) for name in file["missing"])
            numbers = float(file["period"]), float(file["disturbed"])
            return cls(entries, file["diverged"], *numbers, missing, file["told"])


ENTRIES = (
    "root_pos_w",
    "root_quat_w",
    "root_lin_vel_b",
    "root_ang_vel_b",
    "projected_gravity_b",
    "joint_pos",
    "joint_vel",
    "joint_torque",
    "foot_pos_w",
    "foot_height",
    "foot_contact",
    "foot_force",
    "body_force",
)
"""What every engine fills, see RobotState."""


def departure(response: Response, rows: Rows, chosen: np.ndarray) -> np.ndarray:
    """(n,) how far the chosen rows ended from the joint positions that they started with [rad].

    The end counts: an engine that delays commands starts from its default pose and comes back.
    """
    last = response.entries.get("joint_pos", np.zeros(0))[-3:]
    if last.shape[1:] != rows.joint_pos.shape:
        return np.zeros(len(chosen))  # said elsewhere
    last = last[:, chosen]
    return np.abs(last - rows.joint_pos[chosen]).max(axis=(0, 2))


def respond(engine: Engine, rows: Rows, steps: int) -> Response:
    """Run every row for so many control steps, as many side by side as the engine has environments."""
    size, parts = engine.num_envs, []
    for start in range(0, len(rows.labels), size):
        chosen = np.arange(start, min(start + size, len(rows.labels)))
        parts.append(_run(engine, rows, np.resize(chosen, size), steps, len(chosen)))
    entries = {name: np.concatenate([p[0][name] for p in parts], axis=1) for name in parts[0][0]}
    return Response(
        entries,
        np.concatenate([part[1] for part in parts]),
        engine.physics.control_period,
        _disturbance(engine, rows),
        tuple(name for name in ENTRIES if name not in engine.state),
    )


def _run(
    engine: Engine, rows: Rows, chosen: np.ndarray, steps: int, keep: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    _reset(engine, rows, np.arange(len(chosen)), chosen)
    targets = _array(engine, rows.targets[chosen], "float32")
    series, diverged = [_copy(engine)], np.zeros(len(chosen), bool)
    for _ in range(steps):
        engine.step(targets)
        diverged |= to_numpy(engine.diverged)
        series.append(_copy(engine))
    names = series[0].keys()
    return {name: np.stack([row[name][:keep] for row in series]) for name in names}, diverged[:keep]


def _reset(engine: Engine, rows: Rows, ids: np.ndarray, chosen: np.ndarray) -> None:
    names = ("root_pos", "root_quat", "velocity", "joint_pos", "joint_vel")
    values = (_array(engine, getattr(rows, name)[chosen], "float32") for name in names)
    engine.reset(_array(engine, ids, "int64"), *values)


def _disturbance(engine: Engine, rows: Rows) -> float:
    """Reset the first environment alone and see how much the others' states change."""
    if engine.num_envs < 2:
        return 0.0
    before = _copy(engine)
    _reset(engine, rows, np.array([0]), np.array([0]))
    after = _copy(engine)
    changes = [np.abs(after[n][1:] - before[n][1:]).max() for n in ("joint_pos", "root_pos_w") if n in after]
    return float(max(changes, default=0.0))


def _copy(engine: Engine) -> dict[str, np.ndarray]:
    return {
        name: np.array(to_numpy(engine.state[name]), np.float64) for name in ENTRIES if name in engine.state
    }


def _array(engine: Engine, values: np.ndarray, dtype: str) -> Array:
    """An array of the engine's kind, on its device."""
    values = np.ascontiguousarray(values, dtype)
    if engine.arrays == "numpy":
        return values

    return require("torch", "train", "this engine's arrays are tensors").as_tensor(
        values, device=engine.device
    )
