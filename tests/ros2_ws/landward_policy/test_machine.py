import math

import numpy as np
import pytest

from landward_policy.machine import Machine, Mode

JOINTS = ("hip", "thigh", "calf")
STANDING = np.array((0.0, 0.9, -1.8))
LYING = np.array((0.0, 1.3, -2.6))
"""0.4 and 0.8 rad from standing: at 1 rad/s the calf needs 1.875 * 0.8 = 1.5 s."""


def make():
    return Machine(JOINTS, STANDING, speed=1.0, tolerance=0.3)


def standing():
    machine = make()
    assert machine.stand(LYING, now=10.0) == ""
    return machine


def walking():
    machine = standing()
    assert machine.walk(STANDING, now=11.5) == ""
    return machine


def test_it_begins_passive():
    assert make().mode is Mode.PASSIVE and not make().moves


def test_standing_up_follows_the_minimum_jerk_curve():
    machine = standing()
    assert machine.mode is Mode.STAND and machine.moves
    assert machine.target(10.0).tolist() == LYING.tolist()
    # Half time is half way; at a quarter 10/64 - 15/256 + 6/1024 = 106/1024 of it.
    assert machine.target(10.75) == pytest.approx((LYING + STANDING) / 2)
    assert machine.target(10.375) == pytest.approx(LYING + (STANDING - LYING) * 106 / 1024)
    assert machine.target(11.5) == pytest.approx(STANDING)
    assert machine.target(60.0).tolist() == STANDING.tolist()


def test_no_joint_is_faster_than_the_standing_speed():
    machine = standing()
    path = np.array([machine.target(10.0 + 0.001 * i) for i in range(1600)])
    speed = np.abs(np.diff(path, axis=0)) / 0.001
    assert speed.max() == pytest.approx(1.0, rel=1e-5)
    assert speed[0].max() < 0.001 and speed[-1].max() == 0.0


def test_standing_from_the_standing_pose_holds_at_once():
    machine = make()
    machine.stand(STANDING, 1.0)
    assert machine.target(1.0).tolist() == STANDING.tolist()
    assert machine.walk(STANDING, 1.0) == ""


def test_a_second_stand_does_not_start_again():
    machine = standing()
    assert machine.stand(STANDING, 11.0) == ""
    assert machine.target(10.75) == pytest.approx((LYING + STANDING) / 2)


def test_walking_needs_a_stand():
    assert make().walk(STANDING, 0.0) == (
        "walk refused: the robot is passive, let it stand first (policy/stand)"
    )


def test_walking_needs_the_standing_pose():
    machine = standing()
    pose = STANDING - (0.0, 0.1, 0.42)
    assert machine.walk(pose, 20.0) == (
        "walk refused: not standing yet, joint calf is 0.42 rad from the standing pose"
    )
    assert machine.mode is Mode.STAND
    assert "refused" in machine.walk(np.array((0.0, math.nan, -1.8)), 20.0)


def test_walking_needs_the_whole_stand():
    machine = standing()
    assert "takes another 0.50 s" in machine.walk(STANDING, 11.0)
    assert machine.walk(STANDING + 0.29, 11.5) == ""
    assert machine.mode is Mode.POLICY


def test_walking_again_changes_nothing_and_standing_stops_it():
    machine = walking()
    assert machine.walk(LYING, 12.0) == ""
    assert machine.stand(LYING, 12.0) == "" and machine.mode is Mode.STAND
    assert machine.target(12.0).tolist() == LYING.tolist()


def test_a_pose_that_is_no_number_is_refused():
    machine = make()
    refusal = machine.stand(np.array((0.0, math.nan, 0.0)), 0.0)
    assert refusal == "stand refused: the measured position of joint thigh is not finite"
    assert machine.mode is Mode.PASSIVE


def test_a_fault_keeps_its_first_reason_until_passive():
    machine = walking()
    machine.fault("input_lost: imu/data")
    machine.fault("second")
    assert (machine.mode, machine.reason, machine.moves) == (Mode.FAULT, "input_lost: imu/data", False)
    assert machine.stand(STANDING, 13.0).startswith("stand refused: input_lost: imu/data; clear")
    assert machine.walk(STANDING, 13.0).startswith("walk refused: input_lost: imu/data; clear")
    assert machine.passive() == ""
    assert (machine.mode, machine.reason) == (Mode.PASSIVE, "")


def test_the_monitors_fault_is_followed_until_it_is_reset():
    machine = walking()
    machine.monitor("tilt: 1.2 rad")
    assert (machine.mode, machine.reason) == (Mode.FAULT, "the safety monitor reports tilt: 1.2 rad")
    assert machine.passive().startswith("passive refused: the safety monitor reports tilt: 1.2 rad")
    assert machine.mode is Mode.FAULT
    machine.monitor("")
    assert (machine.mode, machine.reason) == (Mode.PASSIVE, "")
    assert machine.stand(LYING, 20.0) == ""


def test_a_healthy_monitor_does_not_clear_this_nodes_own_fault():
    machine = walking()
    machine.monitor("")
    machine.fault("policy_input: NaN")
    machine.monitor("")
    assert machine.mode is Mode.FAULT


def test_a_reset_of_the_monitor_clears_this_nodes_own_fault():
    machine = walking()
    machine.fault("input_lost: joint_states")
    machine.monitor("sensor_silent")
    assert machine.reason == "input_lost: joint_states"
    machine.monitor("")
    assert machine.mode is Mode.PASSIVE


def test_a_stopped_node_remembers_the_monitors_fault():
    machine = walking()
    machine.monitor("stop: pressed")
    machine.stop()
    assert machine.mode is Mode.PASSIVE
    assert machine.stand(LYING, 30.0) == "stand refused: the safety monitor reports stop: pressed"
