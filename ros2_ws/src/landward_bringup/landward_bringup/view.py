"""The robot as somebody who watches a deployment sees it."""

from __future__ import annotations

from dataclasses import dataclass

Velocity = tuple[float, float, float]
"""vx, vy [m/s], yaw rate [rad/s] of the base."""


@dataclass(frozen=True)
class View:
    """The last that was heard of each."""

    time: float = 0.0
    """ROS time [s]; 0 where there is none yet."""
    walks_since: float | None = None
    """ROS time [s] at which the policy took over."""
    policy: str = "not there yet"
    safety: str = ""
    """What the monitor reports, where it is not all right."""
    command: Velocity | None = None
    robot: Velocity | None = None
    """Where something measures it."""

    def line(self, seconds: float) -> str:
        """All in one line.

        Args:
            seconds: how long the robot is to walk [s]; 0 where that is open.
        """
        parts = [f"policy: {self.policy}"]
        if self.walks_since is not None:
            walked = max(self.time - self.walks_since, 0.0)
            parts.append(f"{max(seconds - walked, 0.0):.0f} s left" if seconds else f"{walked:.0f} s")
        if self.safety:
            parts.append(f"safety: {self.safety}")
        if self.command:
            parts.append(f"command {_shown(self.command)}")
        if self.command and self.robot:
            parts.append(f"robot {_shown(self.robot)}")
        return ", ".join(parts)


def _shown(v: Velocity) -> str:
    return f"{v[0]:+.2f} {v[1]:+.2f} m/s {v[2]:+.2f} rad/s"
