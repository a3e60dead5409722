from dataclasses import replace

import numpy as np
import pytest

from landward.onnx_policy import OnnxPolicy
from tests.robots.go1_terms import JOINT_POS, JOINTS, LAST_ACTION
from tests.ros2_ws.landward_policy.policies import STANDING, go1_spec, write_policy

pytestmark = pytest.mark.ros
pytest.importorskip("rclpy", reason="needs ROS 2: make setup-ros")

from landward_ros import convert, names  # noqa: E402
from landward_ros.diagnostics import ERROR, OK  # noqa: E402
from landward_ros.samples import NS  # noqa: E402
from tests.ros2_ws.landward_policy.fake_robot import FakeRobot  # noqa: E402


@pytest.fixture
def path(tmp_path):
    return write_policy(tmp_path / "policy.onnx")


@pytest.fixture
def robot(ros_node, start_node, path):
    return start(ros_node, start_node, path)


def start(ros_node, start_node, path, namespace="", **parameters):
    robot = FakeRobot(ros_node, namespace, parameters.get("use_sim_time", False))
    # A busy machine delays the fake robot and its monitor by more than a robot's would be.
    ages = {"input_age": 1.0, "monitor_age": 10.0, "command_age": 10.0}
    parameters = {"robot": "go1", "policy": str(path)} | ages | parameters
    robot.process = start_node("landward_policy.node", names.POLICY_NODE, parameters, namespace)
    return robot


def values(status):
    return {pair.key: pair.value for pair in status.values}


