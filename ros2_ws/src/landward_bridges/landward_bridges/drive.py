"""What a driver must do now: the newest command, or the safe state where commands stop. No ROS in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landward_ros.watchdog import CommandWatchdog

OK, WARN, ERROR = 0, 1, 2
"""Severities, as diagnostic_msgs/DiagnosticStatus numbers them."""
ROBOT_SILENCE = 0.1
"""Silence of the robot that is reported [s]; the safety monitor acts long before."""


@dataclass(frozen=True)
class Condition:
    """What the driver says about itself."""

    severity: int
    message: str
    """One line that begins with the fault's name."""


class Drive:
    """Keeps the newest command until it is too old.

    Args:
        period: control period [s].
        topic: where commands come from, for messages.
        safe: what the driver does without commands, for messages.
    """

    def __init__(self, period: float, topic: str, safe: str) -> None:
        self._commands = CommandWatchdog(period)
        self._robot = CommandWatchdog(ROBOT_SILENCE, factor=1.0)
        self._topic, self._safe = topic, safe
        self._target: np.ndarray | None = None
        self._refusal = self._unusable = ""
        self.commands = 0
        """Commands accepted."""
        self.refused = 0
        """Commands refused."""

    def command(self, target: np.ndarray | None, now: float) -> None:
        """A command came; None asks for the safe state. One that is not finite is refused.

        Args:
            target: what the robot is to do.
            now: monotonic clock [s].
        """
        if target is not None and not np.isfinite(target).all():
            self.refuse("a number in it is NaN or infinite")
            return
        self._target, self._refusal = target, ""
        self._commands.command(now)
        self.commands += 1

    def refuse(self, reason: str) -> None:
        """A command came that cannot be used: as if none had come."""
        self._refusal = reason
        self.refused += 1

    def heard(self, now: float) -> None:
        """The robot sent a measurement."""
        self._unusable = ""
        self._robot.command(now)

    def unusable(self, reason: str) -> None:
        """The robot sent a measurement that cannot be used: as if none had come."""
        self._unusable = reason

    def target(self, now: float) -> np.ndarray | None:
        """What the robot is to do now; None is the safe state."""
        return None if self._commands.expired(now) else self._target

    def condition(self, now: float) -> Condition:
        """The worst that there is to say."""
        if self._commands.started and self._commands.expired(now):
            limit = 1e3 * self._commands.limit
            lost = f"command_lost: no {self._topic} for more than {limit:g} ms; {self._safe}"
            return Condition(ERROR, lost + _because(self._refusal))
        if not self._robot.started:
            silent = "robot_silent: nothing has come from the robot yet"
            return Condition(WARN, silent + _because(self._unusable))
        if self._robot.expired(now):
            silent = f"robot_silent: nothing for more than {1e3 * ROBOT_SILENCE:g} ms"
            return Condition(ERROR, silent + _because(self._unusable))
        if self._refusal:
            return Condition(WARN, f"command_refused: {self._refusal}")
        if not self._commands.started:
            return Condition(OK, f"waiting for the first {self._topic}; {self._safe}")
        return Condition(OK, f"{self._safe}, as commanded" if self._target is None else "following commands")


def _because(reason: str) -> str:
    return f" (the last was refused: {reason})" if reason else ""


class Hold:
    """The safe state of a position interface, which cannot damp: the position in which it was asked for.

    Before the first target the robot's own controller is left alone.
    """

    def __init__(self) -> None:
        self._moved = False
        self._held: np.ndarray | None = None

    def position(self, target: np.ndarray | None, measured: np.ndarray | None) -> np.ndarray | None:
        """What to send; None sends nothing.

        Args:
            target: (J,) [rad], or None for the safe state.
            measured: (J,) newest measured position [rad], None where nothing was measured yet.
        """
        if target is not None:
            # Without a measurement there would be nothing to hold when commands stop.
            self._moved, self._held = measured is not None, None
            return None if measured is None else target
        if self._moved and self._held is None and measured is not None:
            self._held = measured.copy()
        return self._held
