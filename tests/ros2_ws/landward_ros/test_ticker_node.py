import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

import rclpy  # noqa: E402
from rclpy.clock import ClockType  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402

from landward_ros import convert, names, qos  # noqa: E402
from landward_ros.ticker import Ticker, ros_time, steady_timer, uses_sim_time  # noqa: E402

MS = 1_000_000


def test_in_real_time_ticks_keep_the_period_of_the_monotonic_clock(ros_node):
    ticker = Ticker(ros_node, 0.01)
    assert not ticker.simulated and ticker.poll() == 0
    start, ticks = time.monotonic(), 0
    while time.monotonic() - start < 0.305:
        rclpy.spin_once(ros_node, timeout_sec=ticker.remaining())
        ticks += ticker.poll()
    ticks += ticker.poll()
    # Late ticks are counted as elapsed, so that none is lost on a busy machine.
    elapsed = (time.monotonic() - start) / 0.01
    assert elapsed - 2 < ticks <= elapsed + 1
    lateness = ticker.lateness
    assert lateness.count + lateness.missed == ticks and lateness.p50 <= lateness.p99 <= lateness.max


def test_timers_are_on_the_monotonic_clock(ros_node):
    timer = steady_timer(ros_node, 0.01, lambda: None)
    assert timer.clock.clock_type == ClockType.STEADY_TIME


def test_ros_time_is_what_the_clock_of_the_node_says(ros_node):
    before, now, after = ros_node.get_clock().now(), ros_time(ros_node)(), ros_node.get_clock().now()
    assert before.nanoseconds <= now <= after.nanoseconds
    ros_node.set_parameters([Parameter("use_sim_time", value=True)])
    assert ros_time(ros_node)() == 0


def test_under_simulated_time_ticks_follow_the_clock_and_its_first_jump_is_no_tick(ros_node):
    ros_node.set_parameters([Parameter("use_sim_time", value=True)])
    assert uses_sim_time(ros_node)
    calls = []
    timer = steady_timer(ros_node, 0.02, lambda: calls.append(1))
    assert timer.clock.clock_type == ClockType.ROS_TIME
    ticker = Ticker(ros_node, 0.02)
    clock = ros_node.create_publisher(Clock, names.CLOCK, qos.CLOCK)

    def now_is(ms):
        end = time.monotonic() + 5.0
        while ros_node.get_clock().now().nanoseconds != ms * MS:
            assert time.monotonic() < end, f"/clock of {ms} ms never came"
            clock.publish(Clock(clock=convert.to_stamp(ms * MS)))
            rclpy.spin_once(ros_node, timeout_sec=0.02)

    assert ticker.poll() == 0
    now_is(5000)
    # From 0 to 5 s is no 250 ticks: nobody was there.
    assert ticker.poll() == 0
    now_is(5019)
    assert ticker.poll() == 0
    now_is(5020)
    assert ticker.poll() == 1
    now_is(5065)
    assert ticker.poll() == 2
    now_is(40)
    # The simulation was reset.
    assert ticker.poll() == 0
    now_is(60)
    assert ticker.poll() == 1
    # Wall time passes meanwhile; the wait does not depend on it.
    assert ticker.remaining() == pytest.approx(0.05)
