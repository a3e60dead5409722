"""What an evaluation runs, and the settings that make no sense."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from landward.errors import LandwardError
from sims.engines import engine_overrides
from sims.evaluate.matrix import AXES, UNITS
from sims.evaluate.rollout import SETTLE

Physics = Literal["fine", "training"]


@dataclass(frozen=True)
class Settings:
    """What is run."""

    episodes: int = 64
    """Of the nominal and of the standing test."""
    seconds: float = 10.0
    """Length of an episode."""
    physics: Physics = "fine"
    """fine: the figures that count come from a simulation with a 2 ms step, elliptic friction cones and 50
    solver iterations, which no policy was trained in; those under the training physics are reported beside
    them."""
    matrix: bool = True
    """Whether the robustness matrix and the kinds of terrain are run (under the training physics)."""
    axes: Mapping[str, Sequence[float]] = field(default_factory=lambda: dict(AXES))
    """Axes of the matrix."""
    episodes_per_cell: int = 16
    seed: int = 100
    video: bool = True
    """Whether a tour is filmed."""
    engine: str | None = None
    """Engine that computes the physics; None: the task's own."""
    device: str | None = None
    """Where it computes; None: the task's own."""

    def validate(self) -> None:
        """Refuse what cannot be measured.

        Raises:
            LandwardError: names the first setting that makes no sense.
            RegistryError: there is no such engine.
        """
        engine_overrides(self.engine, self.device)
        # The first control step after settling has to be one that is measured.
        if not SETTLE + 0.1 <= self.seconds < math.inf:
            raise LandwardError(
                f"seconds is {self.seconds:g}: the first {SETTLE:g} s of an episode are left out of the "
                f"figures, so it has to last at least {SETTLE + 0.1:g} s"
            )
        if self.episodes < 1:
            raise LandwardError(f"episodes is {self.episodes}: at least one has to be run")
        if self.matrix:
            self._validate_matrix()

    def _validate_matrix(self) -> None:
        if self.episodes_per_cell < 1:
            raise LandwardError(f"cell episodes is {self.episodes_per_cell}: at least one has to be run")
        if not self.axes:
            raise LandwardError(f"the robustness matrix has no axis: name some of {', '.join(AXES)}")
        for axis, levels in self.axes.items():
            if axis not in AXES:
                raise LandwardError(f"the robustness matrix has no axis {axis!r}: use {', '.join(AXES)}")
            if not levels:
                raise LandwardError(
                    f"axis {axis} of the robustness matrix has no level: give one, or leave the matrix out"
                )
            for level in levels:
                self._validate_level(axis, float(level))

    def _validate_level(self, axis: str, level: float) -> None:
        shown = f"{axis} {level:g} {UNITS[axis]}".removesuffix(" 1")
        if not math.isfinite(level) or (level < 0 and axis != "payload"):
            raise LandwardError(
                f"{shown} is no level of the robustness matrix: it must be finite and not negative"
            )
        if axis == "latency" and level >= self.seconds:
            raise LandwardError(
                f"{shown}: no command would arrive within an episode of {self.seconds:g} s; use a shorter one"
            )
