import shutil

import pytest

bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")

from landward_ros import names  # noqa: E402
from landward_tools.bag import Bag, BagError  # noqa: E402
from landward_tools.recovery import recover  # noqa: E402


def rows(count):
    """Two topics whose messages are written a little out of order, as a recorder does."""
    joints = [(10 * i, "/joint_states", bags.joint_state(i, (i, 2, 3))) for i in range(count)]
    late = [(10 * i - 15, "/cmd_vel", bags.cmd_vel(i, vx=i)) for i in range(2, count, 100)]
    return [
        row for i, joint in enumerate(joints) for row in (joint, *late[i // 100 : (i % 100 == 2) + i // 100])
    ]


def cut_off(tmp_path, keep):
    """A recording of 20,000 messages as a kill leaves it: no index, and the last record half written."""
    whole = bags.write(tmp_path / "source" / "walk", rows(20000), {"robot": "go1"})
    folder = tmp_path / "walk.part" / "walk"
    folder.mkdir(parents=True)
    content = (whole / "walk.mcap").read_bytes()
    (folder / "walk.mcap").write_bytes(content[: int(len(content) * keep)])
    shutil.copy(whole / "landward.json", folder)
    return folder.parent


def test_what_is_whole_is_recovered(tmp_path):
    part = cut_off(tmp_path, keep=0.5)
    path, count = recover(tmp_path / "walk")
    bag = Bag(path)
    assert path == tmp_path / "walk"
    kept = bag.counts["/joint_states"]
    assert 0 < kept < 20000
    assert kept + bag.counts["/cmd_vel"] == count
    # Every message until the cut, none twice.
    assert bag.joints(names.JOINT_STATES).stamp.tolist() == list(range(kept))
    assert bag.commands().stamp.tolist() == list(range(2, kept, 100))
    assert bag.facts == {"robot": "go1", "recovered": True}
    assert part.exists()
    assert not list(tmp_path.glob("*.recovered*"))
    with pytest.raises(BagError, match="exists already"):
        recover(part)


def test_a_whole_file_without_its_name_is_recovered_completely(tmp_path):
    cut_off(tmp_path, keep=1.0)
    _, count = recover(tmp_path / "walk")
    assert count == 20000 + 200
    assert Bag(tmp_path / "walk").pose().values.shape == (0, 7)


def test_damage_ends_what_is_whole(tmp_path):
    part = cut_off(tmp_path, keep=1.0)
    # An earlier recovery that was killed does not stand in the way.
    (tmp_path / "walk.recovered.part").mkdir()
    file = part / "walk" / "walk.mcap"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 5000] = b"\xff" * 5000
    file.write_bytes(content)
    path, count = recover(part)
    assert 0 < count < 20000
    assert Bag(path).joints(names.JOINT_STATES).stamp.tolist() == list(
        range(Bag(path).counts["/joint_states"])
    )
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["source", "walk", "walk.part"]


def test_nothing_whole_is_said(tmp_path):
    part = tmp_path / "walk.part"
    with pytest.raises(BagError, match="no cut-off recording"):
        recover(part)
    (part / "walk").mkdir(parents=True)
    file = part / "walk" / "walk.mcap"
    file.write_bytes(b"")
    with pytest.raises(BagError, match="not the beginning of an MCAP file"):
        recover(part)
    file.write_bytes(b"\x89MCAP0\r\n" + b"\6" + b"\xff" * 20)
    with pytest.raises(BagError, match="cut off within its first megabyte"):
        recover(part)
    assert [entry.name for entry in tmp_path.iterdir()] == ["walk.part"]
