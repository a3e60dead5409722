"""Entries of the training state from what a robot measures, against the formulas of sims/velocity."""

import math
from dataclasses import replace

import numpy as np
import pytest

from landward.errors import SpecError
from landward_ros.samples import ImuSample
from landward_safety.measured import MeasuredState
from tests.ros2_ws.landward_safety.scenes import PERIOD, ROBOT, imu, joints, spec


def state(names=("hip", "knee")) -> MeasuredState:
    return MeasuredState(spec(names=names), ROBOT, PERIOD)


def test_joint_entries_are_in_the_order_of_the_action():
    s = state(("knee", "hip"))
    s.joints(joints(0.0, (0.1, 0.2), (0.3, 0.4), (0.5, 0.6)))
    np.testing.assert_array_equal(s.entries["joint_pos"], [[0.2, 0.1]])
    np.testing.assert_array_equal(s.entries["joint_vel"], [[0.4, 0.3]])
    np.testing.assert_array_equal(s.entries["joint_torque"], [[0.6, 0.5]])
    np.testing.assert_array_equal(s.entries["default_joint_pos"], [[-0.5, 0.1]])
    assert s.names["joint_pos"] == ("knee", "hip")


def test_acceleration_is_the_change_over_one_control_period():
    s = state()
    for k in range(4):
        s.joints(joints(0.005 * k, velocity=(0.1 * k, -0.2 * k)))
        assert "joint_acc" not in s.entries
    s.joints(joints(0.020, velocity=(0.5, -1.0)))
    np.testing.assert_allclose(s.entries["joint_acc"], [[0.5 / 0.02, -1.0 / 0.02]])
    # The next is measured against the sample at 5 ms.
    s.joints(joints(0.025, velocity=(0.5, -1.0)))
    np.testing.assert_allclose(s.entries["joint_acc"], [[0.4 / 0.02, -0.8 / 0.02]])


def test_acceleration_over_a_gap_is_not_known():
    s = state()
    s.joints(joints(0.0))
    s.joints(joints(0.031))
    assert "joint_acc" not in s.entries


def test_imu_entries():
    s = state()
    s.imu(ImuSample(0.0, np.array((0.1, 0.2, 0.3)), imu(0.0, roll=0.3).orientation))
    np.testing.assert_array_equal(s.entries["root_ang_vel_b"], [[0.1, 0.2, 0.3]])
    gravity = [[0.0, -math.sin(0.3), -math.cos(0.3)]]
    np.testing.assert_allclose(s.entries["projected_gravity_b"], gravity, atol=1e-12)
    np.testing.assert_allclose(s.entries["tilt"], [math.sin(0.3)])
    assert not s.entries["upside_down"][0]
    s.imu(imu(0.0, roll=1.7))
    assert s.entries["upside_down"][0]


def test_action_rate():
    s = state(("knee", "hip"))
    # Targets are in the robot's order; the action is (target - default) / 0.5.
    s.command(np.array((0.1, -0.5)))
    np.testing.assert_allclose(s.entries["action"], [[0.0, 0.0]], atol=1e-12)
    assert "action_rate" not in s.entries
    s.command(np.array((0.2, -0.7)))
    np.testing.assert_allclose(s.entries["action"], [[-0.4, 0.2]])
    np.testing.assert_allclose(s.entries["action_rate"], [[-0.4 / 0.02, 0.2 / 0.02]])


def test_reset_forgets():
    s = state()
    s.joints(joints(0.0))
    s.command(np.zeros(2))
    s.reset()
    assert list(s.entries) == ["default_joint_pos"]
    s.joints(joints(0.02))
    assert "joint_acc" not in s.entries


def test_policies_that_command_something_else():
    own = spec()
    twist = replace(own.actions[0], kind="twist", name="go")
    with pytest.raises(SpecError, match=r"one joint_position_target, this policy commands go \(twist\)"):
        MeasuredState(replace(own, actions=(twist,)), ROBOT, PERIOD)
    other = replace(own.actions[0], names=("hip", "ankle"))
    with pytest.raises(SpecError, match="target moves hip, ankle; robot two has hip, knee"):
        MeasuredState(replace(own, actions=(other,)), ROBOT, PERIOD)
    still = replace(own.actions[0], scale=(0.5, 0.0))
    with pytest.raises(SpecError, match="target has a scale of 0"):
        MeasuredState(replace(own, actions=(still,)), ROBOT, PERIOD)
