"""One simulated world as a worker process holds it: the part that a simulator's adapter writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray


@dataclass
class Outcome:
    """What a reset or one control period brought."""

    terms: dict[str, NDArray[Any]]
    """Every observation term of every group of the spec by name, in SI units, in its shape and dtype."""
    reward: float = 0.0
    terminated: bool = False
    """The episode ended in a state with no future."""
    truncated: bool = False
    """The episode ended otherwise, such as at the end of its route; never by the clock, which the environment
    keeps. Never both."""
    state: dict[str, float] = field(default_factory=dict)
    """The entries that the spec's constraints read, or that switch them on (0 or 1); the same in every
    outcome."""
    info: dict[str, float] = field(default_factory=dict)
    """Scalars to plot, named "group/name", of the episode that this outcome ends; otherwise empty."""


class World(Protocol):
    """A world with one agent, driven from one thread.

    Whatever it raises as RuntimeError or SimulationError says that its simulator is lost: the process is
    replaced and the episode repeated. Everything else it raises reaches the user.
    """

    def reset(self, seed: int) -> Outcome:
        """Start the episode of a seed: the same seed, the same episode."""
        ...

    def step(self, control: NDArray[Any]) -> Outcome:
        """One control period.

        Args:
            control: (A,) float32 targets in SI units, the spec's action terms side by side.
        """
        ...

    def summary(self) -> dict[str, float]:
        """What `info` would be if the present outcome had ended the episode."""
        ...

    def picture(self, size: tuple[int, int]) -> NDArray[Any]:
        """(H, W, 3) uint8 colour picture; `size` is (width, height) in pixels."""
        ...

    def close(self) -> None:
        """Release the simulator. Safe to call twice."""
        ...
