"""Run a command that dies with its parent: `python guard.py PARENT_PID COMMAND...`.

The supervisor of a deployment and the fault campaign start every process through this file. Linux then kills
the process when its parent dies,
even by SIGKILL, so that no node is left that nobody watches. (The robot is safe without any node: its drive
damps by itself once commands stop.) The setting outlives the exec, and that of the ROS wheels, which start
Python a second time. It is not done between fork and exec, where a process with threads must not run Python.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0):
        sys.exit(f"error: cannot tie {command} to its supervisor: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # it died before the line above
        sys.exit(1)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"error: cannot start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
