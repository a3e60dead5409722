"""Constraints as Terminations: constraint violations become a probability of losing the future.

Source of the equations: Chane-Sane et al., "CaT: Constraints as Terminations for Legged Locomotion
Reinforcement Learning", IROS 2024, and its reference implementation for Isaac Lab.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from agents.on_policy.world import ALONE, World
from landward.constraint import Constraint
from landward.errors import CheckpointError, EnvContractError

P_START = 1.0 / 20.0
"""Soft constraints begin with an expected time to death of 20 steps."""
MAX_FLOOR = 1e-6
"""Lower bound of the normaliser, so that an unviolated constraint does not divide by zero."""


class ConstraintTerminations:
    """Turns constraint values into one termination probability per environment.

    For every element j of every constraint i, with values c_ij > 0 where violated:

        C_ij  <- tau C_ij + (1 - tau) max(max over environments of c_ij, 1e-6)
        p_ij   = p_min + clip(c_ij / C_ij, 0, 1) (p_i^max - p_min) where c_ij > 0, else 0
        delta  = max over i, j of p_ij

    The first call initialises C with its maxima.

    Hard constraints have p^max = 1 from the first step. Soft ones have no effect before `start_after_steps`,
    then p^max goes from 1/20 to its final value, linear in the expected time to death 1/p, over `ramp_steps`.
    All steps are counted over all environments, so a schedule does not depend on the number of environments.
    Where several ranks train, "all environments" are those of all ranks.
    """

    def __init__(
        self,
        constraints: Sequence[Constraint],
        start_after_steps: float = 0.0,
        ramp_steps: float = 0.0,
        tau: float = 0.95,
        p_min: float = 0.0,
        device: str | torch.device = "cpu",
        world: World = ALONE,
    ) -> None:
        """Prepare the schedule; the running maxima are made at the first step.

        Args:
            constraints: declarations; their order is the column order of the running maxima.
            start_after_steps: environment steps (all environments together) before soft constraints take
                effect.
            ramp_steps: environment steps of the curriculum of soft constraints; 0 switches it off.
            tau: decay of the running maxima per control step.
            p_min: termination probability of an infinitesimal violation.
            device: where the constraint values live.
            world: the ranks whose environments are judged together.
        """
        self.constraints = tuple(constraints)
        self.names = tuple(c.name for c in self.constraints)
        self.start_after_steps, self.ramp_steps = float(start_after_steps), float(ramp_steps)
        self.tau, self.p_min, self.device, self.world = tau, p_min, device, world
        self.steps = 0
        self._running: torch.Tensor | None = None
        self._widths: list[int] = []
        self._violated = self._probability = torch.zeros(len(self.names), device=device)
        self._calls = 0

    def p_max(self) -> list[float]:
        """The present p^max of every constraint; 0 for a soft one that is not yet in effect."""
        return [self._p_max(c) for c in self.constraints]

    def step(self, values: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Update the running maxima with one control step of all environments and judge it.

        All ranks call it together.

        Args:
            values: constraint name -> (N, k) values, > 0 where violated.

        Returns:
            delta (N,), the termination probability in [0, 1]; and the penalty (N,), the sum of all clipped
            normalised violations, each weighted with p^max / final p^max of its constraint.

        Raises:
            EnvContractError: a declared constraint is missing.
        """
        columns = [self._column(values, name) for name in self.names]
        matrix = torch.cat(columns, 1)
        if self._running is None:
            self._widths = [c.shape[1] for c in columns]
        batch_max = self.world.maximum(matrix.amax(0).clamp_min(MAX_FLOOR))
        running = batch_max
        if self._running is not None:
            running = self.tau * self._running + (1 - self.tau) * batch_max
        self._running = running

        p_max = self.p_max()
        ratio = (matrix / running).clamp(0.0, 1.0)
        parts = ratio.split(self._widths, 1)
        # p is monotone in the ratio: the worst element of a constraint decides on delta and the statistics
        worst = torch.stack([part.amax(1) for part in parts])
        limit = torch.tensor(p_max, device=worst.device).unsqueeze(1)
        violated = worst > 0
        p = (self.p_min + worst * (limit - self.p_min)) * (violated & (limit > 0))
        sums = torch.stack([part.sum(1) for part in parts])
        weight = torch.tensor(
            [p / self._final(c) for p, c in zip(p_max, self.constraints, strict=True)], device=worst.device
        )
        self._violated = self._violated + violated.float().mean(1)
        self._probability = self._probability + p.mean(1)
        self._calls += 1
        self.steps += matrix.shape[0] * self.world.size
        return p.amax(0), weight @ sums

    def take_statistics(self) -> dict[str, dict[str, float]]:
        """Means since the last call: constraint -> {"violated": fraction of steps, "probability": mean p}."""
        calls = max(self._calls, 1)
        violated, probability = (self._violated / calls).tolist(), (self._probability / calls).tolist()
        self._violated = self._probability = torch.zeros(len(self.names), device=self.device)
        self._calls = 0
        return {
            name: {"violated": v, "probability": p}
            for name, v, p in zip(self.names, violated, probability, strict=True)
        }

    def state_dict(self) -> dict[str, Any]:
        """Running maxima and step counter; statistics belong to one iteration and are not kept."""
        running = None if self._running is None else self._running.detach().cpu().clone()
        return {
            "names": list(self.names),
            "widths": list(self._widths),
            "running_max": running,
            "steps": self.steps,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict()`.

        Raises:
            CheckpointError: the state belongs to other constraints.
        """
        if tuple(state["names"]) != self.names:
            raise CheckpointError(
                f"the checkpoint holds constraints {list(state['names'])}, this task has {list(self.names)}: "
                "resume with the task and configuration of that run"
            )
        running = state["running_max"]
        self._running = None if running is None else running.to(self.device)
        self._widths, self.steps = [int(w) for w in state["widths"]], int(state["steps"])

    def _column(self, values: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
        if name not in values:
            raise EnvContractError(
                f"constraint '{name}' of the spec is missing in Step.constraints ({sorted(values)}): "
                "return a value for every declared constraint"
            )
        return values[name]

    def _p_max(self, constraint: Constraint) -> float:
        final = self._final(constraint)
        if constraint.kind == "hard":
            return final
        since = self.steps - self.start_after_steps
        if since < 0:
            return 0.0
        if not constraint.ramp or self.ramp_steps <= 0:
            return final
        fraction = min(since / self.ramp_steps, 1.0)
        return 1.0 / (1.0 / P_START + fraction * (1.0 / final - 1.0 / P_START))

    @staticmethod
    def _final(constraint: Constraint) -> float:
        return 1.0 if constraint.kind == "hard" else constraint.p_max
