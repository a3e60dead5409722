"""Keys to velocity commands, the same for every viewer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from landward.velocity_commands import COMMANDS, Ranges

STEPS = (0.1, 0.1, 0.2)
"""What one key press adds to vx, vy [m/s] and the yaw rate [rad/s]."""
AXIS_NAMES = ("forward", "sideways", "turn")
AXIS_UNITS = ("m/s", "m/s", "rad/s")
MOVES: dict[str, tuple[int, int]] = {
    "forward": (0, 1),
    "backward": (0, -1),
    "left": (1, 1),
    "right": (1, -1),
    "turn left": (2, 1),
    "turn right": (2, -1),
}
"""Move -> axis of the command, sign. Left and counter-clockwise are positive (REP-103)."""
ACTIONS = ("stop", "pause", "reset", "push")
KEYS: dict[str, str] = {
    "W": "forward",
    "S": "backward",
    "A": "turn left",
    "D": "turn right",
    "Q": "left",
    "E": "right",
    "arrowup": "forward",
    "arrowdown": "backward",
    "arrowleft": "turn left",
    "arrowright": "turn right",
    "X": "stop",
    "space": "pause",
    "R": "reset",
    "P": "push",
}
"""Key -> move or action."""
HELP = (
    "W S or up down: forward, backward; A D or left right: turn; Q E: sideways; "
    "X stop, space pause, R reset, P push"
)


@dataclass
class Drive:
    """The command that the operator holds, and what was asked for once.

    Viewers write it from their own threads; the session reads it once a control step. Each field is written
    whole, so no lock is needed.
    """

    box: Ranges = COMMANDS
    """Lowest and highest command of each axis."""
    command: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32))
    """vx, vy [m/s], yaw rate [rad/s]."""
    paused: bool = False
    wants_reset: bool = False
    wants_push: bool = False

    def set(self, axis: int, value: float) -> None:
        """Set one axis of the command, within the box."""
        command = self.command.copy()
        command[axis] = np.clip(value, *self.box[axis])
        # A tenth of a step is rounding left over from key presses.
        command[np.abs(command) < 0.01] = 0.0
        self.command = command

    def do(self, name: str) -> None:
        """A move (one step of its axis) or an action, by name."""
        if name in MOVES:
            axis, sign = MOVES[name]
            self.set(axis, float(self.command[axis]) + sign * STEPS[axis])
        elif name == "stop":
            self.command = np.zeros(3, np.float32)
        elif name == "pause":
            self.paused = not self.paused
        elif name == "reset":
            self.wants_reset = True
        elif name == "push":
            self.wants_push = True
        else:
            raise ValueError(f"unknown move {name!r}; there are {', '.join((*MOVES, *ACTIONS))}")

    def key(self, key: str) -> bool:
        """Act on a key of `KEYS`; False for any other."""
        if key not in KEYS:
            return False
        self.do(KEYS[key])
        return True
