import pytest

bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")

from landward_tools.bag import Bag, BagError  # noqa: E402
from landward_tools.recording import Recording  # noqa: E402


def rows(count):
    return [(i, "/joint_states", bags.joint_state(i, (i, 2, 3))) for i in range(count)]


def test_a_recording_has_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "walk"
    recording = bags.start(path, rows(3))
    assert not path.exists()
    assert recording.finish({"count": 3}) == path
    assert recording.finish() == path
    assert [entry.name for entry in tmp_path.iterdir()] == ["walk"]
    assert sorted(entry.name for entry in path.iterdir()) == ["landward.json", "metadata.yaml", "walk.mcap"]
    assert Bag(path).facts == {"count": 3}
    assert Bag(path).counts == {"/joint_states": 3}


def test_nothing_is_overwritten(tmp_path):
    path = bags.write(tmp_path / "walk", rows(1))
    with pytest.raises(BagError, match="walk exists already"):
        Recording(path, {})
    bags.start(tmp_path / "cut", rows(1))
    with pytest.raises(BagError, match=r"cut.part is a recording that was cut off.*--recover"):
        Recording(tmp_path / "cut", {})


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BagError, match="cannot write"):
        Recording(tmp_path / "file" / "walk", {})


def test_an_unknown_type_is_said(tmp_path):
    with pytest.raises(BagError, match="no definition of other_msgs/msg/Thing"):
        Recording(tmp_path / "walk", {}).add("/thing", "other_msgs/msg/Thing")


def test_a_recording_ends_whole_before_the_disk_is_full(tmp_path):
    space = [10**9]
    recording = Recording(tmp_path / "walk", {}, free=lambda folder: space[0])
    connection = recording.add("/joint_states", "sensor_msgs/msg/JointState")
    message = bags.joint_state(0, (1, 2, 3))
    recording.write(connection, 1, bytes(bags.STORE.serialize_cdr(message, message.__msgtype__)))
    recording.check_space()
    space[0] = 10 * 2**20
    with pytest.raises(BagError, match="has only 10 MiB left: the recording was ended and is whole"):
        recording.check_space({"messages": 1})
    assert Bag(tmp_path / "walk").counts == {"/joint_states": 1}
    assert Bag(tmp_path / "walk").facts == {"messages": 1}


def test_a_full_disk_names_the_remedy(tmp_path):
    recording = bags.start(tmp_path / "walk", rows(1))

    def full(*_):
        raise OSError(28, "No space left on device")

    recording._writer.write = full
    with pytest.raises(BagError, match=r"No space left on device.*--recover .*walk\.part"):
        recording.write(None, 1, b"")
    assert recording.finished
    assert recording.finish() == tmp_path / "walk"
    assert not (tmp_path / "walk").exists()


def test_a_cut_off_recording_is_reported_with_the_remedy(tmp_path):
    bags.start(tmp_path / "walk", rows(3))
    for name in ("walk", "walk.part"):
        with pytest.raises(BagError, match=r"walk\.part was cut off.*landward record --recover .*walk\.part"):
            Bag(tmp_path / name)
