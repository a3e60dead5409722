"""The state machine: when it arms, what it clamps, what latches, what resets it."""

import math

import numpy as np
import pytest

from landward.constraint import Constraint
from landward_ros.samples import CommandSample
from landward_safety.config import MonitorConfig
from landward_safety.monitor import ARMED, COMMAND, DISARMED, FAULT, IMU, JOINTS, Monitor
from tests.ros2_ws.landward_safety.scenes import (
    PERIOD,
    ROBOT,
    START,
    Scene,
    damping,
    imu,
    joints,
    spec,
    target,
)


def test_in_the_beginning_it_damps_every_control_period():
    monitor = Monitor(ROBOT, spec(), MonitorConfig(PERIOD))
    sent = [START + 0.005 * k for k in range(41) if monitor.tick(START + 0.005 * k) is not None]
    np.testing.assert_allclose(np.diff(sent), PERIOD)
    assert len(sent) == 11 and monitor.state == DISARMED


def test_a_target_without_sensors_is_refused_and_nothing_latches():
    monitor = Monitor(ROBOT, spec(), MonitorConfig(PERIOD))
    said = monitor.command(target(START), START)
    assert said.position is None and said.fault is None
    assert said.refused == "sensor_silent: joint_states: nothing came yet, the bound is 15.0 ms"
    assert monitor.state == DISARMED and monitor.refused == said.refused
    monitor.joint_states(joints(START), START)
    assert "imu/data" in monitor.command(target(START), START).refused
    monitor.imu(imu(START), START)
    assert monitor.command(target(START), START).position is not None
    assert (monitor.state, monitor.refused) == (ARMED, "")


@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        ({"position": (1.2, 0.0)}, "joint_position"),
        ({"velocity": (0.0, 23.0)}, "joint_velocity"),
        ({"effort": (0.0, 4.5)}, "joint_torque"),
        ({"position": (math.nan, 0.0)}, "sensor_nan"),
    ],
)
def test_a_sensor_fault_while_disarmed_refuses_and_passes(measured, reason):
    scene = Scene()
    assert scene.sense(**measured) is None
    assert [found.reason for found in scene.monitor.not_ready()] == [reason]
    assert scene.monitor.command(target(scene.now), scene.now).refused.startswith(reason)
    assert scene.monitor.state == DISARMED
    scene.arm()


def test_a_good_target_passes_unchanged():
    scene = Scene().arm()
    said = scene.command(0.15, -0.55)
    assert said.position is not None
    np.testing.assert_array_equal(said.position, (0.15, -0.55))
    assert said.clamped == () and said.fault is None


def test_the_first_target_starts_from_where_the_robot_is():
    scene = Scene()
    scene.sense(position=(-0.1, -0.5))
    # 10 rad/s for one period from -0.1.
    said = scene.command(0.3, -0.5, position=(-0.1, -0.5))
    np.testing.assert_allclose(said.position, (0.1, -0.5))
    assert said.clamped == ("clamped.rate",)


def test_a_robot_beyond_its_limit_starts_from_the_limit():
    scene = Scene()
    scene.sense(position=(1.05, -0.5))
    said = scene.command(0.0, -0.5, position=(1.05, -0.5))
    np.testing.assert_allclose(said.position, (0.8, -0.5))


def test_the_rate_is_against_what_was_sent_not_what_was_wanted():
    scene = Scene().arm()
    np.testing.assert_allclose(scene.command(0.9, -0.5).position, (0.3, -0.5))
    np.testing.assert_allclose(scene.command(0.9, -0.5, position=(0.3, -0.5)).position, (0.5, -0.5))


def test_a_flood_of_commands_moves_the_target_no_faster():
    scene = Scene().arm()
    for k in range(20):
        scene.sense(scene.now + 0.001)
        said = scene.monitor.command(target(scene.now, 0.9, -0.5), scene.now)
        assert said.position is not None
        # 10 rad/s * 1 ms.
        np.testing.assert_allclose(said.position[0], 0.1 + 0.01 * (k + 1), atol=1e-9)


