import numpy as np
import pytest

bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")

from landward_ros import names  # noqa: E402
from landward_tools.bag import Bag, BagError, full_topic  # noqa: E402

MS = 10**6


def test_joints_are_in_one_order_whatever_each_message_has(tmp_path):
    a, b, c = bags.JOINTS
    rows = [
        (1 * MS, "/joint_states", bags.joint_state(0, (1, 2, 3), (4, 5, 6), (7, 8, 9))),
        (2 * MS, "/joint_states", bags.joint_state(1, (3, 1, 2), (6, 4, 5), (9, 7, 8), names=(c, a, b))),
    ]
    joints = Bag(bags.write(tmp_path / "bag", rows)).joints(names.JOINT_STATES)
    assert joints.names == bags.JOINTS
    assert (joints.position == [[1, 2, 3], [1, 2, 3]]).all()
    assert (joints.velocity == [[4, 5, 6], [4, 5, 6]]).all()
    assert (joints.effort == [[7, 8, 9], [7, 8, 9]]).all()
    assert (joints.received == [1 * MS, 2 * MS]).all()
    assert (joints.stamp == [0, 1]).all()


def test_damping_is_no_target(tmp_path):
    rows = [
        (1, "/joint_command", bags.joint_state(0, (1, 2, 3))),
        (2, "/joint_command", bags.joint_state(0, velocity=(0, 0, 0))),
    ]
    joints = Bag(bags.write(tmp_path / "bag", rows)).joints(names.ROBOT_COMMAND)
    assert joints.is_target.tolist() == [True, False]
    assert np.isnan(joints.position[1]).all()


def test_idle_bytes_after_empty_arrays_are_passed_over(tmp_path):
    """`rclpy.serialization.serialize_message` leaves 4 of them for velocity and 4 for effort."""
    target, damping = bags.joint_state(0, (1, 2, 3)), bags.joint_state(0, velocity=(0, 0, 0))
    rows = [(1, "/joint_command", target, b"\7" * 8), (2, "/joint_command", damping, b"\7" * 4)]
    joints = Bag(bags.write(tmp_path / "bag", rows)).joints(names.ROBOT_COMMAND)
    assert joints.position[0].tolist() == [1, 2, 3]
    assert joints.velocity[1].tolist() == [0, 0, 0]


def test_observations_are_split_by_their_layout(tmp_path):
    rows = [
        (5, "/policy/observation", bags.observation(1234567890123456789, 0, gravity=(0, 0, -1), speed=(2,))),
        (6, "/policy/observation", bags.observation(1234567890123457789, 1, gravity=(0, 1, 0), speed=(3,))),
    ]
    found = Bag(bags.write(tmp_path / "bag", rows)).observations()
    assert found.stamp_us.tolist() == [1234567890123456, 1234567890123457]
    assert found.tick.tolist() == [0, 1]
    assert found.inputs["gravity"].tolist() == [[0, 0, -1], [0, 1, 0]]
    assert found.inputs["speed"].tolist() == [[2], [3]]


def test_two_policies_in_one_recording_are_refused(tmp_path):
    rows = [
        (5, "/policy/observation", bags.observation(0, 0, gravity=(0, 0, -1))),
        (6, "/policy/observation", bags.observation(0, 1, height=(0, 1, 0))),
    ]
    with pytest.raises(BagError, match=r"from stamp_us \(1\), tick \(1\), gravity \(3\) to .*height \(3\)"):
        Bag(bags.write(tmp_path / "bag", rows)).observations()


def test_a_namespace_is_asked_for_by_name(tmp_path):
    rows = [
        (1, "/left/joint_states", bags.joint_state(0, (1, 2, 3))),
        (2, "/right/policy/joint_command", bags.joint_state(0, (4, 5, 6))),
    ]
    path = bags.write(tmp_path / "bag", rows)
    assert Bag(path, "left").joints(names.JOINT_STATES).position.tolist() == [[1, 2, 3]]
    assert not Bag(path, "/right/").has(names.JOINT_STATES)
    assert Bag(path, "/right/").has(names.POLICY_COMMAND)
    with pytest.raises(BagError, match="no robot outside of a namespace; its namespaces: left, right"):
        Bag(path)
    with pytest.raises(BagError, match="no robot in the namespace 'middle'"):
        Bag(path, "middle")


def test_a_recording_without_a_robot_is_refused(tmp_path):
    path = bags.write(tmp_path / "bag", [(1, "/cmd_vel", bags.cmd_vel(0))])
    with pytest.raises(BagError, match="no robot in it: neither joint states nor commands, only /cmd_vel"):
        Bag(path)


def test_absolute_topics_have_no_namespace():
    assert full_topic(names.DIAGNOSTICS, "left") == "/diagnostics"
    assert full_topic(names.IMU, "/left/") == "/left/imu/data"
    assert full_topic(names.IMU, "") == "/imu/data"


def test_a_topic_that_is_not_there_is_empty(tmp_path):
    bag = Bag(bags.write(tmp_path / "bag", [(1, "/joint_states", bags.joint_state(0, (1, 2, 3)))]))
    assert bag.commands().values.shape[0] == 0
    assert bag.joints(names.ROBOT_COMMAND).position.shape[0] == 0
    assert not len(bag.observations().tick)
    assert bag.statuses(names.SAFETY_STATUS).message == ()


def test_joints_that_change_are_refused(tmp_path):
    rows = [
        (1, "/joint_states", bags.joint_state(0, (1, 2, 3))),
        (2, "/joint_states", bags.joint_state(0, (1,), names=("wheel",))),
    ]
    with pytest.raises(BagError, match="has the joints wheel after FL_hip_joint"):
        Bag(bags.write(tmp_path / "bag", rows)).joints(names.JOINT_STATES)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(BagError, match="no recording at .*nothing; name the folder"):
        Bag(tmp_path / "nothing")


def test_damage_within_the_file_is_one_error(tmp_path):
    rows = [(i, "/joint_states", bags.joint_state(i, (1, 2, 3))) for i in range(50)]
    path = bags.write(tmp_path / "bag", rows)
    file = next(path.glob("*.mcap"))
    content = bytearray(file.read_bytes())
    content[-8:] = b"\0" * 8
    file.write_bytes(content)
    with pytest.raises(BagError, match="is not a whole recording.*restore it from a copy"):
        Bag(path)


def test_facts_lie_beside_the_file(tmp_path):
    rows = [(1, "/joint_states", bags.joint_state(0, (1, 2, 3)))]
    path = bags.write(tmp_path / "bag", rows, {"robot": "go1", "seed": 3})
    assert Bag(path).facts == {"robot": "go1", "seed": 3}
    (path / "landward.json").write_text("{")
    with pytest.raises(BagError, match="landward.json cannot be read"):
        _ = Bag(path).facts
