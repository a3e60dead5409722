"""Keys to velocity commands, deadman and actions, for a terminal.

A terminal tells that a key was pressed and, while it is held, pressed again some thirty times a second; it
never tells that a key was released. So the deadman is held for a short time after every key: whoever keeps
any key down, or taps one, holds it; who lets go or drops the keyboard releases it. The key `.` does nothing
else.
"""

from __future__ import annotations

import math

import numpy as np

from landward_tools.velocity import Limits

STEPS = np.array([0.1, 0.1, 0.2])
"""What one press adds to vx, vy [m/s] and the yaw rate [rad/s]."""
MOVES: dict[str, tuple[int, int]] = {
    "w": (0, 1),
    "s": (0, -1),
    "q": (1, 1),
    "e": (1, -1),
    "a": (2, 1),
    "d": (2, -1),
    "up": (0, 1),
    "down": (0, -1),
    "left": (2, 1),
    "right": (2, -1),
}
"""Key -> axis of the command, sign; as in `landward play`. Left is positive (REP-103)."""
HALT, EMERGENCY = " ", "x"
ACTIONS = {"p": "passive", "1": "stand", "2": "walk", "r": "reset", EMERGENCY: "stop"}
"""Key -> what is asked for once."""
HELP = (
    "w s or up down: forward, backward; a d or left right: turn; q e: sideways; space: velocity zero\n"
    "1 stand, 2 walk, p passive, r reset the monitor, x EMERGENCY STOP; . or any key holds the deadman; "
    "Ctrl-C ends"
)
_ESCAPES = {"[A": "up", "[B": "down", "[C": "right", "[D": "left"}
_ESCAPES |= {f"O{code[1]}": name for code, name in _ESCAPES.items()}


class Keyboard:
    """What the operator wants, from the keys so far.

    Args:
        limits: of the command.
        deadman_seconds: how long a key holds the deadman [s]; must be longer than the pause before a terminal
            repeats a held key (0.25 to 0.66 s). 0: from the first key on, while the terminal is there.
    """

    def __init__(self, limits: Limits, deadman_seconds: float = 1.0) -> None:
        self.limits, self.deadman_seconds = limits, deadman_seconds
        self.wanted = np.zeros(3)
        """Where the command goes: vx, vy [m/s], yaw rate [rad/s]."""
        self.command = np.zeros(3)
        """What is sent."""
        self._pressed = -math.inf
        self._released = False

    def press(self, key: str, now: float) -> str | None:
        """Take one key.

        Args:
            key: a character, or the name of an arrow.
            now: a clock that only goes forward [s].

        Returns:
            An action's name where the key asks for one.
        """
        key = key.lower() if len(key) == 1 else key
        if key == EMERGENCY:
            self.release()
            return ACTIONS[key]
        if not self.held(now):
            # Whatever was wanted before the deadman was released is forgotten.
            self.halt()
        self._pressed, self._released = now, False
        if key in MOVES:
            axis, sign = MOVES[key]
            self.wanted[axis] += sign * STEPS[axis]
            # A tenth of a step is rounding left over from key presses.
            self.wanted[np.abs(self.wanted) < 0.01] = 0.0
            self.wanted = self.limits.clip(self.wanted)
        elif key == HALT or key in ("p", "r"):
            self.halt()
        return ACTIONS.get(key)

    def held(self, now: float) -> bool:
        """Whether the deadman is held at a time [s]."""
        if self._released or math.isinf(self._pressed):
            return False
        return not self.deadman_seconds or now - self._pressed <= self.deadman_seconds

    def tick(self, now: float, period: float) -> tuple[np.ndarray, bool]:
        """The command to send, (3,), and whether the deadman is held.

        Args:
            now: [s].
            period: since the last call [s].
        """
        held = self.held(now)
        if not held:
            self.halt()
        self.command = self.limits.ramp(self.command, self.wanted, period)
        return self.command, held

    def halt(self) -> None:
        """Velocity zero, at once."""
        self.wanted, self.command = np.zeros(3), np.zeros(3)

    def release(self) -> None:
        """Let go of the deadman until the next key."""
        self.halt()
        self._released = True


def split_keys(text: str) -> tuple[list[str], str]:
    """What a terminal sent, as keys.

    Args:
        text: characters; an arrow is an escape sequence of three.

    Returns:
        Keys in order, and the beginning of a sequence whose rest has not come yet. Escape sequences of other
        keys count as the key "escape".
    """
    keys, place = [], 0
    while place < len(text):
        if text[place] != "\x1b":
            keys.append(text[place])
            place += 1
            continue
        end = _sequence_end(text, place)
        if end is None:
            return keys, text[place:]
        keys.append(_ESCAPES.get(text[place + 1 : end], "escape"))
        place = end
    return keys, ""


def _sequence_end(text: str, start: int) -> int | None:
    """Where the escape sequence at `start` ends, None: not yet (ECMA-48: ESC [ parameters final)."""
    if start + 1 == len(text):
        return None
    if text[start + 1] not in "[O":
        return start + 1
    for place in range(start + 2, len(text)):
        if "@" <= text[place] <= "~":
            return place + 1
    return None
