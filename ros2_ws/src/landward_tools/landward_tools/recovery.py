"""Saves what is whole in a recording that was cut off.

MCAP (https://mcap.dev/spec): 8 bytes of magic, then records of 1 byte operation, 8 bytes length (little
endian) and content. Messages lie in chunks, each with the schemas and channels that are new in it. A cut file
lacks its index and the end of its last record, so it is read from the front, record by record.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from landward.atomic import describe_os_error
from landward.errors import require
from landward_tools.bag import FACTS, PART, BagError, deserialize, typestore
from landward_tools.recording import Recording

_MAGIC = b"\x89MCAP0\r\n"
_HEAD = struct.Struct("<BQ")
_SCHEMA, _CHANNEL, _MESSAGE, _CHUNK = 3, 4, 5, 6
"""Operations."""


class _DamageError(Exception):
    """What follows is not what was written."""


def recover(part: Path) -> tuple[Path, int]:
    """Make a recording of what is whole.

    Args:
        part: the folder that was left, `NAME.part`, or the name that it should have got.

    Returns:
        The new recording `NAME`, and how many messages it has. `NAME.part` stays as it was.

    Raises:
        BagError: there is no cut-off recording, nothing in it is whole, or `NAME` exists.
    """
    part = Path(part)
    part = part if part.name.endswith(PART) else part.with_name(part.name + PART)
    files = sorted(part.rglob("*.mcap"))
    if not files:
        raise BagError(f"no cut-off recording at {part}; name the folder NAME{PART} that was left")
    path = part.with_name(part.name.removesuffix(PART))
    if path.exists():
        raise BagError(f"{path} exists already; move it away, then recover {part}")
    facts = files[0].with_name(FACTS)
    noted = json.loads(facts.read_text(encoding="utf-8")) if facts.is_file() else {}
    # The part's own name is taken, so the copy grows beside it; one that was cut off itself is begun again.
    beside = path.with_name(path.name + ".recovered")
    shutil.rmtree(beside.with_name(beside.name + PART), ignore_errors=True)
    copy = Recording(beside, {**noted, "recovered": True})
    try:
        _copy(files[0], copy)
        if not copy.count:
            raise BagError(f"nothing in {files[0]} is whole: it was cut off within its first megabyte")
    except OSError as error:
        copy.discard()
        raise BagError(describe_os_error("read", files[0], error)) from error
    except BaseException:
        copy.discard()
        raise
    os.rename(copy.finish(), path)
    return path, copy.count


def _copy(file: Path, copy: Recording) -> None:
    """Copy messages up to the cut, or to the first damage."""
    with file.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise BagError(f"nothing in {file} is whole: it has not the beginning of an MCAP file")
        with contextlib.suppress(_DamageError, struct.error, KeyError, UnicodeDecodeError):
            _copy_records(_records(stream), copy)


def _copy_records(records: Iterable[tuple[int, bytes]], copy: Recording) -> None:
    schemas: dict[int, str] = {}
    connections: dict[int, Any] = {}
    store = typestore()
    for operation, content in records:
        if operation == _SCHEMA:
            number = struct.unpack_from("<H", content)[0]
            schemas[number], _ = _text(content, 2)
        elif operation == _CHANNEL:
            number, schema = struct.unpack_from("<HH", content)
            topic, _ = _text(content, 4)
            # A channel that is announced twice is the same one.
            if number not in connections:
                connections[number] = copy.add(topic, schemas[schema])
        elif operation == _MESSAGE:
            number, _, time = struct.unpack_from("<HIQ", content)
            _check(store, content[22:], connections[number].msgtype)
            copy.write(connections[number], time, content[22:])


def _check(store: Any, data: bytes, msgtype: str) -> None:
    """The file has no checksums: a message that cannot be read is where the damage begins."""
    serde: Any = require("rosbags.serde", "ros", "recordings are read with it")
    try:
        deserialize(store, data, msgtype)
    except (serde.SerdeError, ValueError) as error:
        raise _DamageError from error


def _records(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Whole records, those of chunks one by one, up to the cut or the end of the data."""
    size = os.fstat(stream.fileno()).st_size
    while len(head := stream.read(_HEAD.size)) == _HEAD.size:
        operation, length = _HEAD.unpack(head)
        if length > size - stream.tell():
            return
        content = stream.read(length)
        if operation == _CHUNK:
            yield from _chunk(content)
        else:
            yield operation, content


def _chunk(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Records of a chunk: two times and a size (u64), a checksum (u32), the compression, the length (u64)."""
    compression, place = _text(content, 28)
    if compression:
        raise BagError(f"the recording is compressed ({compression}), as this recorder never does")
    place += 8
    while place < len(content):
        operation, length = _HEAD.unpack_from(content, place)
        place += _HEAD.size
        yield operation, content[place : place + length]
        place += length


def _text(content: bytes, place: int) -> tuple[str, int]:
    """A text with its length (u32) before it, and where it ends."""
    end = place + 4 + struct.unpack_from("<I", content, place)[0]
    return content[place + 4 : end].decode(), end
