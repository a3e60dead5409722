"""A checksum at the end of a file, so that a cut or altered file is known before it is loaded.

The trailer travels with the file when it is copied, and readers of zip archives (torch.load) do not mind it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from landward.errors import CheckpointError

_MARK = b"\nlandward-sha256:"
_LENGTH = len(_MARK) + 64 + 1


def append_trailer(stream: BinaryIO) -> None:
    """Append the SHA-256 of everything that is in a stream opened for reading and writing."""
    stream.flush()
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    stream.write(_MARK + digest.hexdigest().encode() + b"\n")


def read_verified(path: Path) -> bytes:
    """The content of a file without its trailer.

    Raises:
        CheckpointError: there is no trailer, so the file was cut short or comes from elsewhere; or the
            content does not match it.
        OSError: the file cannot be read.
    """
    data = path.read_bytes()
    content, trailer = data[:-_LENGTH], data[-_LENGTH:]
    if len(trailer) < _LENGTH or not trailer.startswith(_MARK):
        raise CheckpointError(
            f"{path} has no checksum at its end ({len(data)} bytes): it was cut short, "
            "or is not a Landward checkpoint"
        )
    if hashlib.sha256(content).hexdigest().encode() != trailer[len(_MARK) : -1]:
        raise CheckpointError(f"{path} is damaged: its content does not match its checksum")
    return content
