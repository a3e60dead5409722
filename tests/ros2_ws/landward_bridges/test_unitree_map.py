import struct

import numpy as np
import pytest

from landward.errors import SpecError
from landward_bridges.unitree_crc import checksum
from landward_bridges.unitree_map import (
    MOTORS,
    fill_command,
    hottest,
    motor_map,
    read_imu,
    read_joints,
)
from robots.go1 import GO1
from tests.ros2_ws.landward_bridges.unitree_messages import IMUState, LowCmd, LowState

BACKWARDS = GO1.joint_names[::-1]
TARGET = np.linspace(-0.5, 0.6, 12)


def test_the_motors_are_in_the_order_of_unitrees_sdk():
    assert MOTORS[:3] == ("FR_hip_joint", "FR_thigh_joint", "FR_calf_joint")
    assert [name[:2] for name in MOTORS[::3]] == ["FR", "FL", "RR", "RL"]
    assert motor_map(GO1.joint_names).index.tolist() == list(range(12))


def test_a_target_reaches_the_motor_of_its_joint_with_the_robots_gains():
    msg = LowCmd()
    fill_command(msg, GO1, motor_map(GO1.joint_names), TARGET)
    assert msg.head == [0xFE, 0xEF] and msg.level_flag == 0xFF
    calf = msg.motor_cmd[MOTORS.index("RR_calf_joint")]
    assert (calf.mode, calf.dq, calf.tau, calf.kp, calf.kd) == (1, 0.0, 0.0, 35.0, 0.8)
    assert calf.q == pytest.approx(TARGET[8])
    assert msg.crc == checksum(msg)


def test_another_order_of_joints_changes_nothing_for_the_motors():
    here, there = LowCmd(), LowCmd()
    fill_command(here, GO1, motor_map(GO1.joint_names), TARGET)
    fill_command(there, GO1, motor_map(BACKWARDS), TARGET[::-1])
    assert here == there


def test_sign_and_offset_of_a_motor():
    sign, offset = np.ones(12), np.zeros(12)
    sign[4], offset[4] = -1.0, 0.25
    motors = motor_map(GO1.joint_names, sign, offset)
    target = np.zeros(12)
    target[4] = 0.5
    msg = LowCmd()
    fill_command(msg, GO1, motors, target)
    # -1 * 0.5 + 0.25
    assert msg.motor_cmd[4].q == -0.25 and msg.motor_cmd[3].q == 0.0
    state = LowState()
    motor = state.motor_state[4]
    motor.q, motor.dq, motor.tau_est = -0.25, 2.0, 3.0
    sample = read_joints(state, motors, 7)
    assert (sample.position[4], sample.velocity[4], sample.effort[4]) == (0.5, -2.0, -3.0)


def test_damping_has_no_stiffness_and_leaves_no_old_target():
    msg = LowCmd()
    motors = motor_map(GO1.joint_names)
    fill_command(msg, GO1, motors, TARGET)
    fill_command(msg, GO1, motors, None)
    for motor in msg.motor_cmd[:12]:
        assert (motor.mode, motor.q, motor.dq, motor.tau, motor.kp, motor.kd) == (1, 0.0, 0.0, 0.0, 0.0, 3.0)
    assert msg.crc == checksum(msg)


def test_motors_that_a_quadruped_lacks_are_told_to_do_nothing():
    msg = LowCmd()
    fill_command(msg, GO1, motor_map(GO1.joint_names), TARGET)
    for motor in msg.motor_cmd[12:]:
        assert (motor.q, motor.dq, motor.kp, motor.kd) == (2.146e9, 16000.0, 0.0, 0.0)
        # The number fits the float32 of the message without becoming infinite.
        assert struct.unpack("<f", struct.pack("<f", motor.q))[0] == pytest.approx(2.146e9)


def test_measurements_come_in_the_robots_order():
    state = LowState()
    for index, motor in enumerate(state.motor_state):
        motor.q, motor.dq, motor.tau_est, motor.temperature = 0.1 * index, 1.0 * index, 10.0 * index, index
    sample = read_joints(state, motor_map(BACKWARDS), 1_500_000_000)
    assert sample.stamp == 1.5
    assert sample.position[0] == pytest.approx(1.1) and sample.velocity[11] == 0.0
    assert sample.effort.tolist() == [10.0 * index for index in range(11, -1, -1)]
    # The eight motors that a quadruped lacks are not the hottest.
    assert hottest(state, motor_map(BACKWARDS)) == 11


def test_the_quaternion_is_w_first_on_both_sides():
    imu = read_imu(LowState(imu_state=IMUState(quaternion=(0.8, 0.6, 0.0, 0.0), gyroscope=(1, 2, 3))), 0)
    assert imu.orientation.tolist() == [0.8, 0.6, 0.0, 0.0]
    assert imu.angular_velocity.tolist() == [1.0, 2.0, 3.0]
    # Rolled to the right: gravity to the right, -y.
    assert imu.gravity[1] == pytest.approx(-0.96)
    assert imu.linear_acceleration is not None and imu.linear_acceleration[2] == 9.81


def test_another_robot_is_refused():
    with pytest.raises(SpecError, match="HAA are not those of a Unitree quadruped"):
        motor_map(("FL_HAA",))
    with pytest.raises(SpecError, match="12 signs of 1 or -1"):
        motor_map(MOTORS, sign=[0.5] * 12)
    with pytest.raises(SpecError, match="12 offsets"):
        motor_map(MOTORS, offset=[0.1] * 4)
