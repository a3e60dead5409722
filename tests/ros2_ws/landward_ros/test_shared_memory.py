import fcntl
import os
import time
from pathlib import Path

import pytest

from landward_ros import transport
from landward_ros.shared_memory import FOLDER, remove_dead


def participant(folder: Path, name: str, age: float = 10.0) -> Path:
    """What Fast DDS 3.2 leaves in shared memory for one participant or port; the file it locks."""
    for file in (f"fastdds_{name}", f"sem.fastdds_{name}_mutex", f"fastdds_{name}_el"):
        (folder / file).write_bytes(b"x")
        os.utime(folder / file, (time.time() - age,) * 2)
    return folder / f"fastdds_{name}_el"


def test_files_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    participant(tmp_path, "dead")
    (tmp_path / "somebody_elses").write_bytes(b"x")
    with participant(tmp_path, "port7411").open("rb") as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        assert remove_dead(tmp_path) == 1
    left = {path.name for path in tmp_path.iterdir()}
    alive = {"fastdds_port7411", "sem.fastdds_port7411_mutex", "fastdds_port7411_el"}
    assert left == alive | {"somebody_elses"}
    assert remove_dead(tmp_path) == 1


def test_a_participant_that_starts_just_now_is_left_alone(tmp_path: Path) -> None:
    participant(tmp_path, "new", age=0.0)
    assert remove_dead(tmp_path) == 0
    assert remove_dead(tmp_path / "missing") == 0


@pytest.mark.ros
def test_a_killed_node_leaves_nothing(start_node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "idle_node.py").write_text(
        "import rclpy\nrclpy.init()\nnode = rclpy.create_node('idle')\nrclpy.spin(node)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(transport.PROFILES, raising=False)
    monkeypatch.setenv(transport.TRANSPORTS, "DEFAULT")
    node = start_node("idle_node", "idle")
    # The files that this process has open; other programs make theirs meanwhile.
    links = [link.readlink() for link in Path(f"/proc/{node.process.pid}/fd").iterdir()]
    locked = {path for path in links if path.parent == FOLDER and path.match("fastdds_*_el")}
    assert locked and all(path.exists() for path in locked)
    node.kill()
    time.sleep(1.1)  # files this young are left alone
    remove_dead()
    assert not {path for path in locked if path.exists()}
