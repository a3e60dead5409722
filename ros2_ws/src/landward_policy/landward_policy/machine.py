"""What the policy node does: passive, stand up, walk, fault; and which changes it refuses."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import numpy as np

_PEAK = 1.875
"""Largest speed of the minimum-jerk curve over its mean: the maximum of 30 x^2 - 60 x^3 + 30 x^4, at 1/2."""


class Mode(enum.Enum):
    """What is commanded."""

    PASSIVE = "passive"
    """Damping: the joints give way slowly."""
    STAND = "stand"
    """Moving to the standing pose, then holding it."""
    POLICY = "policy"
    """The policy's targets."""
    FAULT = "fault"
    """Damping, until the monitor is reset or the operator asks for passive."""


class Machine:
    """The states of the policy node; methods that may refuse return why, and an empty text otherwise."""

    def __init__(
        self, joint_names: Sequence[str], standing: np.ndarray, speed: float, tolerance: float
    ) -> None:
        """Begin passive.

        Args:
            joint_names: the J joints.
            standing: (J,) the pose to stand in [rad].
            speed: largest speed of any joint on the way to it [rad/s].
            tolerance: a joint further from the pose keeps the robot from walking [rad].
        """
        self.mode = Mode.PASSIVE
        self.reason = ""
        """Why there is a fault; empty without one."""
        self._names = tuple(joint_names)
        self._standing, self._speed, self._tolerance = standing, speed, tolerance
        self._monitor_fault = ""
        self._from = standing
        self._began, self._duration = 0.0, 0.0

    @property
    def moves(self) -> bool:
        """Whether position targets are sent, so that measurements and the monitor must be there."""
        return self.mode in (Mode.STAND, Mode.POLICY)

    def stand(self, pose: np.ndarray, now: float) -> str:
        """Move from a measured pose to the standing pose, and hold it.

        Args:
            pose: (J,) measured joint positions [rad].
            now: ROS time [s].
        """
        if self.mode is Mode.FAULT:
            return f"stand refused: {self.reason}; clear the fault first (safety/reset or policy/passive)"
        if self._monitor_fault:
            return f"stand refused: the safety monitor reports {self._monitor_fault}"
        if not np.isfinite(pose).all():
            joint = self._names[int(np.argmin(np.isfinite(pose)))]
            return f"stand refused: the measured position of joint {joint} is not finite"
        if self.mode is Mode.STAND:
            return ""
        self._from, self._began = np.array(pose), now
        self._duration = _PEAK * float(np.abs(self._standing - pose).max()) / self._speed
        self.mode = Mode.STAND
        return ""

    def walk(self, pose: np.ndarray, now: float) -> str:
        """Hand over to the policy, from a finished stand.

        Args:
            pose: (J,) measured joint positions [rad].
            now: ROS time [s].
        """
        if self.mode is Mode.POLICY:
            return ""
        if self.mode is Mode.FAULT:
            return f"walk refused: {self.reason}; clear the fault first (safety/reset or policy/passive)"
        if self.mode is Mode.PASSIVE:
            return "walk refused: the robot is passive, let it stand first (policy/stand)"
        error = np.abs(pose - self._standing)
        worst = int(np.argmax(error))
        # A comparison with NaN is false: "not within" refuses it.
        if not error[worst] <= self._tolerance:
            return (
                f"walk refused: not standing yet, joint {self._names[worst]} is {error[worst]:.2f} rad from "
                "the standing pose"
            )
        left = self._began + self._duration - now
        if left > 0.0:
            return f"walk refused: not standing yet, the way to the standing pose takes another {left:.2f} s"
        self.mode = Mode.POLICY
        return ""

    def passive(self) -> str:
        """Go to damping; leaves a fault of this node, but none that the monitor still holds."""
        if self._monitor_fault:
            return (
                f"passive refused: the safety monitor reports {self._monitor_fault}; the output is damping "
                "already, reset the monitor (safety/reset)"
            )
        self._to_passive()
        return ""

    def stop(self) -> None:
        """Nobody commands any more; what the monitor holds is still remembered."""
        self._to_passive()

    def fault(self, reason: str) -> None:
        """Go to damping and stay there; the first reason is kept."""
        if self.mode is not Mode.FAULT:
            self.mode, self.reason = Mode.FAULT, reason

    def monitor(self, fault: str) -> None:
        """Follow the safety monitor.

        Args:
            fault: what it has latched; empty where nothing. The end of a fault is its reset, which clears a
                fault of this node too.
        """
        before, self._monitor_fault = self._monitor_fault, fault
        if fault:
            self.fault(f"the safety monitor reports {fault}")
        elif before:
            self._to_passive()

    def target(self, now: float) -> np.ndarray:
        """The position target while standing, (J,) [rad]; minimum jerk, so speed and acceleration begin at 0.

        The curve is 10 x^3 - 15 x^4 + 6 x^5 (Flash and Hogan 1985).

        Args:
            now: ROS time [s].
        """
        passed = now - self._began
        if passed >= self._duration:
            return self._standing
        x = max(passed / self._duration, 0.0)
        return self._from + (self._standing - self._from) * (x**3 * (10.0 + x * (6.0 * x - 15.0)))

    def _to_passive(self) -> None:
        self.mode, self.reason = Mode.PASSIVE, ""