def test_a_late_command_may_move_no_further_than_one_in_time():
    scene = Scene().arm()
    said = late(scene, 1.45, 0.9, -0.5)
    np.testing.assert_allclose(said.position, (0.3, -0.5))
    assert set(said.clamped) == {"clamped.rate", "late.command"}


def late(scene, periods, *position):
    """Sensors stay fresh; the command comes after so many periods."""
    end = scene.now + periods * PERIOD
    while scene.now + 0.005 < end:
        scene.sense(scene.now + 0.005)
        assert scene.monitor.tick(scene.now) is None or scene.monitor.fault
    scene.sense(end)
    return scene.monitor.command(target(end, *position), end)


@pytest.mark.parametrize(
    ("periods", "warning", "fault"),
    [
        (1.0, (), ""),
        (1.2, (), ""),
        (1.26, ("late.command",), ""),
        (1.49, ("late.command",), ""),
        (1.5, ("late.command",), ""),
        (1.51, (), "command_silent"),
    ],
)
def test_late_and_missed_commands(periods, warning, fault):
    scene = Scene().arm()
    said = late(scene, periods)
    assert (said.clamped, scene.reason) == (warning, fault)
    assert (said.position is None) == bool(fault)
    assert scene.monitor.counters["late.command"] == len(warning)


def test_silence_of_the_policy_is_seen_by_ticks():
    scene = Scene().arm()
    armed_at = scene.now
    said = None
    while said is None and scene.now < armed_at + 1.0:
        scene.sense(scene.now + 0.001)
        said = scene.monitor.tick(scene.now)
    assert scene.reason == "command_silent"
    assert said is not None and said.position is None and said.fault is scene.monitor.fault
    assert 1.5 * PERIOD - 1e-9 <= scene.now - armed_at <= 1.5 * PERIOD + 0.001 + 1e-9


def test_time_left_is_until_the_deadline():
    scene = Scene()
    assert scene.monitor.time_left(scene.now) == math.inf
    scene.arm()
    # A microsecond more: a silence of exactly 30 ms is within the bound.
    assert scene.monitor.time_left(scene.now + 0.01) == pytest.approx(0.020001)


@pytest.mark.parametrize("silent", [JOINTS, IMU])
def test_silence_of_a_sensor(silent):
    scene = Scene().arm()
    for k in (1, 2):
        at = scene.now + 0.007 * k
        other = (
            scene.monitor.imu(imu(at), at) if silent == JOINTS else scene.monitor.joint_states(joints(at), at)
        )
        assert other is None and scene.monitor.tick(at) is None
    said = scene.monitor.tick(scene.now + 0.0151)
    assert said is not None and said.fault is not None
    assert (said.fault.reason, said.fault.detail) == (
        "sensor_silent",
        f"{silent}: nothing newer than 15.1 ms, the bound is 15.0 ms",
    )


def test_a_command_finds_a_silent_sensor_without_a_tick():
    scene = Scene().arm()
    at = scene.now + 0.016
    assert scene.monitor.command(target(at), at).position is None
    assert scene.reason == "sensor_silent"


