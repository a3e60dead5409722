"""Fixed-rate ticks that keep their phase, with statistics of how late they came.

A node that must act at a fixed rate with little jitter has a `step()` that `process.run_node` calls
between callbacks; `step` polls a `Ticker` and returns `ticker.remaining()`, the time until it wants to be
called again:

    def step(self) -> float:
        if self.ticker.poll():
            self.control()
        return self.ticker.remaining()

A node that does not mind some tens of microseconds more takes a timer from `steady_timer`. Both run on the
monotonic clock, so that a clock set by NTP neither skips nor doubles a tick, and on the ROS clock under
`use_sim_time`. Neither drifts: tick k is due at start + k * period, however late tick k - 1 was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from landward_ros.samples import NS
from landward_ros.window import Window

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.timer import Timer

_KEPT = 8192
"""Latest ticks that the percentiles are of: 160 s at 50 Hz."""
_SIM_WAIT = 0.05
"""Longest wait under simulated time, whose next message wakes the loop earlier [s]."""


@dataclass(frozen=True)
class Lateness:
    """How late ticks were acted on; times in seconds, NaN before the first tick."""

    count: int
    """Ticks acted on since the last reset."""
    missed: int
    """Ticks that were skipped, because their successor was due already."""
    p50: float
    p99: float
    max: float
    """Largest since the last reset; p50 and p99 are of the latest ticks."""


class TickClock:
    """Tells which ticks are due; pure, so that tests bring their own clock.

    Args:
        period: time between two ticks [s].

    Raises:
        ValueError: the period is not positive.
    """

    def __init__(self, period: float) -> None:
        self.period_ns = round(period * NS)
        if self.period_ns <= 0:
            raise ValueError(f"the period must be positive, got {period:g} s")
        self._late = Window(_KEPT)
        self.reset()

    def reset(self) -> None:
        """Forget phase and statistics; the next poll is the new origin."""
        self._next: int | None = None
        self._before = 0
        self._late.reset()
        self._missed = 0

    def poll(self, now: int) -> int:
        """How many ticks have become due since the last poll; 0 = none yet.

        The first poll sets the origin; the first tick is due one period later. A clock that goes back (a
        simulation that was reset) sets a new origin.

        Args:
            now: [ns].
        """
        if self._next is None or now < self._before:
            self._next, self._before = now + self.period_ns, now
            return 0
        self._before = now
        late = now - self._next
        if late < 0:
            return 0
        elapsed = late // self.period_ns + 1
        self._next += elapsed * self.period_ns
        self._late.record(late / NS)
        self._missed += elapsed - 1
        return elapsed

    def align(self, now: int, delay: float) -> None:
        """Choose the phase: the next tick is due `delay` [s] after `now` [ns]; the statistics go on."""
        self._next, self._before = now + round(delay * NS), now

    def shift(self, offset: float) -> None:
        """Move the next tick and all later ones by `offset` [s]; follows a sensor whose clock drifts."""
        if self._next is not None:
            self._next += round(offset * NS)

    def remaining(self, now: int) -> float:
        """Time until the next tick is due [s], 0 where it is."""
        return 0.0 if self._next is None else max(0, self._next - now) / NS

    @property
    def lateness(self) -> Lateness:
        """How late the ticks were acted on."""
        return Lateness(self._late.count, self._missed, *self._late.percentiles(), self._late.max)


class Ticker:
    """A TickClock on the clock of a node: monotonic in real time, the ROS clock under simulated time.

    Args:
        node: whose parameter use_sim_time decides.
        period: time between two ticks [s].
    """

    def __init__(self, node: Node, period: float) -> None:
        self._ticks = TickClock(period)
        self.simulated = uses_sim_time(node)
        self._clock = node.get_clock()

    def now(self) -> int:
        """Time of the clock that ticks are on [ns]."""
        return self._clock.now().nanoseconds if self.simulated else time.monotonic_ns()

    def poll(self) -> int:
        """How many ticks have become due since the last poll; 0 = none yet."""
        now = self.now()
        # Simulated time is 0 until the first /clock; the jump from there is no time that passed.
        return self._ticks.poll(now) if now else 0

    def remaining(self) -> float:
        """Longest time to wait for the next tick [s of wall time]."""
        return _SIM_WAIT if self.simulated else self._ticks.remaining(self.now())

    def align(self, delay: float) -> None:
        """Choose the phase: the next tick is due in `delay` [s]; the statistics go on."""
        self._ticks.align(self.now(), delay)

    def shift(self, offset: float) -> None:
        """Move the next tick and all later ones by `offset` [s]; follows a sensor whose clock drifts."""
        self._ticks.shift(offset)

    def reset(self) -> None:
        """Forget phase and statistics; the next poll is the new origin."""
        self._ticks.reset()

    @property
    def lateness(self) -> Lateness:
        """How late the ticks were acted on."""
        return self._ticks.lateness


def uses_sim_time(node: Node) -> bool:
    """Whether the node's clock is /clock."""
    return bool(node.get_parameter("use_sim_time").value)


def ros_time(node: Node) -> Callable[[], int]:
    """What reads the node's ROS time [ns]: the clock of the system, or /clock under simulated time.

    rclpy's own way to the system's clock takes thirty times as long, and a control loop looks often.
    """
    if not uses_sim_time(node):
        return time.time_ns
    clock = node.get_clock()
    return lambda: clock.now().nanoseconds


def steady_timer(node: Node, period: float, callback: Callable[[], None]) -> Timer:
    """A timer on the monotonic clock, or on the ROS clock under simulated time.

    The default clock of `create_timer` is the system's, which jumps when it is set.

    Args:
        node: that owns the timer.
        period: [s].
        callback: called without arguments.
    """
    from rclpy.clock import Clock, ClockType

    if uses_sim_time(node):
        return node.create_timer(period, callback)
    return node.create_timer(period, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))
