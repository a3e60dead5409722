"""The rule of the robot's side: no command for too long, and the drive goes to its safe state by itself."""

from __future__ import annotations


class CommandWatchdog:
    """Says when commands have stopped coming; before the first one they count as stopped.

    Args:
        period: time between two commands [s].
        factor: periods without a command that are still accepted.
    """

    def __init__(self, period: float, factor: float = 1.5) -> None:
        self.limit = period * factor
        """Longest accepted silence [s]."""
        self._last: float | None = None

    def command(self, now: float) -> None:
        """A command came.

        Args:
            now: any clock that only goes forward [s].
        """
        self._last = now

    def reset(self) -> None:
        """As before the first command."""
        self._last = None

    @property
    def started(self) -> bool:
        """Whether a command has come yet: tells "lost" from "not there yet"."""
        return self._last is not None

    def silence(self, now: float) -> float:
        """Time since the last command [s]; infinite before the first."""
        return float("inf") if self._last is None else now - self._last

    def expired(self, now: float) -> bool:
        """Whether the drive must be in its safe state."""
        return self.silence(now) > self.limit
