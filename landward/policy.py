"""What every policy looks like to the loop that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from landward.spec import PolicySpec


@runtime_checkable
class Policy(Protocol):
    """A policy for N environments, from named SI measurements to named SI commands.

    What it remembers between calls (history, last action, recurrent state) is its own.
    """

    spec: PolicySpec
    """What it must be fed, and what it answers."""

    def reset(self, env_ids: np.ndarray | None = None) -> None:
        """Forget the past of some environments, of all where None; called when their episodes begin."""
        ...

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One control step.

        Args:
            inputs: observation term name -> (N, *shape), SI units; exactly the terms of `spec.inputs`.

        Returns:
            Action term name -> (N, *shape) SI targets, (N, chunk, *shape) for a chunked term.
        """
        ...
