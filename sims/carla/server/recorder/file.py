"""The file of a recording: frames one after the other, each with its length and checksum.

    file   = MAGIC, version u16, 0 u16, block(head), block(frame)...
    block  = length u32, CRC-32 u32, body: msgpack; all numbers little-endian
    head   = [town, Unix time of the beginning]
    frame  = [seconds since the beginning, made, gone, collisions, lamps, rows: zlib]

A server that is killed while it records leaves a file whose last frame may be cut off; what is before it
can be used.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Description
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import Pose
from sims.carla.server.records import RECORD
from sims.carla.server.wire import pack

MAGIC, VERSION = b"LWRC", 1
START = struct.Struct("<4sHH")
BLOCK = struct.Struct("<II")
LARGEST_BLOCK = 64 << 20
LARGEST_ROWS = 8192 * RECORD.itemsize
"""[bytes]"""
FASTEST = 1
"""Level of zlib; most of a row is zeros."""


@dataclass(frozen=True)
class Made:
    """An actor that came into the world."""

    id: int
    description: Description
    parent: int
    """Id of what it is attached to; 0: nothing."""
    pose: Pose
    """(6,) In the frame of the parent, else of the world."""


@dataclass(frozen=True)
class Frame:
    """What happened in one step, and where everybody was after it."""

    time: float
    """[s] Since the beginning."""
    made: tuple[Made, ...]
    gone: tuple[int, ...]
    """Ids."""
    collisions: tuple[tuple[int, int, bool], ...]
    """(actor, the other or 0 for the town, whether the first is the hero)."""
    lamps: dict[int, int]
    """Vehicle -> VehicleLightState, where any is on."""
    packed: bytes
    """The rows, compressed."""

    def rows(self) -> NDArray[np.void]:
        """(n,) The state of all actors in ascending order of ids (see `records`).

        Raises:
            RpcError: they are not there.
        """
        try:
            data = zlib.decompressobj().decompress(self.packed, LARGEST_ROWS)
            return np.frombuffer(data, RECORD)
        except (zlib.error, ValueError) as error:
            raise RpcError(f"a frame of the recording is damaged: {error}") from None


@dataclass(frozen=True)
class Recording:
    """A whole file."""

    town: str
    date: float
    """[s] Unix time of the beginning."""
    frames: tuple[Frame, ...]
    cut: bool
    """Whether the file ends within a frame."""

    @property
    def duration(self) -> float:
        """Time of the last frame [s]."""
        return self.frames[-1].time


class Writer:
    """Writes a recording.

    Args:
        path: of the file; what is there is replaced.
        town: where it takes place.
        date: Unix time [s].

    Raises:
        RpcError: it cannot be written.
    """

    def __init__(self, path: Path, town: str, date: float) -> None:
        self.path, self.size = path, 0
        try:
            self._file: BufferedWriter = path.open("wb")
        except OSError as error:
            raise RpcError(f"{path} cannot be written: {error.strerror}") from None
        self._put(START.pack(MAGIC, VERSION, 0))
        self._block([town, date])

    def write(self, frame: Frame) -> None:
        """Append a frame.

        Raises:
            OSError: the disk is full.
        """
        made = [[m.id, m.description.to_wire(), m.parent, m.pose.tolist()] for m in frame.made]
        self._block([frame.time, made, frame.gone, frame.collisions, list(frame.lamps.items()), frame.packed])

    def flush(self) -> None:
        """Let others read what is written."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _block(self, value: Any) -> None:
        body = pack(value)
        self._put(BLOCK.pack(len(body), zlib.crc32(body)) + body)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self.size += len(data)


def compress(rows: bytes) -> bytes:
    """Rows as a frame keeps them."""
    return zlib.compress(rows, FASTEST)


def read(path: Path, most: int) -> Recording:
    """Read a recording.

    Args:
        path: of the file.
        most: [bytes] a larger file is not read.

    Raises:
        RpcError: it is not there, too large, damaged, or no recording.
    """
    try:
        if path.stat().st_size > most:
            raise RpcError(f"{path.name} has more than {most >> 20} MiB, too much for a recording")
        data = path.read_bytes()
    except OSError as error:
        raise RpcError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) < START.size or data[:4] != MAGIC:
        raise RpcError(f"{path.name} is no recording of this server (full CARLA's files have another form)")
    version = START.unpack_from(data)[1]
    if version != VERSION:
        raise RpcError(f"{path.name} is a recording of version {version}; this server reads {VERSION}")
    blocks = _blocks(path.name, data)
    try:
        town, date = next(blocks)
        frames = [_frame(body) for body in blocks]
        if not frames:
            raise RpcError(f"{path.name} holds no frame: it ends before the first")
        whole = START.size + sum(BLOCK.size + size for size in _sizes(data)) == len(data)
        return Recording(str(town), float(date), tuple(frames), not whole)
    except (StopIteration, TypeError, ValueError, KeyError) as error:
        raise RpcError(f"{path.name} is a damaged recording: {str(error) or 'it has no head'}") from None


def _sizes(data: bytes) -> Iterator[int]:
    """Lengths of the bodies of all whole blocks."""
    at = START.size
    while at + BLOCK.size <= len(data):
        length = BLOCK.unpack_from(data, at)[0]
        at += BLOCK.size + length
        if at > len(data):
            return
        yield length


def _blocks(name: str, data: bytes) -> Iterator[Any]:
    """Bodies of all whole blocks.

    Raises:
        RpcError: one is damaged.
    """
    at = START.size
    for length in _sizes(data):
        body = data[at + BLOCK.size : at + BLOCK.size + length]
        if length > LARGEST_BLOCK or zlib.crc32(body) != BLOCK.unpack_from(data, at)[1]:
            raise RpcError(f"{name} is damaged at byte {at}: the checksum is wrong")
        yield msgpack.unpackb(body, raw=False, unicode_errors="surrogateescape", strict_map_key=False)
        at += BLOCK.size + length


def _frame(body: Any) -> Frame:
    time, made, gone, collisions, lamps, packed = body
    return Frame(
        float(time),
        tuple(_made(*each) for each in made),
        tuple(int(each) for each in gone),
        tuple((int(a), int(b), bool(hero)) for a, b, hero in collisions),
        {int(actor): int(state) for actor, state in lamps},
        bytes(packed),
    )


def _made(actor_id: Any, description: Any, parent: Any, pose: Any) -> Made:
    uid, type_id, attributes = description
    read = tuple((str(name), int(kind), str(value)) for name, kind, value in attributes)
    where = np.array([float(number) for number in pose])
    if where.shape != (6,) or not np.isfinite(where).all():
        raise ValueError(f"actor {actor_id} has no pose")
    return Made(int(actor_id), Description(int(uid), str(type_id), read), int(parent), where)
