"""What became of a process."""

import time
from pathlib import Path


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie, which is dead and only waits for its parent to take note."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int, patience: float = 10.0) -> bool:
    """Whether a process ends in that time [s]."""
    end = time.monotonic() + patience
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not runs(pid)
