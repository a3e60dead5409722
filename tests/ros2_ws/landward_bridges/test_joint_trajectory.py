import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from landward.errors import LandwardError  # noqa: E402
from landward_bridges.joint_trajectory import TOPIC, JointTrajectoryNode, trajectory  # noqa: E402
from landward_ros import convert, names, qos  # noqa: E402
from landward_ros.samples import JointSample  # noqa: E402
from robots.go1 import GO1  # noqa: E402
from tests.ros2_ws.landward_bridges.ends import OtherEnd  # noqa: E402

NAMES = GO1.joint_names
BACKWARDS = NAMES[::-1]
PERIOD = 0.1
MEASURED = np.linspace(-0.1, 0.2, 12)


class Robot(OtherEnd):
    """Stands where its controller would: gives joint states, records trajectories."""

    def __init__(self, node):
        super().__init__(node)
        self.points = []
        self.states = node.create_publisher(JointState, names.JOINT_STATES, qos.SENSOR)
        self.commands = node.create_publisher(JointState, names.ROBOT_COMMAND, qos.COMMAND)
        trajectories = node.create_subscription(JointTrajectory, TOPIC, self.points.append, 10)
        self.connect((self.states, self.commands), (trajectories,))

    def measure(self):
        """Joint states in an order that is not the robot's."""
        zeros = np.zeros(12)
        sample = JointSample(1.0, MEASURED[::-1], zeros, zeros)
        self.states.publish(convert.joint_state(BACKWARDS, sample))

    def commanded(self, target):
        """Send a target, in that same order, until the driver has passed it on."""

        def act():
            self.measure()
            self.commands.publish(convert.position_command(BACKWARDS, 1, target[::-1]))

        def passed():
            return any(np.allclose(msg.points[0].positions, target) for msg in self.points)

        return self.spin(passed, period=0.05, act=act)

    def holds(self):
        """Whether the last message asks for the measured position."""
        return bool(self.points) and np.allclose(self.points[-1].points[0].positions, MEASURED)


@pytest.fixture
def robot(ros_node, start_node):
    start_node("landward_bridges.joint_trajectory", "bridge", {"robot": "go1", "control_period": PERIOD})
    return Robot(ros_node)


def test_a_trajectory_is_one_point_one_period_from_now():
    msg = trajectory(("a", "b"), np.array([0.5, -0.5]), 0.02)
    (point,) = msg.points
    assert list(msg.joint_names) == ["a", "b"] and list(point.positions) == [0.5, -0.5]
    assert (point.time_from_start.sec, point.time_from_start.nanosec) == (0, 20_000_000)
    assert (msg.header.stamp.sec, msg.header.stamp.nanosec) == (0, 0)


def test_targets_pass_by_name_and_a_lost_command_holds_what_was_measured(robot):
    target = np.linspace(-0.5, 0.5, 12)
    assert robot.commanded(target)
    assert list(robot.points[-1].joint_names) == list(NAMES)
    robot.points.clear()
    assert robot.spin(lambda: robot.says("command_lost"), act=robot.measure, period=0.02)
    assert robot.spin(robot.holds)
    lost = next(status for status in robot.statuses if status.message.startswith("command_lost"))
    assert lost.message == (
        "command_lost: no joint_command for more than 150 ms; holding the measured position"
    )
    assert lost.name == "/bridge: drive" and lost.hardware_id == "go1" and lost.level == b"\x02"


def test_damping_holds_and_a_target_that_is_not_finite_goes_nowhere(robot):
    assert robot.commanded(np.zeros(12))
    robot.points.clear()

    def damp():
        robot.measure()
        robot.commands.publish(convert.damping_command(NAMES, 1))

    assert robot.spin(robot.holds, period=0.05, act=damp)
    assert robot.spin(
        lambda: robot.says("holding the measured position, as commanded"), period=0.05, act=damp
    )
    broken = np.full(12, np.nan)
    assert robot.spin(
        lambda: robot.says("command_refused: a number in it is NaN"),
        period=0.01,
        act=lambda: robot.commands.publish(convert.position_command(NAMES, 1, broken)),
    )
    assert all(np.isfinite(msg.points[0].positions).all() for msg in robot.points)


def test_without_joint_states_nothing_moves(robot):
    target = convert.position_command(NAMES, 1, np.zeros(12))
    assert robot.spin(
        lambda: robot.says("robot_silent: nothing has come from the robot yet"),
        period=0.05,
        act=lambda: robot.commands.publish(target),
    )

    def without_effort():
        robot.states.publish(JointState(name=list(NAMES), position=[0.0] * 12, velocity=[0.0] * 12))
        robot.commands.publish(target)

    refused = "(the last was refused: joint message: 0 entries of effort for 12 names)"
    assert robot.spin(
        lambda: any(status.message.endswith(refused) for status in robot.statuses),
        period=0.05,
        act=without_effort,
    )
    assert robot.points == []


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"robot": "go9"}, "unknown robot 'go9': did you mean go1"),
        ({}, "parameter robot is not set"),
        ({"robot": "go1", "control_period": -1.0}, "parameter control_period must be positive"),
    ],
)
def test_an_unknown_robot_and_a_wrong_period_are_refused(ros_node, parameters, error):
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    with pytest.raises(LandwardError, match=error):
        JointTrajectoryNode(parameter_overrides=overrides)
