import importlib.util

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

from sensor_msgs.msg import Imu, JointState  # noqa: E402

from landward_bridges import unitree  # noqa: E402
from landward_bridges.unitree_crc import checksum  # noqa: E402
from landward_ros import convert, names, qos  # noqa: E402
from robots.go1 import GO1  # noqa: E402
from tests.ros2_ws.landward_bridges.ends import OtherEnd  # noqa: E402

HAS_MESSAGES = importlib.util.find_spec("unitree_go") is not None
NAMES = GO1.joint_names


def test_help_says_what_it_needs_and_that_it_has_not_met_a_robot(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["unitree", "--help"])
    assert unitree.main() == 0
    text = capsys.readouterr().out
    for needed in ("unitree_go", "rmw_cyclonedds_cpp", "sport mode", "never run on\nhardware"):
        assert needed in text


@pytest.mark.skipif(HAS_MESSAGES, reason="unitree_go is there")
def test_without_the_messages_one_line_says_which_package_to_build(start_node):
    node = start_node("landward_bridges.unitree", "bridge", {"robot": "go1"}, wait=False)
    assert node.process.wait(60) == 1
    assert node.output.startswith("error: the ROS package unitree_go is not there: clone")
    assert node.output.count("\n") == 1


class Motors(OtherEnd):
    """The motors' end of Unitree's own topics, and the monitor's end of joint_command."""

    def __init__(self, node):
        from unitree_go.msg import LowCmd, LowState

        super().__init__(node)
        self.got, self.joints, self.imus = [], [], []
        self.states = node.create_publisher(LowState, unitree.STATE_TOPIC, 10)
        self.commands = node.create_publisher(JointState, names.ROBOT_COMMAND, qos.COMMAND)
        lowcmd = node.create_subscription(LowCmd, unitree.COMMAND_TOPIC, self.got.append, 10)
        joints = node.create_subscription(JointState, names.JOINT_STATES, self.joints.append, qos.SENSOR)
        node.create_subscription(Imu, names.IMU, self.imus.append, qos.SENSOR)
        self.connect((self.states, self.commands), (lowcmd, joints))
        self.state = LowState()

    def measure(self):
        """Motor k is at 0.1 k [rad], turns at k [rad/s] with -k [N m]; the body is rolled."""
        for k, motor in enumerate(self.state.motor_state):
            motor.q, motor.dq, motor.tau_est = 0.1 * k, float(k), float(-k)
        self.state.imu_state.quaternion = np.array([0.8, 0.6, 0.0, 0.0], dtype=np.float32)
        self.states.publish(self.state)


@pytest.mark.skipif(not HAS_MESSAGES, reason="needs unitree_go: colcon build it from unitree_ros2, source it")
def test_commands_and_measurements_pass_over_unitrees_own_messages(ros_node, start_node):
    driver = start_node("landward_bridges.unitree", "bridge", {"robot": "go1", "control_period": 0.1})
    motors = Motors(ros_node)
    assert motors.spin(lambda: motors.got)
    # Before the first command: damping.
    assert {motor.kp for motor in motors.got[0].motor_cmd} == {0.0}
    assert [motor.kd for motor in motors.got[0].motor_cmd] == [3.0] * 12 + [0.0] * 8
    assert motors.spin(lambda: motors.joints and motors.imus, act=motors.measure, period=0.01)
    sample = convert.JointOrder(NAMES).read(motors.joints[-1])
    np.testing.assert_allclose(sample.position, 0.1 * np.arange(12), atol=1e-6)
    assert sample.velocity.tolist() == list(range(12)) and sample.effort.tolist() == [-k for k in range(12)]
    assert convert.read_imu(motors.imus[-1]).gravity[1] == pytest.approx(-0.96)

    target = np.linspace(-0.5, 0.6, 12)
    backwards = convert.position_command(NAMES[::-1], 1, target[::-1])
    followed = lambda: motors.got[-1].motor_cmd[0].kp == 35.0  # noqa: E731
    assert motors.spin(followed, act=lambda: motors.commands.publish(backwards), period=0.05)
    command = motors.got[-1]
    np.testing.assert_allclose([motor.q for motor in command.motor_cmd[:12]], target, atol=1e-6)
    assert command.crc == checksum(command)
    assert motors.spin(lambda: motors.says("command_lost: no joint_command for more than 150 ms; damping"))
    assert motors.spin(lambda: motors.got[-1].motor_cmd[0].kp == 0.0)

    follow = {"act": lambda: motors.commands.publish(backwards), "period": 0.05}
    assert motors.spin(
        lambda: followed() and motors.says("robot_silent: nothing for more than 100 ms"), **follow
    )
    driver.process.terminate()
    assert motors.spin(lambda: not driver.running) and driver.process.returncode == 0
    motors.spin(lambda: False, seconds=0.2)
    assert motors.got[-1].motor_cmd[11].kp == 0.0 and motors.got[-1].motor_cmd[11].kd == 3.0
