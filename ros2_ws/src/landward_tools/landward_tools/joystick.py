"""A joystick's axes and buttons to velocity commands, deadman and actions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from landward.errors import LandwardError
from landward_tools.velocity import Limits


class JoystickError(LandwardError):
    """The joystick has not the axes or buttons that the mapping names."""


@dataclass(frozen=True)
class JoyMapping:
    """Which axis and button does what; the defaults are an Xbox pad as ROS's joy_node reads it."""

    axes: tuple[int, int, int] = (1, 0, 3)
    """Forward, sideways and turn; on a joystick's axes up and left are positive."""
    inverted: tuple[int, ...] = ()
    """Axes that count the other way round."""
    dead_zone: float = 0.1
    """Deflection that still counts as centred, 0 to 1."""
    deadman: int = 4
    """Button that has to be held."""
    actions: Mapping[str, int] = field(
        default_factory=lambda: {"stand": 2, "walk": 0, "passive": 1, "reset": 7, "stop": 6}
    )
    """Action -> button."""
    timeout: float = 0.25
    """[s] A joystick that is silent for longer has let go."""


class Joystick:
    """What the operator wants, from the newest message."""

    def __init__(self, limits: Limits, mapping: JoyMapping) -> None:
        self.limits, self.mapping = limits, mapping
        self.command = np.zeros(3)
        """What is sent: vx, vy [m/s], yaw rate [rad/s]."""
        self._deflection = np.zeros(3)
        self._down: set[str] = set()
        self._holding, self._heard = False, -math.inf

    def read(self, axes: Sequence[float], buttons: Sequence[int], now: float) -> list[str]:
        """Take one message.

        Args:
            axes: deflections, -1 to 1.
            buttons: 1 where pressed.
            now: a clock that only goes forward [s].

        Returns:
            Names of actions whose button went down.

        Raises:
            JoystickError: an axis or a button is missing; the joystick counts as silent then.
        """
        self._heard = -math.inf
        mapping = self.mapping
        _check("axis", mapping.axes, len(axes))
        _check("button", (mapping.deadman, *mapping.actions.values()), len(buttons))
        sign = [-1.0 if axis in mapping.inverted else 1.0 for axis in mapping.axes]
        raw = np.array([axes[axis] for axis in mapping.axes]) * sign
        # A broken axis must not command anything: NaN is centred and lets go.
        whole = bool(np.isfinite(raw).all())
        self._deflection = centred(raw, mapping.dead_zone) if whole else np.zeros(3)
        down = {name for name, button in mapping.actions.items() if buttons[button]}
        # The stop must work even where its service is not found.
        self._holding = whole and bool(buttons[mapping.deadman]) and "stop" not in down
        self._heard = now
        pressed = [name for name in mapping.actions if name in down - self._down]
        self._down = down
        return pressed

    def held(self, now: float) -> bool:
        """Whether the deadman button is held at a time [s]."""
        return self._holding and now - self._heard <= self.mapping.timeout

    def tick(self, now: float, period: float) -> tuple[np.ndarray, bool]:
        """The command to send, (3,), and whether the deadman is held.

        Args:
            now: [s].
            period: since the last call [s].
        """
        held = self.held(now)
        if held:
            limits = self.limits
            reach = np.where(self._deflection >= 0.0, limits.high, -limits.low)
            self.command = limits.ramp(self.command, self._deflection * reach, period)
        else:
            self.command = np.zeros(3)
        return self.command, held


def centred(deflection: np.ndarray, dead_zone: float) -> np.ndarray:
    """Deflections -1 to 1 with the dead zone cut out of the middle, still from -1 to 1."""
    size = np.clip((np.abs(deflection) - dead_zone) / (1.0 - dead_zone), 0.0, 1.0)
    return np.sign(deflection) * size


def _check(what: str, wanted: Sequence[int], count: int) -> None:
    beyond = [number for number in wanted if not 0 <= number < count]
    if beyond:
        raise JoystickError(
            f"the joystick has {count} {'axes' if what == 'axis' else 'buttons'}, the mapping names {what} "
            f"{beyond[0]}; give another number (`ros2 topic echo joy` shows which is which)"
        )
