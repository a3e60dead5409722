import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

import rclpy  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402

from landward_ros import diagnostics, qos  # noqa: E402


def listen(node):
    got = []
    node.create_subscription(
        DiagnosticArray, "/diagnostics", lambda msg: got.extend(msg.status), qos.DIAGNOSTICS
    )
    return got


def spin(node, until, seconds=20.0):
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.02)
    return until()


def test_a_change_is_published_at_once_and_a_state_every_second(ros_node):
    got = listen(ros_node)
    reporter = diagnostics.Reporter(ros_node, "drive", "go1")
    assert spin(ros_node, lambda: len(got) > 0), "no periodic status"
    assert got[0].name == "/test_node: drive" and got[0].hardware_id == "go1"

    got.clear()
    start = time.monotonic()
    assert reporter.set(diagnostics.ERROR, "command_lost: none for 0.03 s", {"silence_s": "0.03"})
    assert spin(ros_node, lambda: any(status.level == diagnostics.ERROR for status in got))
    assert time.monotonic() - start < 0.8
    (value,) = got[-1].values
    assert (value.key, value.value) == ("silence_s", "0.03")


def test_changed_values_alone_wait_for_the_next_second(ros_node):
    got = listen(ros_node)
    reporter = diagnostics.Reporter(ros_node, "drive", "go1")
    reporter.set(diagnostics.OK, "running", {"commands": "1"})
    assert spin(ros_node, lambda: any(status.message == "running" for status in got))
    count = len(got)
    assert not reporter.set(diagnostics.OK, "running", {"commands": "2"})
    assert reporter.status.values[0].value == "2"
    assert spin(ros_node, lambda: len(got) > count)
    assert got[-1].values[0].value == "2"
