"""A recording while it is written: a rosbag2 folder with one MCAP file, named only once it is whole.

`NAME.part/NAME/` becomes `NAME/` in one rename once the file has its index, its metadata.yaml and its
landward.json. What a kill leaves is `NAME.part`, and `recover` saves the part of it that is whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from landward.atomic import describe_os_error, write_text_atomic
from landward.errors import require
from landward_tools.bag import FACTS, PART, BagError, typestore

LEAST_FREE = 64 * 2**20
"""[bytes] Below this much free space a recording ends while it can still be finished."""
_MAGIC = b"\x89MCAP0\r\n"
_FOOTER = struct.pack("<BQQQI", 2, 20, 0, 0, 0) + _MAGIC
"""An MCAP footer without index: a reader then scans the file."""


class Recording:
    """Writes serialised messages.

    Args:
        path: the folder that the recording becomes; it must not exist yet.
        facts: what landward.json says.
        free: free space [bytes] on the disk of a folder.

    Raises:
        BagError: something lies there already, or the folder cannot be made.
        MissingDependencyError: rosbags is not installed.
    """

    def __init__(
        self,
        path: Path,
        facts: Mapping[str, Any],
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.path = Path(path)
        self.facts = dict(facts)
        self.count = 0
        """Messages so far."""
        self._part = self.path.with_name(self.path.name + PART)
        self._free = free
        self._rosbag2: Any = require("rosbags.rosbag2", "ros", "recordings are written with it")
        self._types = typestore()
        _refuse_existing(self.path, self._part)
        try:
            self._writer: Any = self._rosbag2.Writer(
                self._folder, version=9, storage_plugin=self._rosbag2.StoragePlugin.MCAP
            )
            self._writer.open()
        except OSError as error:
            raise BagError(describe_os_error("write", self._folder, error)) from error
        self._write_facts()

    @property
    def _folder(self) -> Path:
        return self._part / self.path.name

    @property
    def finished(self) -> bool:
        """Whether nothing can be written any more."""
        return self._writer is None

    def add(self, topic: str, msgtype: str, qos: Sequence[Any] = ()) -> Any:
        """Announce a topic; the result goes to `write`.

        Args:
            topic: absolute name.
            msgtype: such as "sensor_msgs/msg/JointState".
            qos: rosbags' QoS profiles that its publishers offer.

        Raises:
            BagError: rosbags does not know the type, or the topic was added before with this type.
        """
        self.check_type(topic, msgtype)
        try:
            return self._writer.add_connection(
                topic, msgtype, typestore=self._types, offered_qos_profiles=qos
            )
        except self._rosbag2.WriterError as error:
            raise BagError(f"{topic} cannot be recorded: {error}") from error

    def check_type(self, topic: str, msgtype: str) -> None:
        """Raise BagError where rosbags does not know a topic's type."""
        if msgtype not in self._types.types:
            raise BagError(f"{topic} cannot be recorded: rosbags has no definition of {msgtype}")

    def write(self, connection: Any, time: int, data: bytes) -> None:
        """Append a message.

        Args:
            connection: from `add`.
            time: when it was received [ns].
            data: CDR.

        Raises:
            BagError: the disk is full or broken; what came before can be recovered.
        """
        try:
            self._writer.write(connection, time, data)
        except OSError as error:
            self._writer = None
            raise BagError(
                f"{describe_os_error('write', self._folder, error)}; save what was recorded until then: "
                f"landward record --recover {self._part}"
            ) from error
        self.count += 1

    def check_space(self) -> None:
        """End the recording, whole, before the disk is full.

        Raises:
            BagError: it was ended.
        """
        free = self._free(self._folder)
        if free >= LEAST_FREE:
            return
        path = self.finish()
        raise BagError(
            f"the disk of {path} has only {free // 2**20} MiB left: the recording was ended and is whole "
            "until here; free some space and record again"
        )

    def finish(self, facts: Mapping[str, Any] | None = None) -> Path:
        """Write the index and give the folder its name. Safe to call twice.

        Args:
            facts: further entries of landward.json.

        Raises:
            BagError: the disk is full or broken.
        """
        if self._writer is None:
            return self.path
        writer, self._writer = self._writer, None
        try:
            writer.close()
            self.facts |= facts or {}
            self._write_facts()
            for file in (*self._folder.iterdir(), self._folder):
                _sync(file)
            os.rename(self._folder, self.path)
            self._part.rmdir()
        except OSError as error:
            raise BagError(
                f"{describe_os_error('write', self._folder, error)}; save what was recorded: "
                f"landward record --recover {self._part}"
            ) from error
        return self.path

    def _write_facts(self) -> None:
        write_text_atomic(self._folder / FACTS, json.dumps(self.facts, indent=2, default=str) + "\n")


def recover(part: Path) -> tuple[Path, int]:
    """Save what is whole in a recording that was cut off.

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
    rosbag2: Any = require("rosbags.rosbag2", "ros", "recordings are read and written with it")
    path = part.with_name(part.name.removesuffix(PART))
    if path.exists():
        raise BagError(f"{path} exists already; move it away, then recover {part}")
    mended = part / "mended.mcap"
    try:
        _mend(files[0], mended)
        with contextlib.closing(rosbag2.Reader(mended)) as reader:
            reader.open()
            return path, _copy(reader, path, _facts_beside(files[0]))
    except (rosbag2.ReaderError, OSError) as error:
        raise BagError(f"nothing can be saved from {files[0]}: {error}") from error
    finally:
        mended.unlink(missing_ok=True)


def _copy(reader: Any, path: Path, facts: dict[str, Any]) -> int:
    # The part's own name is taken, so the copy grows beside it.
    recording = Recording(path.with_name(path.name + ".recovered"), {**facts, "recovered": True})
    added = {
        connection.id: recording.add(connection.topic, connection.msgtype)
        for connection in reader.connections
    }
    for connection, time, data in reader.messages():
        recording.write(added[connection.id], time, bytes(data))
    os.rename(recording.finish(), path)
    return recording.count


def _mend(file: Path, mended: Path) -> None:
    """Copy a file up to its last whole record and end it as MCAP demands.

    MCAP: 8 bytes of magic, then records of 1 byte operation, 8 bytes length (little endian) and content.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise BagError(f"nothing can be saved from {file}: it has not the beginning of an MCAP file")
        end = len(_MAGIC)
        while len(head := stream.read(9)) == 9:
            after = end + 9 + struct.unpack("<Q", head[1:])[0]
            # The footer (operation 2) of a file that was whole is written anew.
            if after > size or head[0] == 2:
                break
            end = after
            stream.seek(end)
        stream.seek(0)
        with mended.open("wb") as out:
            shutil.copyfileobj(stream, out)
            out.truncate(end)
            out.seek(end)
            out.write(_FOOTER)


def _facts_beside(file: Path) -> dict[str, Any]:
    path = file.with_name(FACTS)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _refuse_existing(path: Path, part: Path) -> None:
    if path.exists():
        raise BagError(f"{path} exists already; give another --out, a recording is never overwritten")
    if part.exists():
        raise BagError(
            f"{part} is a recording that was cut off; save it with `landward record --recover {part}` or "
            "delete it, or give another --out"
        )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
