"""A recording while it is written: a rosbag2 folder with one MCAP file, named only once it is whole.

`NAME.part/NAME/` becomes `NAME/` in one rename once the file has its index, its metadata.yaml and its
landward.json. What a kill leaves is `NAME.part`, and `recovery.recover` saves the part of it that is whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from landward.atomic import describe_os_error, sync, write_text_atomic
from landward.errors import require
from landward_tools.bag import FACTS, PART, BagError, typestore

LEAST_FREE = 64 * 2**20
"""[bytes] Below this much free space a recording ends while it can still be finished."""


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
                f"{describe_os_error('write', self.path, error)}; save what was recorded until then: "
                f"landward record --recover {self._part}"
            ) from error
        self.count += 1

    def check_space(self, facts: Mapping[str, Any] | None = None) -> None:
        """End the recording, whole, before the disk is full.

        Args:
            facts: as of `finish`.

        Raises:
            BagError: it was ended.
        """
        free = self._free(self._folder)
        if free >= LEAST_FREE:
            return
        path = self.finish(facts)
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
                sync(file)
            os.rename(self._folder, self.path)
            self._part.rmdir()
        except OSError as error:
            raise BagError(
                f"{describe_os_error('write', self.path, error)}; save what was recorded: "
                f"landward record --recover {self._part}"
            ) from error
        return self.path

    def discard(self) -> None:
        """Delete what was written."""
        self._writer = None
        shutil.rmtree(self._part, ignore_errors=True)

    def _write_facts(self) -> None:
        write_text_atomic(self._folder / FACTS, json.dumps(self.facts, indent=2, default=str) + "\n")


def _refuse_existing(path: Path, part: Path) -> None:
    if path.exists():
        raise BagError(f"{path} exists already; give another --out, a recording is never overwritten")
    if part.exists():
        raise BagError(
            f"{part} is a recording that was cut off; save it with `landward record --recover {part}` or "
            "delete it, or give another --out"
        )
