import re
import subprocess
import sys

import numpy as np
import pytest

bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")

from landward.errors import LandwardError  # noqa: E402
from landward_tools.bag import Bag  # noqa: E402
from landward_tools.scene import Scene, show  # noqa: E402
from landward_tools.view_command import View  # noqa: E402

S = 10**9


class FakeScene:
    """Keeps what it is told to draw."""

    def __init__(self, joints, output):
        self.drawn = {"names": tuple(joints), "output": output}
        FakeScene.last = self

    def joints(self, names, quantity, seconds, values):
        self.drawn[quantity] = (tuple(names), seconds.tolist(), values)

    def velocity(self, kind, seconds, values):
        self.drawn[kind] = (seconds.tolist(), values.tolist())

    def pose(self, seconds, values):
        self.drawn["pose"] = values.tolist()

    def path(self, values):
        self.drawn["path"] = values[:, :3].tolist()

    def states(self, who, seconds, texts, levels):
        self.drawn[who] = (seconds.tolist(), texts, levels)


def printed(file):
    """What Rerun's own reader finds in a file."""
    command = [sys.executable, "-m", "rerun", "rrd", "print", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def walk(tmp_path):
    rows = [
        (2 * S, "/joint_states", bags.joint_state(0, (1, 2, 3), (4, 5, 6), (7, 8, 9))),
        (3 * S, "/joint_command", bags.joint_state(0, (0, 0, 1))),
        (4 * S, "/joint_command", bags.joint_state(0, velocity=(0, 0, 0))),
        (5 * S, "/cmd_vel", bags.cmd_vel(0, vx=0.5)),
        (6 * S, "/odom", bags.odom(0, vx=0.4, x=1.5)),
        (7 * S, "/policy/status", bags.status(0, "policy")),
        (8 * S, "/safety/status", bags.status(2, "tilt: 1.2 rad")),
    ]
    return bags.write(tmp_path / "walk", rows)


def test_everything_is_drawn_from_the_first_message_on(walk):
    show(Bag(walk), None, FakeScene)
    drawn = FakeScene.last.drawn
    assert drawn["names"] == bags.JOINTS
    assert drawn["position"][1] == [0.0]
    assert drawn["velocity"][2].tolist() == [[4, 5, 6]]
    assert drawn["effort"][2].tolist() == [[7, 8, 9]]
    assert drawn["target"][1] == [1.0, 2.0]
    assert np.isnan(drawn["target"][2][1]).all()
    assert drawn["commanded"] == ([3.0], [[0.5, 0.0, 0.0]])
    assert drawn["measured"] == ([4.0], [[0.4, 0.0, 0.0]])
    assert drawn["pose"] == [[1.5, 0.0, 0.3, 1.0, 0.0, 0.0, 0.0]]
    assert drawn["policy"] == ([5.0], ("policy",), [0])
    assert drawn["monitor"] == ([6.0], ("tilt: 1.2 rad",), [2])


def test_a_file_for_the_viewer_has_every_curve(walk, tmp_path):
    pytest.importorskip("rerun")
    file = tmp_path / "walk.rrd"
    assert View(walk, save=file).run() == 0
    found = set(re.findall(r" - (/\S+) - ", printed(file)))
    wanted = {f"/joint/{name}/{what}" for name in bags.JOINTS for what in ("position", "target", "velocity")}
    wanted |= {"/world/base", "/world/path", "/velocity/forward/commanded", "/velocity/turn/measured"}
    wanted |= {"/state/policy", "/state/monitor"}
    assert wanted <= found


def test_a_state_that_stays_is_one_line(tmp_path):
    pytest.importorskip("rerun")
    scene = Scene(("a",), tmp_path / "states.rrd")
    for second, text in ((0.0, "armed"), (1.0, "armed"), (2.0, "tilt")):
        scene.states("monitor", np.array([second]), [text], [0])
    del scene
    assert printed(tmp_path / "states.rrd").count("/state/monitor") == 2


@pytest.mark.ros
def test_the_running_robot_is_drawn_in_batches(ros_node):
    pytest.importorskip("rclpy", reason="needs ROS 2: make setup-ros")
    import rclpy
    from nav_msgs.msg import Odometry

    from landward_ros import convert, names, qos
    from landward_ros.diagnostics import status_message
    from landward_ros.samples import JointSample
    from landward_tools.view_live import Live
    from tests.ros2_ws.processes import wait_until

    FakeScene.last = None
    live = Live(None, FakeScene)
    three = np.array([1.0, 2.0, 3.0])
    state = JointSample(0.0, three, three + 3, three + 6)
    command = convert.position_command(tuple(reversed(bags.JOINTS)), 0, three)
    status = status_message(b"\1", "policy", "slow")
    sent = [
        (names.JOINT_STATES, qos.SENSOR, convert.joint_state(bags.JOINTS, state)),
        (names.ROBOT_COMMAND, qos.COMMAND, command),
        (names.CMD_VEL, qos.COMMAND, convert.twist_message(0, (0.5, 0.0, 0.0))),
        (names.ODOM, qos.SENSOR, Odometry()),
        (names.POLICY_STATUS, qos.LATCHED, status),
    ]
    publishers = [(ros_node.create_publisher(type(m), topic, profile), m) for topic, profile, m in sent]
    wanted = {"position", "target", "commanded", "measured", "pose", "policy"}

    def drawn():
        for publisher, message in publishers:
            publisher.publish(message)
        rclpy.spin_once(live, timeout_sec=0.02)
        return FakeScene.last is not None and wanted <= FakeScene.last.drawn.keys()

    try:
        wait_until(drawn, 20.0, "everything drawn")
    finally:
        live.destroy_node()
    found = FakeScene.last.drawn
    assert found["names"] == bags.JOINTS
    assert found["effort"][2][0].tolist() == [7, 8, 9]
    # By name, whatever order the command has.
    assert found["target"][2][0].tolist() == [3, 2, 1]
    assert found["commanded"][1][0] == [0.5, 0.0, 0.0]
    assert set(zip(*found["policy"][1:], strict=True)) == {("slow", 1)}


def test_one_of_recording_and_live_is_needed(walk):
    pytest.importorskip("rerun")
    with pytest.raises(LandwardError, match="name a recording, or give --live"):
        View().run()
    with pytest.raises(LandwardError, match="name a recording, or give --live"):
        View(walk, live=True).run()


def test_without_rerun_the_extra_is_named(walk, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(LandwardError, match=r"'rerun' is not installed.*landward\[view\]"):
        View(walk).run()
