from dataclasses import replace

import numpy as np
import pytest

from landward.errors import LandwardError, PolicyFileError, RegistryError, RunError, SpecMismatchError
from landward.onnx_policy import OnnxPolicy
from landward_policy.controller import DAMPING, Controller, Settings
from landward_policy.machine import Mode
from landward_policy.report import ERROR, OK, WARN, summary
from landward_ros import names
from landward_ros.samples import ImuSample, JointSample
from tests.robots.go1_terms import JOINT_POS, JOINTS, LAST_ACTION, TARGET
from tests.ros2_ws.landward_policy import policies
from tests.ros2_ws.landward_policy.policies import STANDING, go1_spec, write_policy


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_policy(tmp_path_factory.mktemp("policy") / "policy.onnx")


@pytest.fixture
def controller(path):
    return Controller(Settings("go1", str(path)))


def feed(controller, stamp, position=STANDING, velocity=0.0, rate=0.0):
    joints = JointSample(stamp, np.array(position), np.full(12, velocity), np.zeros(12))
    controller.inputs.buffers[names.JOINT_STATES].push(joints, stamp)
    imu = ImuSample(stamp, np.full(3, rate), policies.upright())
    controller.inputs.buffers[names.IMU].push(imu, stamp)


def walk(controller, now=1.0):
    controller.monitor("", now, now)
    feed(controller, now)
    assert controller.stand(now, now) == ""
    assert controller.walk(now, now) == ""


def test_passive_is_damping_even_without_sensors(controller):
    assert controller.tick(1.0, 1.0) is DAMPING


def test_standing_sends_the_curve_and_answers_the_newest_joint_states(controller):
    lying = STANDING + 0.4
    controller.monitor("", 1.0, 1.0)
    feed(controller, 1.0, lying)
    assert controller.stand(1.0, 1.0) == ""
    # 1.875 * 0.4 rad at 1 rad/s: 0.75 s.
    feed(controller, 1.375)
    controller.monitor("", 1.375, 1.375)
    command = controller.tick(1.375, 1.375)
    assert command.position == pytest.approx(STANDING + 0.2)
    assert (command.stamp_ns, command.inputs) == (1_375_000_000, None)


def test_the_policy_begins_with_an_empty_memory_every_time(controller, path):
    reference = OnnxPolicy(path)
    for start in (1.0, 50.0):
        walk(controller, start)
        reference.reset()
        for tick in range(3):
            now = start + 0.02 * (tick + 1)
            feed(controller, now, STANDING + 0.01 * tick, velocity=0.5)
            command = controller.tick(now, now)
            assert command.tick == tick
            target = reference(command.inputs)["target"][0]
            assert command.position.tolist() == target.tolist()
        assert controller.passive(now, now) == ""


def test_outputs_are_put_in_the_order_of_the_robots_joints(tmp_path):
    back = JOINTS[::-1]
    per_joint = ("limits", "stiffness", "damping", "effort_limit")
    turned = replace(TARGET, names=back, **{name: getattr(TARGET, name)[::-1] for name in per_joint})
    spec = go1_spec(replace(JOINT_POS, names=back), LAST_ACTION, actions=(turned,))
    path = write_policy(tmp_path / "policy.onnx", spec)
    controller = Controller(Settings("go1", str(path)))
    controller.monitor("", 1.0, 1.0)
    joints = JointSample(1.0, STANDING, np.zeros(12), np.zeros(12))
    controller.inputs.buffers[names.JOINT_STATES].push(joints, 1.0)
    assert controller.stand(1.0, 1.0) == "" and controller.walk(1.0, 1.0) == ""
    command = controller.tick(1.0, 1.0)
    assert command.inputs["joint_pos"][0] == pytest.approx(STANDING[::-1])
    assert command.position.tolist() == OnnxPolicy(path)(command.inputs)["target"][0, ::-1].tolist()


def test_a_lost_sensor_is_a_fault_with_a_reason(controller):
    walk(controller)
    assert controller.tick(1.02, 1.02) is DAMPING
    reason = "input_lost: joint_states is 0.020 s old, older than 0.015 s"
    assert (controller.machine.mode, controller.machine.reason) == (Mode.FAULT, reason)
    assert summary(controller, {})[:2] == (ERROR, reason)


def test_a_nan_is_a_fault_while_standing_and_while_walking(controller):
    for modes in ("stand", "walk"):
        controller.monitor("", 1.0, 1.0)
        walk(controller)
        if modes == "stand":
            controller.stand(1.0, 1.0)
        feed(controller, 1.005, rate=np.nan)
        assert controller.tick(1.005, 1.005) is DAMPING
        assert controller.machine.reason.startswith("input_lost: gyro from imu/data is not finite")
        controller.passive(1.01, 1.01)
        controller.inputs.clear()


