"""Recordings of faults, read back by rosbags itself."""

import json
from pathlib import Path

import pytest

from landward.errors import RunError
from landward_safety.blackbox import FAULT_FILE, BlackBox, Record, Ring
from landward_safety.reasons import Fault

S = 1_000_000_000
TYPES = {"/joint_states": "sensor_msgs/msg/JointState", "/deadman": "std_msgs/msg/Bool"}
FAULT = Fault("sensor_nan", "knee is nan", 12.5)
HELD = b"\x00\x01\x00\x00\x01"
"""CDR of std_msgs/Bool, true."""


def test_the_ring_keeps_the_last_seconds():
    ring = Ring(2.0)
    for second in range(10):
        ring.add(Record(second * S, "/deadman", bytes([second])))
    assert [record.cdr[0] for record in ring.snapshot()] == [7, 8, 9]


def test_a_flood_does_not_fill_the_memory():
    ring = Ring(0.01)
    for _ in range(1000):
        ring.add(Record(0, "/deadman", b""))
    assert len(ring) == 40


def test_time_that_goes_back_keeps_what_was_before():
    ring = Ring(2.0)
    ring.add(Record(100 * S, "/deadman", b"a"))
    ring.add(Record(1 * S, "/deadman", b"b"))
    assert [record.cdr for record in ring.snapshot()] == [b"a", b"b"]


def box(folder: Path, seconds: float = 5.0) -> tuple[BlackBox, list[tuple[bool, str]]]:
    pytest.importorskip("rosbags", reason="needs rosbags: make setup-ros")
    told: list[tuple[bool, str]] = []
    return BlackBox(folder, seconds, TYPES, told.append), told


def test_a_recording_is_whole_and_readable(tmp_path):
    black_box, told = box(tmp_path / "new" / "box")
    for k in range(3):
        black_box.record(k * S, "/deadman", HELD)
    black_box.write(FAULT, {"robot": "two"})
    black_box.record(9 * S, "/deadman", HELD)
    black_box.close()
    [(written, path)] = told
    assert written and Path(path).name.endswith("_sensor_nan")
    # Nothing half written is left beside it.
    assert [item.name for item in (tmp_path / "new" / "box").iterdir()] == [Path(path).name]
    facts = json.loads((Path(path) / FAULT_FILE).read_text())
    assert facts == {"reason": "sensor_nan", "detail": "knee is nan", "at": 12.5, "robot": "two"}
    from rosbags.rosbag2 import Reader

    with Reader(path) as reader:
        assert {item.topic: item.msgtype for item in reader.connections} == TYPES
        messages = [(item.topic, time, bytes(raw)) for item, time, raw in reader.messages()]
    assert messages == [("/deadman", k * S, HELD) for k in range(3)]
    assert next(Path(path).glob("*.mcap")).stem == Path(path).name


def test_every_fault_has_a_recording_of_its_own(tmp_path):
    black_box, told = box(tmp_path)
    for _ in range(3):
        black_box.record(0, "/deadman", HELD)
        black_box.write(FAULT, {})
    black_box.close()
    assert [written for written, _ in told] == [True] * 3
    assert len(list(tmp_path.iterdir())) == 3


def test_a_disk_that_is_gone_is_told_once_and_leaves_nothing(tmp_path):
    folder = tmp_path / "box"
    black_box, told = box(folder)
    black_box.record(0, "/deadman", HELD)
    folder.rmdir()
    folder.write_text("a file where the folder was")
    black_box.write(FAULT, {})
    black_box.close()
    [(written, why)] = told
    assert not written and str(folder) in why
    assert folder.read_text() == "a file where the folder was"


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    black_box, told = box(tmp_path)
    black_box.record(0, "/deadman", HELD)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(black_box, "_write_bag", full)
    black_box.write(FAULT, {})
    black_box.close()
    [(written, why)] = told
    assert not written and "No space left on device" in why and "free some space" in why
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_error_at_the_start(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(RunError, match=r"cannot write .*file/box"):
        box(blocked / "box")
    with pytest.raises(RunError, match="black_box_seconds must be positive, got 0"):
        box(tmp_path, seconds=0.0)