@pytest.mark.parametrize(
    ("send", "reason"),
    [
        (lambda m, t: m.joint_states(joints(t + 0.016), t), "sensor_stale"),
        (lambda m, t: m.joint_states(joints(START - 0.001), t), "sensor_out_of_order"),
        (lambda m, t: m.imu(imu(START - 0.001), t), "sensor_out_of_order"),
        (lambda m, t: m.joint_states(joints(t, velocity=(0.0, math.nan)), t), "sensor_nan"),
        (lambda m, t: m.imu(imu(t, math.nan), t), "sensor_nan"),
        (lambda m, t: m.joint_states(joints(t, (0.1,)), t), "sensor_mismatch"),
        (lambda m, t: m.bad_message(JOINTS, "no joint 'knee'", t), "sensor_mismatch"),
        (lambda m, t: m.bad_message(IMU, "no orientation", t), "sensor_mismatch"),
        (lambda m, t: m.joint_states(joints(t, (1.11, 0.0)), t), "joint_position"),
        (lambda m, t: m.joint_states(joints(t, velocity=(11.1, 0.0)), t), "joint_velocity"),
        (lambda m, t: m.joint_states(joints(t, effort=(0.0, -4.5)), t), "joint_torque"),
        (lambda m, t: m.imu(imu(t, 0.51), t), "tilt"),
        (lambda m, t: m.command(target(t, math.nan, 0.0), t), "command_nan"),
        (lambda m, t: m.command(target(t, 0.0, math.inf), t), "command_nan"),
        (lambda m, t: m.command(target(t, 0.0), t), "command_mismatch"),
        (lambda m, t: m.bad_message(COMMAND, "no joint 'knee'", t), "command_mismatch"),
        # command_age is 15 ms and half a period: 25 ms.
        (lambda m, t: m.command(target(t + 0.026), t), "command_stale"),
        (lambda m, t: m.command(target(START + PERIOD - 0.001), t), "command_out_of_order"),
        (lambda m, t: m.stop(t), "stop"),
        (lambda m, t: m.clock_stalled(1.1), "clock"),
        (lambda m, t: m.tick(t - 1.0), "clock"),
        (lambda m, t: m.tick(math.nan), "clock"),
        (lambda m, t: m.tick("now"), "internal"),
        (lambda m, t: m.command(None, t), "internal"),
        (lambda m, t: m.joint_states(None, t), "internal"),
    ],
)  # fmt: skip
def test_armed_everything_latches(send, reason):
    scene = Scene().arm()
    now = scene.now + 0.004
    said = send(scene.monitor, now)
    assert scene.monitor.state == FAULT and scene.reason == reason
    assert said is not None and said.position is None and said.fault is scene.monitor.fault
    # Good sensors and targets change nothing.
    for k in range(1, 60):
        at = now + 0.005 * k
        scene.sense(at)
        assert scene.monitor.command(target(at), at).position is None
    assert scene.reason == reason and scene.monitor.counters["faults"] == 1


@pytest.mark.parametrize("stale", [JOINTS, IMU])
def test_a_sensor_that_comes_old(stale):
    scene = Scene().arm()
    stamp, now = scene.now + 0.001, scene.now + 0.0165
    if stale == JOINTS:
        scene.monitor.joint_states(joints(stamp), now)
    else:
        scene.monitor.imu(imu(stamp), now)
    assert scene.monitor.fault is not None
    assert scene.reason == "sensor_stale"
    assert scene.monitor.fault.detail == f"{stale}: a stamp 15.5 ms old, the bound is 15.0 ms"


def test_an_old_command_is_stale():
    scene = Scene()
    scene.sense()
    scene.monitor.command(target(START - 0.026), START)
    assert scene.reason == "command_stale"
    assert scene.monitor.fault is not None
    assert scene.monitor.fault.detail == ("policy/joint_command: a stamp 26.0 ms old, the bound is 25.0 ms")


@pytest.mark.parametrize("bad", [(math.nan, 0.0), (0.0,)])
def test_a_target_that_is_none_latches_while_disarmed_too(bad):
    monitor = Monitor(ROBOT, spec(), MonitorConfig(PERIOD))
    monitor.command(target(START, *bad), START)
    assert monitor.state == FAULT


def test_no_target_is_safe():
    scene = Scene().arm()
    # The hip was pushed to -0.7: within the rate it can be told -0.1 at the least, which is 12 N m.
    said = scene.command(0.1, -0.5, position=(-0.7, -0.5))
    assert said.position is None and scene.reason == "command_torque"


def test_damping_disarms_and_is_always_accepted():
    scene = Scene().arm()
    said = scene.monitor.command(damping(scene.now - 10.0), scene.now + 0.001)
    assert said.position is None and said.fault is None and scene.monitor.state == DISARMED
    # Silence is normal now; damping goes on.
    assert scene.monitor.tick(scene.now + 1.0) is not None
    assert scene.monitor.fault is None


def test_arming_again_starts_from_the_measured_position():
    scene = Scene().arm()
    scene.command(0.3, -0.5)
    scene.monitor.command(damping(scene.now), scene.now)
    scene.sense(scene.now + 1.0, position=(-0.3, -0.5))
    said = scene.command(0.3, -0.5, position=(-0.3, -0.5))
    np.testing.assert_allclose(said.position, (-0.1, -0.5))


