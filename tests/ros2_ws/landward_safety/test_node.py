"""The node as a process, over real topics."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landward.constraint import Constraint
from tests.ros2_ws.landward_policy.policies import GO1, STANDING, go1_spec, write_policy

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="needs ROS 2: make setup-ros")

from sensor_msgs.msg import JointState  # noqa: E402

from landward_ros import convert, names, qos  # noqa: E402
from tests.ros2_ws.landward_safety.fake_ends import PERIOD, Ends, is_damping, values  # noqa: E402

ROLLED = np.array((np.cos(0.6), np.sin(0.6), 0.0, 0.0))
"""1.2 rad to the side; the limit is 1.0."""


@pytest.fixture
def path(tmp_path):
    constraints = (
        Constraint("speed", "joint_vel", 5.0, "rad/s", kind="hard"),
        Constraint("force", "foot_force", 50.0, "N"),
    )
    return write_policy(tmp_path / "policy.onnx", go1_spec(constraints=constraints))


@pytest.fixture
def start(ros_node, start_node, path, tmp_path):
    def begin(**parameters):
        # Before the node is there, so that its first damping commands are heard.
        ends = Ends(ros_node)
        parameters = {"robot": "go1", "policy": str(path), "use_sim_time": True} | parameters
        ends.process = start_node("landward_safety.node", names.SAFETY_NODE, parameters)
        return ends.connect(parameters["use_sim_time"])

    return begin


def test_commands_pass_clamped_and_faults_take_over(start, tmp_path):
    box = tmp_path / "box"
    ends = start(black_box=str(box), black_box_seconds=1.0)
    assert values(ends.statuses[-1])["not_monitored"] == "force (needs foot_force)"
    # Not ready: a target without sensors is answered with damping.
    assert is_damping(ends.command(STANDING, joints=False, imu=False))
    answer = ends.arm()
    assert convert.to_ns(answer.header.stamp) == ends.ns
    assert list(answer.name) == list(GO1.joint_names)
    np.testing.assert_array_equal(answer.position, STANDING)
    # 30.1 rad/s for 20 ms; the knee's limit is further away.
    answer = ends.command(STANDING + np.eye(12)[1] * 2.0)
    assert answer.position[1] - STANDING[1] == pytest.approx(0.602)
    assert answer.position[0] == STANDING[0]

    for reason, spoil in FAULTS:
        ends.command(STANDING)
        begin = ends.ns
        ends.sent.clear()
        spoil(ends)
        ends.until(lambda: any(is_damping(m) for m in ends.sent), f"damping after {reason}")
        stamp = convert.to_ns(next(m for m in ends.sent if is_damping(m)).header.stamp)
        assert stamp - begin <= PERIOD + (PERIOD // 2 + 5_000_000 if reason.endswith("silent") else 0)
        assert ends.fault(reason)["fault"] == reason
        assert is_damping(ends.command(STANDING))
        refused = ends.call(names.SAFETY_RESET)
        assert not refused.success and "put the policy into passive first" in refused.message
        ends.recover()
    recordings_are_whole(box, [reason for reason, _ in FAULTS])


def nan(message):
    message.velocity[3] = float("nan")


def drop(message):
    message.name = [*message.name[:-1], "tail"]


def tick_with(**changes):
    def spoil(ends):
        for name, value in changes.items():
            setattr(ends, name, value)
        ends.tick()

    return spoil


def silence(ends, **sensors):
    for _ in range(8):
        ends.tick(**sensors)
        # Nothing answers, so nothing tells that the node has seen this much time pass.
        ends.spin(0.1)


def garbage(topic):
    def spoil(ends):
        ends.publishers[topic].publish(b"\x00\x01\x00\x00" + b"\xff" * 60)

    return spoil


FAULTS = (
    ("sensor_nan", lambda ends: ends.tick(edit=nan)),
    ("sensor_mismatch", lambda ends: ends.tick(edit=drop)),
    ("sensor_mismatch", garbage(names.IMU)),
    ("joint_torque", tick_with(effort=np.full(12, 60.0))),
    ("tilt", tick_with(orientation=ROLLED)),
    ("constraint.speed", tick_with(velocity=np.full(12, -6.0))),
    ("command_silent", silence),
    ("sensor_silent", lambda ends: silence(ends, imu=False)),
    ("command_mismatch", lambda ends: ends.command(STANDING, edit=drop)),
    ("command_mismatch", garbage(names.POLICY_COMMAND)),
    ("command_nan", lambda ends: ends.command(STANDING * np.nan)),
    ("stop", lambda ends: ends.call(names.SAFETY_STOP)),
)


def recordings_are_whole(box: Path, reasons: list[str]) -> None:
    from rosbags.rosbag2 import Reader

    folders = sorted(box.iterdir())
    assert [folder.name.split("_", 1)[1] for folder in folders] == reasons
    for folder, reason in zip(folders, reasons, strict=True):
        facts = json.loads((folder / "fault.json").read_text())
        assert (facts["reason"], facts["robot"]) == (reason, "go1")
        with Reader(folder) as reader:
            counts = {item.topic: item.msgcount for item in reader.connections}
            last = [item.topic for item, _, _ in reader.messages()][-1]
        assert counts["/joint_states"] > 3 and counts["/imu/data"] > 3 and counts["/policy/joint_command"]
        # The takeover itself is the last that it holds.
        assert last == "/joint_command"


def test_the_deadman_switch(start):
    ends = start(deadman_required=True)
    assert is_damping(ends.command(STANDING))
    ends.until(lambda: "deadman" in ends.statuses[-1].message, "the switch is missed")
    ends.held = True
    ends.arm()
    ends.held = False
    ends.tick()
    assert ends.fault("deadman")["state"] == "fault"


def test_a_clock_that_stands_still_is_a_fault(start):
    ends = start()
    ends.arm()
    ends.sent.clear()
    ends.until(lambda: ends.sent, "damping")
    assert is_damping(ends.sent[0])
    assert ends.fault("clock")["detail"].startswith("simulated time has stood still for 1.")


def test_in_real_time_it_damps_from_the_start(start):
    ends = start(use_sim_time=False)
    before = ends.node.get_clock().now().nanoseconds
    ends.sent.clear()
    ends.until(lambda: len(ends.sent) >= 50, "fifty commands")
    assert all(is_damping(message) for message in ends.sent)
    stamps = np.array([convert.to_ns(message.header.stamp) for message in ends.sent])
    assert stamps[-1] > before
    # Every 20 ms; a busy machine delays some of them.
    assert np.median(np.diff(stamps)) == pytest.approx(PERIOD, rel=0.25)


def test_another_publisher_on_the_robots_topic_is_told(start):
    ends = start(use_sim_time=False)
    assert "other publishers" not in ends.statuses[-1].message
    rival = ends.node.create_publisher(JointState, names.ROBOT_COMMAND, qos.COMMAND)
    ends.until(lambda: "1 other publishers on /joint_command" in ends.statuses[-1].message, "a warning")
    ends.node.destroy_publisher(rival)
    ends.until(lambda: "other publishers" not in ends.statuses[-1].message, "all is well again")


def test_it_says_goodbye_with_damping(start):
    ends = start()
    ends.arm()
    ends.sent.clear()
    ends.process.process.terminate()
    ends.until(lambda: not ends.process.running, "the node ended")
    ends.until(lambda: ends.sent, "the last command")
    assert ends.process.stop() == 0 and is_damping(ends.sent[-1])


def test_it_does_not_start_where_it_could_not_guard(start_node, path, tmp_path):
    other = write_policy(tmp_path / "other.onnx", replace(go1_spec(), robot="solo12"))
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(path.read_bytes()[:-100])
    (tmp_path / "file").touch()
    fine = {"robot": "go1", "policy": str(path)}
    processes = {
        message: start_node("landward_safety.node", names.SAFETY_NODE, parameters, wait=False)
        for message, parameters in {
            "does not fit robot go1:\n  - robot: the policy is for 'solo12'": fine | {"policy": str(other)},
            "the policy file is cut short": fine | {"policy": str(cut)},
            "the policy runs every 0.02 s": fine | {"control_period": 0.01},
            "needs the parameter 'policy'": {"robot": "go1"},
            "unknown robot 'go7'": fine | {"robot": "go7"},
            "cannot write": fine | {"black_box": str(tmp_path / "file" / "box")},
            "soft_grace must be at least 0": fine | {"soft_grace": -1.0},
        }.items()
    }
    for message, process in processes.items():
        assert process.process.wait(60) == 1
        assert process.output.startswith("error: ") and message in process.output, process.output
        assert "Traceback" not in process.output
