"""Writing a file so that a reader finds the former content or the new one, never a part of it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from landward.errors import RunError


def write_atomic(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Replace a file by what `write` puts into the stream it is given.

    The content goes to a temporary file beside it, is forced to the disk and then renamed over `path`:
    a crash, a kill or a full disk leaves the former file as it was.

    Raises:
        RunError: the folder is missing, read-only or full; the former file is untouched.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with temporary.open("x+b") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        sync(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        cause = os_error_behind(error) if isinstance(error, Exception) else None
        if cause is not None:
            raise RunError(describe_os_error("write", path, cause)) from error
        raise


def write_text_atomic(path: Path, text: str) -> None:
    """Replace a text file (UTF-8) by `text`; raises RunError as `write_atomic` does."""
    write_atomic(path, lambda stream: stream.write(text.encode()))


def os_error_behind(error: BaseException) -> OSError | None:
    """The OSError that `error` is or was raised from: torch.save wraps a full disk in a RuntimeError."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def describe_os_error(verb: str, path: Path, error: OSError) -> str:
    """One line for a failed file operation: what, where, why, and the remedy.

    Args:
        verb: "read", "write" or "delete".
        path: the file.
        error: what the operating system said.
    """
    reason = error.strerror or str(error)
    kept = "the former file is untouched; " if verb == "write" and path.exists() else ""
    return f"cannot {verb} {path}: {reason}; {kept}{_remedy(error)}"


def _remedy(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "free some space (or raise the limit) and run it again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "check the owner and the permissions of the file and its folder"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "check the path"
    if error.errno == errno.EISDIR:
        return "a folder lies where a file is meant"
    return "check the disk"


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def new_folder(parent: Path, name: str) -> Path:
    """Make the folder `parent/name`, or `name_2` and so on where that exists already.

    Raises:
        RunError: it cannot be made.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, 1000):
            path = parent / (name if attempt == 1 else f"{name}_{attempt}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise RunError(describe_os_error("write", parent / name, error)) from error
    raise RunError(f"{parent / name} and its 998 successors exist; remove old ones")
