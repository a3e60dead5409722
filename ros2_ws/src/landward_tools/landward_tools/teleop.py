"""`python -m landward_tools.teleop`: drive a robot with the keyboard of a terminal.

parameters:
  forward, backward, sideways [m/s], turn [rad/s]
                    the fastest commands
  acceleration [m/s^2], turn_acceleration [rad/s^2]
                    how quickly commands grow
  deadman_seconds   how long a key holds the deadman [s]; 0: as long as the terminal is there
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from landward.errors import LandwardError
from landward_ros.process import run_node
from landward_tools.keys import HELP, Keyboard
from landward_tools.terminal import KeyReader, key_by_key

if TYPE_CHECKING:
    from rclpy.node import Node

SHOW = 0.2
"""[s] Between two status lines."""


def make_node(read: Callable[[], list[str]], write: Callable[[str], object]) -> Node:
    """The node.

    Args:
        read: the keys since the last call.
        write: puts text on the terminal.
    """
    from rclpy.node import Node

    from landward_ros import names
    from landward_ros.ticker import TickClock
    from landward_tools.operate import PERIOD, Desk, limits_of

    class Teleop(Node):
        """Keys in, commands and deadman out."""

        def __init__(self) -> None:
            super().__init__(names.TELEOP_NODE)
            seconds = float(self.declare_parameter("deadman_seconds", 1.0).value or 0.0)
            self._keyboard = Keyboard(limits_of(self), seconds)
            self._desk = Desk(self, self._say)
            self._ticks = TickClock(PERIOD)
            self._show_at = 0.0
            write(HELP + "\n")

        def step(self) -> float:
            """Act on keys at once; send at a fixed rate.

            Returns:
                How long it may sleep [s].

            Raises:
                TerminalError: the terminal was closed.
            """
            now = time.monotonic_ns()
            for key in read():
                action = self._keyboard.press(key, now / 1e9)
                if action is not None:
                    self._desk.request(action)
            elapsed = self._ticks.poll(now)
            if elapsed:
                self._desk.send(*self._keyboard.tick(now / 1e9, elapsed * PERIOD))
                self._show(now / 1e9)
            return self._ticks.remaining(now)

        def close(self) -> None:
            """Stand still and let go."""
            self._keyboard.release()
            self._desk.send(*self._keyboard.tick(0.0, PERIOD))
            write("\n")

        def _say(self, line: str) -> None:
            write(f"\r\x1b[K{printable(line)}\n")

        def _show(self, now: float) -> None:
            if now < self._show_at:
                return
            self._show_at = now + SHOW
            write(status_line(self._keyboard, now, self._desk.states))

    return Teleop()


def status_line(keyboard: Keyboard, now: float, states: dict[str, str], width: int | None = None) -> str:
    """One line that replaces the former one: command, deadman, states of policy and monitor."""
    vx, vy, wz = keyboard.command
    held = "held" if keyboard.held(now) else "RELEASED"
    others = " | ".join(f"{topic.partition('/')[0]}: {state}" for topic, state in states.items())
    line = f"vx {vx:+.2f} vy {vy:+.2f} m/s, turn {wz:+.2f} rad/s | deadman {held} | {others}"
    room = (width or shutil.get_terminal_size().columns) - 1
    return f"\r\x1b[K{printable(line)[:room]}"


def printable(text: str) -> str:
    """Text of other nodes without what would move the cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node in this terminal; the exit status."""

    def write(text: str) -> None:
        # A terminal that was closed is noticed by its reader, which then ends the node in good order.
        with contextlib.suppress(OSError):
            sys.stdout.write(text)
            sys.stdout.flush()

    words: Any = list(sys.argv if args is None else args)
    if {"-h", "--help"} & set(words[1:]):
        return run_node(lambda: make_node(list, write), words, __doc__ or "")
    descriptor = sys.stdin.fileno()
    try:
        with key_by_key(descriptor):
            reader = KeyReader(descriptor)
            return run_node(lambda: make_node(reader.read, write), words, __doc__ or "")
    except LandwardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
