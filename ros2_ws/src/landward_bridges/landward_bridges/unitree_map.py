"""Joints by name to Unitree's motors and back, and the messages' fields. Needs no Unitree package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landward.errors import SpecError
from landward_bridges.unitree_crc import checksum
from landward_ros.samples import NS, ImuSample, JointSample
from robots import Robot

LEGS = ("FR", "FL", "RR", "RL")
PARTS = ("hip", "thigh", "calf")
MOTORS = tuple(f"{leg}_{part}_joint" for leg in LEGS for part in PARTS)
"""Joint of each motor, in the order of Unitree's SDK."""

_HEAD = (0xFE, 0xEF)
_LOW_LEVEL = 0xFF
_SERVO = 0x01
"""Motor mode: the controller runs; 0 is off."""
_NO_POSITION, _NO_VELOCITY = 2.146e9, 16000.0
"""SDK's PosStopF and VelStopF: this motor is not controlled in position, in velocity."""


@dataclass(frozen=True)
class MotorMap:
    """Where each joint of a robot is among the motors, and how its angle is measured there.

    motor angle = sign * joint angle + offset. In the Go1 and the Go2 the URDF's angles are the motors' own.
    """

    index: np.ndarray
    """(J,) motor of each joint."""
    sign: np.ndarray
    """(J,) 1 or -1."""
    offset: np.ndarray
    """(J,) [rad]."""

    def to_motors(self, position: np.ndarray) -> np.ndarray:
        """(J,) joint positions as motor angles [rad], still in the order of the joints."""
        return self.sign * position + self.offset

    def to_joints(self, angle: np.ndarray) -> np.ndarray:
        """(J,) motor angles, in the order of the joints, as joint positions [rad]."""
        return self.sign * (angle - self.offset)


def motor_map(
    names: Sequence[str], sign: Sequence[float] | None = None, offset: Sequence[float] | None = None
) -> MotorMap:
    """The map of a robot's joints.

    Args:
        names: the robot's joints, in its own order.
        sign: (J,) of each joint against its motor; 1 where left out.
        offset: (J,) of each motor's zero [rad]; 0 where left out.

    Raises:
        SpecError: the joints are not the twelve of a Unitree quadruped, or a sign is not 1 or -1.
    """
    if sorted(names) != sorted(MOTORS):
        raise SpecError(
            f"the robot's joints {', '.join(names)} are not those of a Unitree quadruped: {', '.join(MOTORS)}"
        )
    count = len(names)
    signs = np.ones(count) if sign is None else np.asarray(sign, dtype=float)
    offsets = np.zeros(count) if offset is None else np.asarray(offset, dtype=float)
    if signs.shape != (count,) or offsets.shape != (count,) or not (np.abs(signs) == 1.0).all():
        raise SpecError(f"a Unitree motor map needs {count} signs of 1 or -1 and {count} offsets")
    return MotorMap(np.array([MOTORS.index(name) for name in names]), signs, offsets)


def fill_command(msg: Any, robot: Robot, motors: MotorMap, target: np.ndarray | None) -> None:
    """Write a command into a unitree_go/LowCmd, checksum included.

    Args:
        msg: written in place.
        robot: whose gains are used.
        motors: of that robot.
        target: (J,) joint positions [rad]; None is damping: no stiffness, gain `safety.damping`.
    """
    msg.head[0], msg.head[1] = _HEAD
    msg.level_flag, msg.gpio = _LOW_LEVEL, 0
    for motor in msg.motor_cmd:
        _set(motor, _NO_POSITION, _NO_VELOCITY, 0.0, 0.0)
    damped = target is None
    angles = np.zeros(len(motors.index)) if target is None else motors.to_motors(target)
    gains = robot.safety.damping if damped else robot.damping
    rows = zip(motors.index.tolist(), angles.tolist(), robot.stiffness, gains, strict=True)
    for index, angle, stiffness, damping in rows:
        _set(msg.motor_cmd[index], angle, 0.0, 0.0 if damped else stiffness, damping)
    msg.crc = checksum(msg)


def read_joints(msg: Any, motors: MotorMap, stamp_ns: int) -> JointSample:
    """The joints in a unitree_go/LowState, in the robot's order.

    Args:
        msg: LowState; it has no ROS time.
        motors: of the robot.
        stamp_ns: when it came [ns].
    """
    states = [msg.motor_state[index] for index in motors.index.tolist()]
    angle, speed, torque = np.array([(m.q, m.dq, m.tau_est) for m in states], dtype=np.float64).T
    return JointSample(
        stamp_ns / NS, motors.to_joints(angle), motors.sign * speed, motors.sign * torque, stamp_ns
    )


def read_imu(msg: Any, stamp_ns: int) -> ImuSample:
    """The IMU in a unitree_go/LowState: its quaternion is (w, x, y, z), its frame parallel to the body's.

    Args:
        msg: LowState.
        stamp_ns: when it came [ns].
    """
    imu = msg.imu_state
    return ImuSample(
        stamp_ns / NS,
        np.array(imu.gyroscope, dtype=np.float64),
        np.array(imu.quaternion, dtype=np.float64),
        np.array(imu.accelerometer, dtype=np.float64),
        stamp_ns,
    )


def hottest(msg: Any, motors: MotorMap) -> int:
    """Temperature of the hottest motor [degrees Celsius]."""
    return max(int(msg.motor_state[index].temperature) for index in motors.index.tolist())


def _set(motor: Any, angle: float, speed: float, stiffness: float, damping: float) -> None:
    motor.mode, motor.q, motor.dq, motor.tau, motor.kp, motor.kd = (
        _SERVO,
        angle,
        speed,
        0.0,
        stiffness,
        damping,
    )
