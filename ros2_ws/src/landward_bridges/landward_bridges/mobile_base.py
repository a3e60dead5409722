"""Driver of a mobile base: policy/twist to cmd_vel, within limits, and to a stop where commands end.

    python -m landward_bridges.mobile_base --ros-args -p max_linear:=0.5 -p max_turn:=1.0

Needs: a base that takes cmd_vel (geometry_msgs/TwistStamped as Nav2 and ros2_control of Jazzy and later do,
or Twist with stamped:=false) in the frame base_link (x forward, y left, z up; m/s and rad/s), and a policy
with a twist action that publishes policy/twist (geometry_msgs/TwistStamped).

Parameters:
  max_linear      largest forward and backward speed [m/s], required
  max_turn        largest turn rate [rad/s], required
  max_lateral     largest sideways speed [m/s]; 0, the default, for a base that cannot move sideways
  stamped         true, the default: TwistStamped; false: Twist
  base_topic      where the base listens, cmd_vel
  control_period  time between two commands of the policy [s], 0.1

A command beyond the limits is scaled down as a whole, so that the path keeps its curve. Without a command for
1.5 control periods the base is told to stop, again and again, and /diagnostics says command_lost. A base that
must stop when this process dies needs a time-out of its own (ros2_control: cmd_vel_timeout).
"""

from __future__ import annotations

import math
import sys
import time
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.node import Node

from landward.errors import LandwardError
from landward_bridges.drive import Drive
from landward_bridges.parameters import declare, positive
from landward_bridges.velocity import limited
from landward_ros import convert, names, qos, realtime
from landward_ros.diagnostics import Reporter
from landward_ros.process import deliver, run_node
from landward_ros.ticker import Ticker

_WATCHES = 4
"""Looks at the watchdog in a control period."""
_STOP = np.zeros(3)


class MobileBaseNode(Node):
    """Passes a policy's twist on within limits; stops the base where commands end."""

    def __init__(self, **options: Any) -> None:
        """Read the parameters and open the topics.

        Args:
            options: of rclpy.node.Node, such as parameter_overrides.

        Raises:
            LandwardError: a limit is not set, or makes no sense.
        """
        super().__init__(names.BRIDGE_NODE, **options)
        period = positive(self, "control_period", 0.1, "time between two commands of the policy [s]")
        self._limits = np.array([_limit(self, name) for name in ("max_linear", "max_lateral", "max_turn")])
        self._stamped = bool(declare(self, "stamped", True, "true: TwistStamped, false: Twist"))
        topic = str(declare(self, "base_topic", names.CMD_VEL, "where the base listens"))
        self._drive = Drive(period, names.POLICY_TWIST, "stopped")
        self._clamped = 0
        self._ticker = Ticker(self, period / _WATCHES)
        self._reporter = Reporter(self, "drive", "mobile_base")
        self._base = self.create_publisher(TwistStamped if self._stamped else Twist, topic, qos.COMMAND)
        self.create_subscription(TwistStamped, names.POLICY_TWIST, self._on_command, qos.COMMAND)

    def step(self) -> float:
        """Stop where commands have ended; returns the time until the next look [s]."""
        if self._ticker.poll():
            now = time.monotonic()
            # A base without odometry on this topic cannot be silent: whether it listens is what can be seen.
            if self._base.get_subscription_count():
                self._drive.heard(now)
            if self._drive.target(now) is None:
                self._send(_STOP)
            self._report(now)
        return self._ticker.remaining()

    def close(self) -> None:
        """Leave the base stopped."""
        self._send(_STOP)
        deliver(self._base)

    def _on_command(self, msg: TwistStamped) -> None:
        now = time.monotonic()
        if msg.header.frame_id not in ("", names.BASE_LINK):
            self._drive.refuse(f"it is in frame {msg.header.frame_id!r}, not in {names.BASE_LINK!r}")
            return
        wanted = convert.read_twist(msg)
        velocity = limited(wanted, self._limits)
        self._drive.command(velocity, now)
        accepted = self._drive.target(now)
        if accepted is velocity:
            self._clamped += int(not np.array_equal(velocity, wanted))
            self._send(velocity)

    def _send(self, velocity: np.ndarray) -> None:
        stamped = convert.twist_message(self.get_clock().now().nanoseconds, velocity)
        self._base.publish(stamped if self._stamped else stamped.twist)

    def _report(self, now: float) -> None:
        condition = self._drive.condition(now)
        values = {
            "commands": str(self._drive.commands),
            "refused": str(self._drive.refused),
            "clamped": str(self._clamped),
        }
        self._reporter.set(bytes([condition.severity]), condition.message, values)


def _limit(node: Node, name: str) -> float:
    """A speed limit; only the sideways one may be left at 0.

    Raises:
        LandwardError: not set, negative or not finite.
    """
    unit = "rad/s" if name == "max_turn" else "m/s"
    value = float(str(declare(node, name, 0.0, f"largest speed [{unit}]")))
    if not 0.0 <= value < math.inf or (value == 0.0 and name != "max_lateral"):
        raise LandwardError(f"parameter {name} must be a positive speed in {unit}, got {value:g}")
    return value


def main() -> int:
    """Run the node."""
    return run_node(MobileBaseNode, usage=__doc__ or "", priority=realtime.ROBOT)


if __name__ == "__main__":
    sys.exit(main())
