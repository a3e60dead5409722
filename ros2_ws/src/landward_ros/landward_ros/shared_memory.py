"""Removes the shared-memory files that Fast DDS leaves behind when a process is killed.

Our nodes do without (`transport`); those of others may not. A participant holds a lock (flock) on
`fastdds_<name>_el` as long as it lives. Files whose lock is free belong to nobody: half a megabyte for every
node that was killed, in a folder that is main memory.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path("/dev/shm")
"""Where Linux keeps shared memory; other systems have no such folder, and nothing to clean in it."""
_LOCK = "_el"
_MIN_AGE = 1.0
"""Youngest file that is removed [s]: a starting participant makes its files before it locks them."""


def remove_dead(folder: Path = FOLDER) -> int:
    """Remove the files of participants that live no more.

    Returns:
        The number of participants' files and ports removed. Files that another user owns are left alone.
    """
    removed = 0
    for lock in folder.glob(f"fastdds_*{_LOCK}") if folder.is_dir() else ():
        if _is_free(lock):
            for path in _files(lock):
                path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_free(lock: Path) -> bool:
    try:
        if time.time() - lock.stat().st_mtime < _MIN_AGE:
            return False
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _files(lock: Path) -> Iterator[Path]:
    name = lock.name.removesuffix(_LOCK)
    yield lock.with_name(name)
    yield lock.with_name(f"sem.{name}_mutex")
    yield lock
