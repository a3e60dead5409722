import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

from geometry_msgs.msg import Twist, TwistStamped  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402

from landward.errors import LandwardError  # noqa: E402
from landward_bridges.mobile_base import MobileBaseNode  # noqa: E402
from landward_ros import convert, names, qos  # noqa: E402
from tests.ros2_ws.landward_bridges.ends import OtherEnd  # noqa: E402

LIMITS = {"max_linear": 0.5, "max_turn": 1.0, "control_period": 0.1}


class Base(OtherEnd):
    """A base that records what it is told."""

    def __init__(self, node, kind=TwistStamped):
        super().__init__(node)
        self.got = []
        self.commands = node.create_publisher(TwistStamped, names.POLICY_TWIST, qos.COMMAND)
        base = node.create_subscription(kind, names.CMD_VEL, self._on_twist, 10)
        self.connect((self.commands,), (base,))

    def send(self, velocity, frame="base_link"):
        msg = convert.twist_message(1, velocity)
        msg.header.frame_id = frame
        self.commands.publish(msg)

    def told(self, velocity):
        return any(got == pytest.approx(velocity) for got in self.got)

    def _on_twist(self, msg):
        self.got.append(convert.read_twist(msg).tolist())


def test_a_twist_within_limits_passes_a_faster_one_is_scaled_and_silence_stops(ros_node, start_node):
    start_node("landward_bridges.mobile_base", "bridge", LIMITS)
    base = Base(ros_node)
    assert base.spin(
        lambda: base.told([0.3, 0.0, -0.4]), act=lambda: base.send((0.3, 0.0, -0.4)), period=0.05
    )
    # Twice too fast, and sideways, which this base cannot do.
    assert base.spin(lambda: base.told([0.5, 0.0, 0.25]), act=lambda: base.send((1.0, 0.1, 0.5)), period=0.05)
    base.got.clear()
    assert base.spin(lambda: base.says("command_lost: no policy/twist for more than 150 ms; stopped"))
    base.got.clear()
    assert base.spin(lambda: len(base.got) >= 3)
    assert base.got == [[0.0, 0.0, 0.0]] * len(base.got)


def test_what_is_not_finite_or_in_another_frame_is_refused(ros_node, start_node):
    start_node("landward_bridges.mobile_base", "bridge", LIMITS)
    base = Base(ros_node)
    assert base.spin(
        lambda: base.says("command_refused: a number in it is NaN"),
        act=lambda: base.send((float("nan"), 0.0, 0.0)),
        period=0.05,
    )
    assert base.spin(
        lambda: base.says("command_refused: it is in frame 'map', not in 'base_link'"),
        act=lambda: base.send((0.1, 0.0, 0.0), frame="map"),
        period=0.05,
    )
    assert base.got == [[0.0, 0.0, 0.0]] * len(base.got)


def test_a_base_of_the_old_kind_gets_twists_without_a_stamp(ros_node, start_node):
    start_node("landward_bridges.mobile_base", "bridge", {**LIMITS, "stamped": False, "max_lateral": 0.2})
    base = Base(ros_node, Twist)
    assert base.spin(
        lambda: base.told([0.2, -0.1, 0.0]), act=lambda: base.send((0.2, -0.1, 0.0)), period=0.05
    )


def test_a_driver_that_is_stopped_leaves_the_base_stopped(ros_node, start_node):
    driver = start_node("landward_bridges.mobile_base", "bridge", LIMITS)
    base = Base(ros_node)
    assert base.spin(lambda: base.told([0.3, 0.0, 0.0]), act=lambda: base.send((0.3, 0.0, 0.0)), period=0.05)
    base.got.clear()
    driver.process.terminate()
    assert base.spin(lambda: not driver.running, act=lambda: base.send((0.3, 0.0, 0.0)), period=0.02)
    base.spin(lambda: False, seconds=0.2)
    assert driver.process.returncode == 0 and base.got[-1] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({}, "parameter max_linear must be a positive speed in m/s, got 0"),
        (
            {"max_linear": 0.5, "max_turn": float("inf")},
            "max_turn must be a positive speed in rad/s, got inf",
        ),
        ({**LIMITS, "max_lateral": -0.1}, "parameter max_lateral must be a positive speed"),
    ],
)
def test_without_limits_it_does_not_start(ros_node, parameters, error):
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    with pytest.raises(LandwardError, match=error):
        MobileBaseNode(parameter_overrides=overrides)
