from pathlib import Path
from typing import Any

import pytest

from tests.ros2_ws.processes import wait_until

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2: make setup-ros")

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402

from landward_bringup.description import describe  # noqa: E402
from landward_bringup.observer import Observer  # noqa: E402
from landward_bringup.process import DeploymentError  # noqa: E402
from landward_ros import names, qos  # noqa: E402

pytestmark = pytest.mark.ros
NAMESPACE = "watched"


@pytest.fixture
def observer():
    deployment = describe("go1", Path("p"), 0.02, Path("out"), namespace=NAMESPACE)
    with Observer(deployment) as made:
        yield made


@pytest.fixture
def make(ros_node: Any):
    """Makes nodes beside the test's own."""
    nodes = []

    def made(name: str, namespace: str = NAMESPACE) -> Any:
        nodes.append(rclpy.create_node(name, namespace=namespace))
        return nodes[-1]

    yield made
    for node in nodes:
        node.destroy_node()


def test_nodes_are_ready_once_discovered_in_their_namespace(observer: Observer, make: Any) -> None:
    assert observer.ready() == set()
    make("policy", "elsewhere")
    make("stranger")
    make("twin")
    wait_until(lambda: observer.ready() == {"twin"}, 10.0, "the twin is discovered")
    make("safety")
    wait_until(lambda: observer.ready() == {"twin", "safety"}, 10.0, "the monitor is discovered")


def test_a_second_monitor_is_refused(observer: Observer, make: Any) -> None:
    for _ in range(2):
        make("safety")

    def both() -> bool:
        try:
            observer.ready()
        except DeploymentError as error:
            return "two nodes /watched/safety" in str(error)
        return False

    wait_until(both, 10.0, "both are seen and refused")


def test_the_robot_is_seen(observer: Observer, make: Any) -> None:
    node = make("robot")
    policy, safety = (
        node.create_publisher(DiagnosticStatus, topic, qos.LATCHED)
        for topic in (names.POLICY_STATUS, names.SAFETY_STATUS)
    )
    odom = node.create_publisher(Odometry, names.ODOM, qos.SENSOR)
    command = node.create_publisher(TwistStamped, names.CMD_VEL, qos.COMMAND)
    moving, wanted = Odometry(), TwistStamped()
    moving.twist.twist.linear.x, wanted.twist.linear.x = 0.4, 0.5
    walking = [KeyValue(key="state", value="policy")]
    policy.publish(DiagnosticStatus(message="policy; old readings", values=walking))
    safety.publish(DiagnosticStatus(level=DiagnosticStatus.ERROR, message="tilt"))

    def seen() -> bool:
        odom.publish(moving)
        command.publish(wanted)
        view = observer.look()
        return bool(view.safety and view.robot and view.command and view.walks_since)

    wait_until(seen, 10.0, "everything has arrived")
    view = observer.look()
    assert (view.policy, view.safety) == ("policy; old readings", "tilt")
    assert (view.robot, view.command) == ((0.4, 0.0, 0.0), (0.5, 0.0, 0.0))
    assert view.walks_since is not None and 0.0 <= view.time - view.walks_since < 10.0
    policy.publish(DiagnosticStatus(message="passive"))
    safety.publish(DiagnosticStatus(level=DiagnosticStatus.OK, message="ok"))
    wait_until(lambda: observer.look().policy == "passive" and not observer.look().safety, 10.0, "rest")
    assert observer.look().walks_since is None
