"""`python -m landward_tools.joy`: drive a robot with a joystick that ROS's joy_node reads.

parameters:
  axis_forward, axis_sideways, axis_turn     numbers of axes (1, 0, 3)
  inverted_axes                              numbers of axes that count the other way round
  dead_zone                                  deflection that counts as centred (0.1)
  button_deadman                             has to be held (4)
  button_stand, button_walk, button_passive, button_reset, button_stop
                                             2, 0, 1, 7, 6
  timeout                                    a joystick silent for longer has let go [s] (0.25)
  forward, backward, sideways [m/s], turn [rad/s], acceleration [m/s^2], turn_acceleration [rad/s^2]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from landward_ros.process import run_node
from landward_tools.joystick import JoyMapping, Joystick, JoystickError

if TYPE_CHECKING:
    from rclpy.node import Node

TOPIC = "joy"


def make_node() -> Node:
    """The node."""
    from rclpy.node import Node
    from sensor_msgs.msg import Joy

    from landward_ros import names
    from landward_ros.ticker import TickClock
    from landward_tools.operate import PERIOD, Desk, limits_of

    class JoyTeleop(Node):
        """Joystick in, commands and deadman out."""

        def __init__(self) -> None:
            super().__init__(names.TELEOP_NODE)
            self._joystick = Joystick(limits_of(self), mapping_of(self))
            self._desk = Desk(self, self.get_logger().info)
            self._ticks = TickClock(PERIOD)
            # joy_node offers the default service: every button press arrives.
            self.create_subscription(Joy, TOPIC, self._on_joy, 10)

        def step(self) -> float:
            """Send at a fixed rate; how long it may sleep [s]."""
            now = time.monotonic_ns()
            elapsed = self._ticks.poll(now)
            if elapsed:
                self._desk.send(*self._joystick.tick(now / 1e9, elapsed * PERIOD))
            return self._ticks.remaining(now)

        def close(self) -> None:
            """Stand still and let go."""
            self._desk.send(self._joystick.command * 0.0, False)

        def _on_joy(self, message: Joy) -> None:
            try:
                pressed = self._joystick.read(message.axes, message.buttons, time.monotonic())
            except JoystickError as error:
                self.get_logger().error(str(error), throttle_duration_sec=5.0)
                return
            for action in pressed:
                self._desk.request(action)

    return JoyTeleop()


def mapping_of(node: Node) -> JoyMapping:
    """The mapping from parameters."""
    default = JoyMapping()

    def number(name: str, value: int) -> int:
        return int(node.declare_parameter(name, value).value or 0)

    axes = tuple(
        number(f"axis_{name}", value)
        for name, value in zip(("forward", "sideways", "turn"), default.axes, strict=True)
    )
    # An empty list has no type in ROS; -1 is no axis.
    inverted = node.declare_parameter("inverted_axes", [-1]).value or []
    return JoyMapping(
        axes=(axes[0], axes[1], axes[2]),
        inverted=tuple(int(axis) for axis in inverted),
        dead_zone=float(node.declare_parameter("dead_zone", default.dead_zone).value or 0.0),
        deadman=number("button_deadman", default.deadman),
        actions={name: number(f"button_{name}", button) for name, button in default.actions.items()},
        timeout=float(node.declare_parameter("timeout", default.timeout).value or 0.0),
    )


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until a signal; the exit status."""
    return run_node(make_node, args, __doc__ or "")


if __name__ == "__main__":
    sys.exit(main())
