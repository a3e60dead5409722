"""The folder of recordings: the one place where a client's call makes and reads files."""

from __future__ import annotations

import re
from pathlib import Path

from sims.carla.server.errors import RpcError

NAME = re.compile(r"\w[\w.+-]{0,120}", re.ASCII)
"""A file's name: no separators, nothing hidden, nothing that a shell or a file system takes amiss."""
MOST_BYTES = 128 << 20
"""[bytes] Of one recording; about an hour and a half of 25 actors at 20 steps a second."""
MOST_IN_ALL = 2 << 30
"""[bytes] Of the folder."""
MOST_FILES = 1000


def locate(folder: Path, sent: str) -> Path:
    """Where the recording that a client names is kept.

    Programs give paths of their own machine, such as /home/me/runs/first.log. The last part is the name;
    the rest is dropped, so that no name leads out of the folder.

    Args:
        folder: of all recordings.
        sent: what the client says.

    Raises:
        RpcError: there is no usable name in it.
    """
    name = re.split(r"[/\\:]", sent)[-1]
    if not NAME.fullmatch(name):
        raise RpcError(
            f"{sent[:120]!r} is no name for a recording: give up to 120 letters, digits and _ . + - "
            "(of a path only the last part counts)"
        )
    return folder / name


def existing(folder: Path, sent: str) -> Path:
    """The same, of a recording that is there.

    Raises:
        RpcError: it is not.
    """
    path = locate(folder, sent)
    if not path.is_file() or path.is_symlink():
        raise RpcError(f"File {path.name} not found in the server's folder of recordings, {folder}")
    return path


def make_room(path: Path) -> None:
    """Make the folder, where it is not there yet, for a new recording.

    Raises:
        RpcError: the folder is full, or cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = [file for file in path.parent.iterdir() if file.is_file() and file != path]
        size = sum(file.stat().st_size for file in files)
    except OSError as error:
        raise RpcError(f"nothing can be recorded in {path.parent}: {error.strerror}") from None
    if len(files) >= MOST_FILES or size > MOST_IN_ALL - MOST_BYTES:
        raise RpcError(
            f"the folder of recordings {path.parent} is full ({len(files)} files, {size >> 20} MiB): remove "
            "some, or start the server with another --recordings"
        )
    if path.is_symlink() or path.is_dir():
        raise RpcError(f"{path} is a link or a folder, and stays as it is: choose another name")
