"""A terminal that gives keys one by one, and is as before afterwards."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import tty
from collections.abc import Iterator

from landward.errors import LandwardError
from landward_tools.keys import split_keys


class TerminalError(LandwardError):
    """There is no terminal to read keys from, or it was closed."""


@contextlib.contextmanager
def key_by_key(descriptor: int) -> Iterator[None]:
    """No echo, no waiting for Enter; Ctrl-C still interrupts. Restored whatever happens.

    Ctrl-Z and Ctrl-S are plain keys meanwhile: one would stop the teleoperation and leave the shell without
    echo, the other would block it at its next line of output.

    Raises:
        TerminalError: not a terminal.
    """
    if not os.isatty(descriptor):
        raise TerminalError(
            "keyboard teleoperation needs a terminal on its input; run it by hand in one, or use a joystick "
            "(landward teleop --joy)"
        )
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        changed = termios.tcgetattr(descriptor)
        changed[6][termios.VSUSP] = b"\0"
        changed[0] &= ~termios.IXON
        termios.tcsetattr(descriptor, termios.TCSANOW, changed)
        yield
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


class KeyReader:
    """Reads keys without waiting.

    Args:
        descriptor: of a terminal within `key_by_key`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._rest = descriptor, ""

    def read(self) -> list[str]:
        """The keys since the last call.

        Raises:
            TerminalError: the terminal was closed.
        """
        if not select.select([self._descriptor], [], [], 0.0)[0]:
            # What follows an escape comes with it: one that stands alone is the key itself.
            alone, self._rest = self._rest, ""
            return ["escape"] if alone else []
        try:
            data = os.read(self._descriptor, 1024)
        except OSError:
            data = b""
        if not data:
            raise TerminalError("the terminal was closed: the deadman is released")
        keys, self._rest = split_keys(self._rest + data.decode("utf-8", "replace"))
        return keys
