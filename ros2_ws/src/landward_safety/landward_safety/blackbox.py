"""The last seconds of every topic that the monitor handles, written to disk when a fault latches.

One folder a fault, `TIME_REASON/`: a rosbag2 recording (MCAP) and `fault.json`. It appears in one rename once
it is whole. A thread writes it; a disk that is full or gone costs the recording, never the robot's safety.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from landward.atomic import describe_os_error, write_text_atomic
from landward.errors import LandwardError, RunError, require
from landward_ros.samples import NS
from landward_safety.reasons import Fault

PARTIAL = ".partial"
"""End of the name of a folder that is being written, or that a power cut left."""
FAULT_FILE = "fault.json"
_MESSAGES_A_SECOND = 4000
"""More than this of the newest are not kept, whatever their times: a flood must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Record:
    """One message."""

    time: int
    """When it was handled, ROS time [ns]."""
    topic: str
    cdr: bytes


class Ring:
    """The messages of the last seconds.

    Args:
        seconds: how long one is kept [s].
    """

    def __init__(self, seconds: float) -> None:
        self._span = round(seconds * NS)
        self._records: deque[Record] = deque(maxlen=max(1, round(seconds * _MESSAGES_A_SECOND)))

    def add(self, record: Record) -> None:
        """Keep a message, and forget those that are too old."""
        records = self._records
        records.append(record)
        while record.time - records[0].time > self._span:
            records.popleft()

    def __len__(self) -> int:
        return len(self._records)

    def snapshot(self) -> list[Record]:
        """What is kept now, oldest first."""
        return list(self._records)


class BlackBox:
    """Keeps the last seconds and writes them when asked.

    Args:
        folder: where recordings go; made where it is missing.
        seconds: how much is kept [s].
        types: topic -> message type, such as "sensor_msgs/msg/JointState".
        told: called in the writing thread after every recording with (whether it was written, its path or why
            not).

    Raises:
        RunError: the folder cannot be made or written, or `seconds` is not positive.
        MissingDependencyError: `rosbags` is not installed.
    """

    def __init__(
        self, folder: Path, seconds: float, types: Mapping[str, str], told: Callable[[tuple[bool, str]], None]
    ) -> None:
        if not seconds > 0.0:
            raise RunError(f"black_box_seconds must be positive, got {seconds:g}")
        # Imported now: an import inside the writing thread would hold up the monitor at the worst moment.
        self._rosbag2 = require("rosbags.rosbag2", "ros", "the black box writes MCAP files with it")
        typesys = require("rosbags.typesys", "ros", "the black box writes MCAP files with it")
        self._typestore = typesys.get_typestore(typesys.Stores.ROS2_KILTED)
        self._folder, self._types, self._told = Path(folder), dict(types), told
        self._ring = Ring(seconds)
        self._threads: list[threading.Thread] = []
        _check_writable(self._folder)

    def record(self, time_ns: int, topic: str, cdr: bytes) -> None:
        """Keep one message.

        Args:
            time_ns: now, ROS time [ns].
            topic: one of `types`.
            cdr: the serialised message.
        """
        self._ring.add(Record(time_ns, topic, cdr))

    def write(self, fault: Fault, facts: Mapping[str, Any]) -> None:
        """Write what is kept, in a thread.

        Args:
            fault: what happened.
            facts: further entries of fault.json, as JSON has them.
        """
        records = self._ring.snapshot()
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(
            target=self._write, args=(records, fault, dict(facts)), name="black box", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Wait until everything is written, at most `timeout` seconds a recording."""
        for thread in self._threads:
            thread.join(timeout)

    def _write(self, records: Sequence[Record], fault: Fault, facts: dict[str, Any]) -> None:
        name = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%f}_{fault.reason}"
        final, partial = self._folder / name, self._folder / f"{name}{PARTIAL}"
        try:
            # The recorder calls its file like its folder, so the folder has its final name from the start.
            self._write_bag(partial / name, records)
            entry = {"reason": fault.reason, "detail": fault.detail, "at": fault.at, **facts}
            write_text_atomic(partial / name / FAULT_FILE, json.dumps(entry, indent=2) + "\n")
            os.rename(partial / name, final)
        except Exception as error:
            self._told((False, _explain(error, final)))
        else:
            self._told((True, str(final)))
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _write_bag(self, path: Path, records: Sequence[Record]) -> None:
        plugin = self._rosbag2.StoragePlugin.MCAP
        with self._rosbag2.Writer(path, version=9, storage_plugin=plugin) as writer:
            connections = {
                topic: writer.add_connection(topic, kind, typestore=self._typestore)
                for topic, kind in self._types.items()
            }
            for record in records:
                writer.write(connections[record.topic], record.time, record.cdr)
        for file in path.iterdir():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())


def _check_writable(folder: Path) -> None:
    probe = folder / f".{os.getpid()}{PARTIAL}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RunError(describe_os_error("write", folder, error)) from error


def _explain(error: Exception, path: Path) -> str:
    if isinstance(error, OSError):
        return describe_os_error("write", path, error)
    return str(error) if isinstance(error, LandwardError) else f"{path}: {type(error).__name__}: {error}"
