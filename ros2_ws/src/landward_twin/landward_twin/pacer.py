"""How many physics steps are due: simulated time follows a clock, and time that was lost is counted."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from landward.errors import LandwardError

CATCH_UP = 0.05
"""[s] A simulation that is further behind than this gives the rest up instead of racing through it."""
_KEPT = 1000
"""Latest moments of which lateness is known."""


@dataclass(frozen=True)
class Pace:
    """How well simulated time followed the clock; clock time [s], NaN where nothing is known yet."""

    real_time_factor: float
    """Simulated time per clock time since the last report."""
    lost: float
    """Simulated time given up so far [s]."""
    p50: float
    """Lateness of the latest samples ..."""
    p99: float
    max: float


class Pacer:
    """Simulated time = rate * clock time since the start, less what was lost.

    Pure: the caller tells the time and how many physics steps it has done.
    """

    def __init__(self, timestep: float, rate: float = 1.0, catch_up: float = CATCH_UP) -> None:
        """See the class.

        Args:
            timestep: physics step [s of simulated time].
            rate: simulated seconds per second of the clock.
            catch_up: longest stretch that is made up for after a stall [s of simulated time].

        Raises:
            LandwardError: the rate makes no sense.
        """
        if not (math.isfinite(rate) and 0.001 <= rate <= 1000):
            raise LandwardError(f"rate is {rate}: use 1 for real time, 0.25 for a quarter of its speed")
        self.rate = rate
        self._timestep, self._catch_up = timestep, catch_up
        self._origin: float | None = None
        self.lost = 0.0
        """Simulated time given up so far [s]."""
        self._late: deque[float] = deque(maxlen=_KEPT)
        self._last: tuple[float, int] | None = None

    def behind(self, now: float, steps: int) -> float:
        """How far simulated time is behind where it should be [s of simulated time].

        The first call is the start. A clock that goes back starts anew from there.

        Args:
            now: the clock [s].
            steps: physics steps done.
        """
        done = steps * self._timestep
        if self._origin is None or now < self._origin:
            self._origin, self._last = now - done / self.rate, (now, steps)
        behind = (now - self._origin) * self.rate - done
        if behind > self._catch_up:
            excess = behind - self._catch_up
            self._origin += excess / self.rate
            self.lost += excess
            behind = self._catch_up
        return behind

    def due(self, now: float, steps: int) -> int:
        """Physics steps to do now, never more than the catch-up holds."""
        return max(0, math.floor(self.behind(now, steps) / self._timestep + 1e-6))

    def wait(self, now: float, steps: int, next_step: int) -> float:
        """Clock time until physics step `next_step` is due [s], 0 where it is."""
        ahead = (next_step - steps) * self._timestep - self.behind(now, steps)
        return max(0.0, ahead / self.rate)

    def note(self, now: float, steps: int) -> None:
        """Remember how late a sample of physics step `steps` came."""
        self._late.append(max(0.0, self.behind(now, steps)) / self.rate)

    def report(self, now: float, steps: int) -> Pace:
        """How well it went; the real-time factor is of the time since the last report."""
        then, before = self._last or (now, steps)
        elapsed = now - then
        factor = (steps - before) * self._timestep / elapsed if elapsed > 0 else math.nan
        self._last = (now, steps)
        if not self._late:
            return Pace(factor, self.lost, math.nan, math.nan, math.nan)
        p50, p99 = np.percentile(np.array(self._late), (50, 99)).tolist()
        return Pace(factor, self.lost, p50, p99, max(self._late))