def test_the_first_fault_stays():
    scene = Scene().arm()
    scene.sense(scene.now + 0.001, position=(math.nan, 0.0))
    scene.monitor.stop(scene.now + 0.002)
    assert scene.reason == "sensor_nan"


def test_faulted_it_damps_every_control_period():
    scene = Scene().arm()
    scene.monitor.stop(scene.now)
    start = scene.now
    sent = [start + 0.005 * k for k in range(1, 41) if scene.monitor.tick(start + 0.005 * k) is not None]
    np.testing.assert_allclose(np.diff(sent), PERIOD)


def test_a_backlog_is_not_stale_but_its_content_counts():
    scene = Scene().arm()
    now = scene.now + 0.02
    assert scene.monitor.joint_states(joints(now - 0.018), now, backlog=True) is None
    assert scene.monitor.joint_states(joints(now - 0.001), now) is None
    assert scene.monitor.state == ARMED
    scene.monitor.imu(imu(now - 0.018, 0.6), now, backlog=True)
    assert scene.reason == "tilt"


def test_soft_constraints_come_from_the_configuration():
    scene = Scene(Constraint("fast", "joint_vel", 1.0, "rad/s"), soft_grace=0.05).arm()
    begin = scene.now
    for _ in range(9):
        scene.command(velocity=(1.5, 0.0))
        if scene.monitor.state == FAULT:
            break
    assert scene.reason == "constraint.fast"
    # Violated from the first command on; the fault is the first at or after 50 ms: the fourth.
    assert scene.now - begin == pytest.approx(4 * PERIOD)


def test_constraints_are_not_looked_at_while_disarmed():
    scene = Scene(Constraint("fast", "joint_vel", 1.0, "rad/s", kind="hard"))
    scene.sense(velocity=(0.0, 0.0))
    scene.sense(scene.now + 0.005, velocity=(5.0, 0.0))
    assert scene.monitor.state == DISARMED and scene.monitor.not_ready() == []


def test_time_that_goes_back_while_disarmed_forgets_and_goes_on():
    scene = Scene()
    scene.sense()
    scene.monitor.tick(50.0)
    assert scene.monitor.state == DISARMED
    assert scene.monitor.not_ready()[0].reason == "sensor_silent"
    scene.sense(50.005)
    assert scene.command().position is not None


def test_a_driver_that_starts_anew_with_an_earlier_clock():
    scene = Scene()
    scene.sense()
    assert scene.monitor.joint_states(joints(START - 0.003), START + 0.001) is None
    assert scene.monitor.not_ready()[0].reason == "sensor_out_of_order"
    scene.monitor.joint_states(joints(START - 0.001), START + 0.002)
    assert scene.monitor.not_ready() == []


def test_a_stalled_clock_matters_to_an_armed_robot_only():
    scene = Scene()
    assert scene.monitor.clock_stalled(2.0) is None and scene.monitor.fault is None


def test_the_decision_is_the_callers_own():
    scene = Scene().arm()
    said = scene.command(0.15, -0.5)
    assert said.position is not None
    said.position[:] = 99.0
    np.testing.assert_allclose(scene.command(0.3, -0.5).position, (0.3, -0.5))


def test_warnings_are_recent_for_a_while():
    scene = Scene().arm()
    scene.command(0.9, -0.5)
    assert scene.monitor.recent(1.0) == ("clamped.rate",)
    scene.monitor.tick(scene.now)
    for _ in range(60):
        scene.command(0.3, -0.5, position=(0.3, -0.5))
    assert scene.monitor.recent(1.0) == ()
    assert scene.monitor.counters["clamped.rate"] == 1


def test_a_sample_that_stands_for_itself():
    """CommandSample.stamp_ns decides about order, to the nanosecond."""
    scene = Scene().arm()
    ns = round(scene.now * 1e9)
    scene.monitor.command(CommandSample(scene.now, np.array((0.1, -0.5)), ns - 1), scene.now)
    assert scene.reason == "command_out_of_order"


def test_a_constraint_that_is_met_when_it_arms_counts_at_once():
    scene = Scene(Constraint("fast", "joint_vel", 1.0, "rad/s", kind="hard")).arm()
    scene.command(velocity=(1.5, 0.0))
    assert scene.reason == "constraint.fast"