def test_from_unconfigured_to_walking_and_back(robot, path):
    robot.velocity_command = (0.5, 0.25, -0.125)
    assert robot.state == "unconfigured"
    assert "the node is unconfigured; configure" in robot.call(names.POLICY_STAND).message
    assert robot.transition("configure") and robot.state == "inactive"
    robot.run(0.1)
    assert robot.commands == []
    assert robot.transition("activate")
    robot.run_until(lambda: len(robot.commands) > 3, "commands")
    assert all(not c.position and list(c.velocity) == [0.0] * 12 for c in robot.commands)
    assert robot.call(names.POLICY_WALK).message.startswith("walk refused: the robot is passive")

    robot.position = STANDING + 0.4
    robot.run(0.05)
    assert robot.call(names.POLICY_STAND).message == "stand"
    assert "0.40 rad from the standing pose" in robot.call(names.POLICY_WALK).message
    robot.run_until(lambda: list(robot.commands[-1].position) == STANDING.tolist(), "the standing pose")
    assert robot.observations == []

    robot.commands.clear()
    robot.position, robot.gyro = STANDING + 0.05, np.array((0.1, 0.2, 0.3))
    robot.run(0.05)
    assert robot.call(names.POLICY_WALK).message == "policy"
    robot.run_until(lambda: len(robot.observations) >= 25, "25 inferences")
    targets = [(convert.to_ns(c.header.stamp) // 1000, list(c.position)) for c in robot.commands]
    assert all(convert.to_ns(c.header.stamp) in robot.joint_stamps for c in robot.commands)
    check_observations(robot.observations, targets, OnnxPolicy(path))

    assert robot.call(names.POLICY_PASSIVE).success
    robot.run_until(lambda: robot.damped, "damping")
    assert robot.transition("deactivate") and robot.state == "inactive"
    count = len(robot.commands)
    robot.run(0.1)
    assert len(robot.commands) <= count + 1 and robot.damped
    assert robot.transition("cleanup") and robot.state == "unconfigured"
    assert robot.transition("configure") and robot.state == "inactive"


def check_observations(observations, targets, policy):
    """Outputs are those of the policy on the recorded inputs, bit for bit."""
    shapes = {term.name: term for term in policy.spec.inputs}
    for tick, message in enumerate(observations):
        stamp_us, index, inputs = convert.read_observation(message)
        assert index == tick
        arrays = {n: v.astype(shapes[n].dtype).reshape(1, *shapes[n].shape) for n, v in inputs.items()}
        assert (stamp_us, policy(arrays)["target"][0].astype(float).tolist()) in targets
    assert inputs["gyro"] == pytest.approx((0.1, 0.2, 0.3))
    assert inputs["gravity"].tolist() == [0.0, 0.0, -1.0]
    assert inputs["command"].tolist() == [0.5, 0.25, -0.125]
    # The robot sends its joints in another order than the policy reads them.
    assert inputs["joint_pos"] == pytest.approx(STANDING + 0.05)


def test_a_nan_is_named_in_diagnostics_and_ends_in_damping(robot):
    robot.walk()
    robot.gyro = np.array((0.0, np.nan, 0.0))
    robot.run_until(lambda: robot.damped, "damping")
    robot.run_until(lambda: [s for s in robot.diagnostics if s.level == ERROR], "an error in /diagnostics")
    found = next(s for s in robot.diagnostics if s.level == ERROR)
    assert found.message.startswith("input_lost: gyro from imu/data is not finite: element 1 is nan")
    assert found.name == "/policy: policy"
    robot.run_until(lambda: robot.statuses[-1].level == ERROR, "an error on policy/status")
    robot.gyro = np.zeros(3)
    robot.run(0.1)
    # A fault stays until somebody acts.
    assert robot.damped and "clear the fault first" in robot.call(names.POLICY_STAND).message
    assert robot.call(names.POLICY_PASSIVE).success and robot.call(names.POLICY_STAND).success


def test_the_monitors_fault_is_followed_until_its_reset(robot):
    robot.walk()
    robot.monitor = (ERROR, "tilt: 1.2 rad")
    robot.run_until(lambda: robot.damped, "damping")
    robot.run_until(lambda: robot.statuses[-1].level == ERROR, "an error on policy/status")
    assert robot.statuses[-1].message == "the safety monitor reports tilt: 1.2 rad"
    assert not robot.call(names.POLICY_PASSIVE).success
    robot.monitor = (OK, "ready")
    robot.run_until(lambda: robot.statuses[-1].message == "passive", "passive")
    assert robot.call(names.POLICY_STAND).success


def test_joint_states_without_a_joint_end_in_damping_and_say_why(robot):
    robot.walk()
    robot.renamed = {"FR_hip_joint": "hip"}
    robot.run_until(lambda: robot.damped, "damping")
    robot.run_until(lambda: robot.statuses[-1].level == ERROR, "an error on policy/status")
    assert robot.statuses[-1].message.startswith("input_lost: joint_states is 1.")
    assert "was refused: joint_states: no joint 'FR_hip_joint'" in robot.statuses[-1].message


def test_the_end_of_the_process_leaves_damping(robot):
    robot.walk()
    robot.run_until(lambda: robot.commands[-1].position, "a target")
    robot.process.process.terminate()
    robot.run_until(lambda: not robot.process.running, "the end")
    assert robot.process.stop() == 0, robot.process.output
    robot.run(0.1)
    assert robot.damped


def test_a_namespace_moves_everything(ros_node, start_node, path):
    robot = start(ros_node, start_node, path, namespace="left/leg")
    robot.walk()
    assert robot.statuses[-1].message.startswith("policy")
    own = [s.name for s in robot.diagnostics]
    assert "/left/leg/policy: policy" in own
    topics = {name for name, _ in ros_node.get_topic_names_and_types()}
    assert not topics & {"/policy/joint_command", "/joint_states", "/policy/status"}


def test_simulated_time_that_goes_back_ends_in_damping(ros_node, start_node, path):
    robot = start(ros_node, start_node, path, use_sim_time=True)
    robot.walk()
    assert all(convert.to_ns(c.header.stamp) >= 100 * NS for c in robot.commands)
    robot.now = 1 * NS
    robot.run_until(lambda: robot.damped, "damping")
    robot.run_until(lambda: robot.statuses[-1].level == ERROR, "an error on policy/status")
    assert robot.statuses[-1].message.startswith("clock: ROS time went back by ")
    # What is measured from now on counts.
    assert robot.call(names.POLICY_PASSIVE).success
    robot.run(0.1)
    assert robot.call(names.POLICY_STAND).success


MISFITS = {
    "joint name": (go1_spec(replace(JOINT_POS, names=("FR_hip", *JOINTS[1:])), LAST_ACTION), None, "FR_hip"),
    "unit": (go1_spec(replace(JOINT_POS, unit="deg"), LAST_ACTION), None, "deg"),
    "rate": (go1_spec(control_period=0.01), None, "every 0.01 s"),
    "cut": (None, lambda content: content[: len(content) // 2], "cut short"),
    "tampered": (None, lambda content: content.replace(b'"robot":"go1"', b'"robot":"go2"'), "altered"),
}


def test_what_does_not_fit_never_leaves_unconfigured(robot, path):
    good = path.read_bytes()
    for name, (spec, damage, difference) in MISFITS.items():
        write_policy(path, spec)
        if damage is not None:
            path.write_bytes(damage(path.read_bytes()))
        robot.statuses.clear()
        robot.diagnostics.clear()
        assert not robot.transition("configure"), name
        assert not robot.transition("activate")
        assert robot.state == "unconfigured"
        for reports in (robot.statuses, robot.diagnostics):
            robot.run_until(lambda r=reports, d=difference: r and d in r[-1].message, f"a report of {name}")
            assert reports[-1].level == ERROR
            assert reports[-1].message.startswith("configure refused: ")
        assert difference in robot.process.output
    assert robot.commands == []
    path.write_bytes(good)
    assert robot.transition("configure") and robot.state == "inactive"
    robot.run_until(lambda: robot.statuses[-1].level == OK, "no error any more")
