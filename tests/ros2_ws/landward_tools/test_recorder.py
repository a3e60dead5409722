import json
import signal
import time

import pytest

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="needs ROS 2: make setup-ros")

from builtin_interfaces.msg import Time  # noqa: E402
from diagnostic_msgs.msg import DiagnosticStatus  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from rclpy.serialization import serialize_message  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402

from landward_ros import names, qos  # noqa: E402
from landward_ros.convert import position_command, twist_message  # noqa: E402
from landward_ros.diagnostics import status_message  # noqa: E402
from landward_tools.bag import Bag, BagError  # noqa: E402
from landward_tools.intake import ReceiveClock, Taken, clock_time, soften  # noqa: E402
from tests.ros2_ws.processes import wait_until  # noqa: E402

RECORD = "landward_tools.record"
S = 10**9


@pytest.fixture
def publisher(ros_node):
    """Makes publishers that wait until somebody listens."""

    def make(kind, topic, profile, listeners=1):
        made = ros_node.create_publisher(kind, topic, profile)
        wait_until(lambda: made.get_subscription_count() >= listeners, 20.0, f"{topic} subscribed")
        return made

    return make


def test_what_is_published_is_recorded_with_its_time(tmp_path, ros_node, start_node, publisher):
    node = start_node(RECORD, names.RECORDER_NODE, {"out": str(tmp_path / "walk"), "seed": 3}, "left")
    # Deeper than a command's own queue, which may drop a message on a busy machine.
    commands = publisher(JointState, "/left/joint_command", 100)
    begin = time.time_ns()
    for i in range(20):
        commands.publish(position_command(("a", "b"), i, [0.1 * i, 0.2]))
        time.sleep(0.01)
    # The root's topic is another robot's.
    ros_node.create_publisher(JointState, "/joint_command", qos.COMMAND).publish(JointState())
    latched = ros_node.create_publisher(DiagnosticStatus, "/left/policy/status", qos.LATCHED)
    latched.publish(status_message(b"\0", "policy", "walk"))
    wait_until(lambda: latched.get_subscription_count() > 0, 20.0, "status subscribed")
    time.sleep(0.2)
    assert node.stop() == 0, node.output
    end = time.time_ns()
    bag = Bag(tmp_path / "walk", "left")
    joints = bag.joints(names.ROBOT_COMMAND)
    assert joints.stamp.tolist() == list(range(20))
    assert joints.position[:, 0] == pytest.approx([0.1 * i for i in range(20)])
    assert begin <= joints.received[0] <= joints.received[-1] <= end
    # The time of receipt, not that of the look at the topics every 20 ms.
    assert len(set(joints.received.tolist())) == 20
    assert bag.statuses(names.POLICY_STATUS).message == ("walk",)
    assert "/joint_command" not in bag.counts
    assert bag.facts["seed"] == 3
    assert bag.facts["lost"] == {}
    assert bag.facts["messages"] == sum(bag.counts.values())


def test_a_topic_with_a_weaker_service_is_recorded_too(tmp_path, start_node, publisher):
    node = start_node(RECORD, names.RECORDER_NODE, {"out": str(tmp_path / "walk")})
    teleop = publisher(TwistStamped, "/cmd_vel", qos_profile_sensor_data)
    teleop.publish(twist_message(5, (0.5, 0.0, -0.25)))
    time.sleep(0.1)
    assert node.stop() == 0, node.output
    path = tmp_path / "walk"
    # A recorder alone is no robot, but it reads its own topic.
    file = json.loads((path / "landward.json").read_text())
    assert file["messages"] >= 1
    from rosbags.rosbag2 import Reader

    with Reader(path) as reader:
        assert "/cmd_vel" in reader.topics


def test_simulated_time_is_the_clock_when_a_message_came(tmp_path, start_node, publisher):
    node = start_node(
        RECORD, names.RECORDER_NODE, {"out": str(tmp_path / "walk"), "use_sim_time": True, "seconds": 5.0}
    )
    clock = publisher(Clock, "/clock", qos.CLOCK, listeners=2)
    commands = publisher(JointState, "/joint_command", qos.COMMAND)
    for second in (100, 101, 102):
        clock.publish(Clock(clock=Time(sec=second)))
        time.sleep(0.4)  # the recorder has to have one before the other comes; topics have no common order
        commands.publish(position_command(("a",), second, [0.0]))
        time.sleep(0.4)
    # Five seconds of simulated time after the first reading the node ends by itself.
    wait_until(lambda: (clock.publish(Clock(clock=Time(sec=106))), not node.running)[1], 10.0, "its end")
    assert node.stop() == 0, node.output
    joints = Bag(tmp_path / "walk").joints(names.ROBOT_COMMAND)
    assert joints.received.tolist() == [100 * S, 101 * S, 102 * S]


def test_a_kill_leaves_a_recording_that_says_so(tmp_path, start_node):
    node = start_node(RECORD, names.RECORDER_NODE, {"out": str(tmp_path / "walk")})
    wait_until((tmp_path / "walk.part").exists, 20.0, "the recording's beginning")
    node.kill()
    with pytest.raises(BagError, match=r"walk\.part was cut off.*--recover"):
        Bag(tmp_path / "walk")


def test_a_folder_that_exists_is_one_error(tmp_path, start_node):
    node = start_node(RECORD, names.RECORDER_NODE, {"out": str(tmp_path)}, wait=False)
    wait_until(lambda: not node.running, 20.0, "its end")
    assert node.stop() == 1
    assert f"error: {tmp_path} exists already" in node.output
    assert "Traceback" not in node.output


def test_ctrl_c_finishes_the_recording(tmp_path, start_node):
    node = start_node(RECORD, names.RECORDER_NODE, {"out": str(tmp_path / "walk")})
    node.process.send_signal(signal.SIGINT)
    assert node.process.wait(10.0) == 0
    assert (tmp_path / "walk" / "metadata.yaml").is_file()


def test_a_request_is_not_above_any_offer():
    assert soften(True, True, []) == (True, True)
    assert soften(True, True, [(True, True), (False, True)]) == (False, True)
    assert soften(True, True, [(True, True), (True, False)]) == (True, False)
    assert soften(False, False, [(True, True)]) == (False, False)


def test_clock_readings_give_the_time_of_receipt():
    clock = ReceiveClock(simulated=True)
    assert not clock.ready
    readings = [serialize_message(Clock(clock=Time(sec=s, nanosec=7))) for s in (10, 20)]
    assert clock_time(readings[0]) == 10 * S + 7
    clock.read(Taken(wall, data) for wall, data in zip((1000, 2000), readings, strict=True))
    assert clock.ready
    assert clock.began == 10 * S + 7
    # Before the first reading: that one; then the newest at that moment.
    assert [clock.at(wall) for wall in (500, 1000, 1999, 2000, 9000)] == [
        10 * S + 7,
        10 * S + 7,
        10 * S + 7,
        20 * S + 7,
        20 * S + 7,
    ]
    assert ReceiveClock(simulated=False).at(123) == 123
