import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

from rclpy.qos import DurabilityPolicy, ReliabilityPolicy  # noqa: E402

from landward_ros import qos  # noqa: E402


def test_measurements_are_never_sent_again_and_commands_always_arrive():
    assert qos.SENSOR.reliability == ReliabilityPolicy.BEST_EFFORT and qos.SENSOR.depth == 5
    assert qos.COMMAND.reliability == ReliabilityPolicy.RELIABLE and qos.COMMAND.depth == 1
    assert qos.OBSERVATION.depth == 10


def test_only_states_are_kept_for_those_who_join_late():
    assert qos.LATCHED.durability == DurabilityPolicy.TRANSIENT_LOCAL
    for profile in (qos.SENSOR, qos.COMMAND, qos.OBSERVATION, qos.DIAGNOSTICS, qos.CLOCK):
        assert profile.durability == DurabilityPolicy.VOLATILE