def test_an_output_that_is_no_number_is_a_fault(tmp_path):
    controller = Controller(Settings("go1", str(write_policy(tmp_path / "policy.onnx", hidden=(256,)))))
    walk(controller)
    # Finite in float32, but not after the first layer.
    feed(controller, 1.005, np.full(12, 3e38), velocity=-3e38, rate=3e38)
    assert controller.tick(1.005, 1.005) is DAMPING
    assert controller.machine.reason.startswith("policy_input: the policy's output")


def test_an_error_in_this_node_is_a_fault_too(controller, capsys):
    walk(controller)
    controller.policy = None
    assert controller.tick(1.0, 1.0) is DAMPING
    assert controller.machine.reason.startswith("internal: TypeError")
    assert "Traceback" in capsys.readouterr().err


def test_a_monitor_that_falls_silent_is_a_fault(controller):
    walk(controller)
    feed(controller, 1.51)
    # 0.51 s of simulated time, but only 0.1 s on the wall: a fast simulation, no silence.
    assert controller.tick(1.51, 1.1).position is not None
    assert controller.tick(1.51, 1.51) is DAMPING
    assert controller.machine.reason == "monitor_silent: the safety monitor was last heard 0.51 s ago"


def test_nothing_moves_without_monitor_or_sensors(controller):
    feed(controller, 1.0)
    assert controller.stand(1.0, 1.0).startswith("stand refused: no safety monitor is heard on safety/status")
    controller.monitor("", 1.0, 1.0)
    controller.inputs.clear()
    assert controller.stand(1.0, 1.0) == "stand refused: no message on joint_states yet"
    assert controller.walk(1.0, 1.0) == "walk refused: no message on joint_states yet"
    assert controller.machine.mode is Mode.PASSIVE


def test_faults_matter_only_while_it_moves(controller):
    controller.fault("clock: ROS time went back")
    assert controller.machine.mode is Mode.PASSIVE
    walk(controller)
    controller.fault("clock: ROS time went back")
    assert controller.machine.mode is Mode.FAULT


def test_the_operators_silence_is_a_warning(controller):
    walk(controller)
    controller.tick(1.0, 1.0)
    assert summary(controller, {})[:2] == (WARN, "policy; no velocity command for 0.5 s: standing still")
    level, message, values = summary(controller, {"gyro": 0.2})
    assert message.endswith("older readings than in training: gyro") and values["late gyro"] == "20 %"
    controller.passive(1.0, 1.0)
    assert summary(controller, {"gyro": 0.05})[:2] == (OK, "passive")


def test_refused_messages_are_counted_in_the_report(controller):
    controller.inputs.buffers[names.IMU].refuse("no unit quaternion")
    assert summary(controller, {})[2]["refused imu/data"] == "1, the latest: no unit quaternion"


MISFITS = {
    "joint": (go1_spec(replace(JOINT_POS, names=("FR_hip", *JOINTS[1:])), LAST_ACTION), "'FR_hip'"),
    "unit": (go1_spec(replace(JOINT_POS, unit="deg"), LAST_ACTION), "deg"),
    "rate": (go1_spec(control_period=0.01), "every 0.01 s"),
    "robot": (go1_spec(robot="solo12"), "'solo12'"),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_policy_that_differs_in_one_thing_is_refused(misfit, tmp_path):
    spec, difference = MISFITS[misfit]
    path = write_policy(tmp_path / "policy.onnx", spec)
    with pytest.raises(SpecMismatchError, match="does not fit robot go1") as error:
        Controller(Settings("go1", str(path)))
    assert difference in str(error.value)


def test_another_rate_on_purpose_needs_a_policy_of_that_rate(tmp_path, path):
    fast = write_policy(tmp_path / "policy.onnx", go1_spec(control_period=0.01))
    assert Controller(Settings("go1", str(fast), control_period=0.01)).period == 0.01
    with pytest.raises(SpecMismatchError, match="every 0.02 s, the robot every 0.01 s"):
        Controller(Settings("go1", str(path), control_period=0.01))


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda content: content[:-100], PolicyFileError),
        (lambda content: content.replace(b'"go1"', b'"go2"'), PolicyFileError),
        (lambda content: b"", PolicyFileError),
    ],
)
def test_a_damaged_file_is_refused(damage, error, path, tmp_path):
    bad = tmp_path / "policy.onnx"
    bad.write_bytes(damage(path.read_bytes()))
    with pytest.raises(error):
        Controller(Settings("go1", str(bad)))


def test_a_missing_policy_or_robot_is_refused(path, tmp_path):
    with pytest.raises(RunError, match="no policy file or run folder"):
        Controller(Settings("go1", str(tmp_path / "none.onnx")))
    with pytest.raises(RegistryError, match="go7"):
        Controller(Settings("go7", str(path)))
    with pytest.raises(LandwardError):
        Controller(Settings("", ""))


def test_bounds_on_ages_come_from_the_robot_unless_given(path):
    assert Controller(Settings("go1", str(path))).inputs.ages.sensor == policies.GO1.safety.sensor_age
    assert Controller(Settings("go1", str(path), input_age=0.03)).inputs.ages.sensor == 0.03
