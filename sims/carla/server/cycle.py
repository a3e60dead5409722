"""The state machine of the lights of one junction."""

from __future__ import annotations

from dataclasses import dataclass, field

RED, YELLOW, GREEN, OFF, UNKNOWN = range(5)
"""TrafficLightState."""
STAGES = (GREEN, YELLOW, RED)
TIMES = (10.0, 3.0, 2.0)
"""[s] Of green, yellow and red for all; CARLA's defaults (PROTOCOL: traffic lights and signs)."""


@dataclass
class Cycle:
    """Phases take turns: one is green, then yellow, then all are red for a while, then the next is green.

    So no two phases ever have green or yellow together.
    """

    phases: int
    times: list[list[float]] = field(default_factory=list)
    """[s] Green, yellow and red of each phase."""
    phase: int = 0
    """Whose turn it is."""
    stage: int = 0
    """Index of `STAGES`."""
    elapsed: float = 0.0
    """[s] In this stage."""

    def __post_init__(self) -> None:
        self.times = self.times or [list(TIMES) for _ in range(self.phases)]

    def step(self, dt: float) -> bool:
        """Advance by dt [s]; returns whether a state has changed. At most one stage ends in one step."""
        self.elapsed += dt
        duration = self.times[self.phase][self.stage]
        if self.elapsed < duration - 1e-9:
            return False
        self.elapsed = max(0.0, self.elapsed - duration)
        self.stage += 1
        if self.stage == len(STAGES):
            self.stage, self.phase = 0, (self.phase + 1) % self.phases
        return True

    def state(self, phase: int) -> int:
        """TrafficLightState of a phase."""
        return STAGES[self.stage] if phase == self.phase else RED

    def restart(self) -> None:
        """Begin again with the green of the first phase."""
        self.phase, self.stage, self.elapsed = 0, 0, 0.0
