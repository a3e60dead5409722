"""The twin's publishers. Each message is made once and filled in place: a new one is twice the work."""

from __future__ import annotations

from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState

from landward_ros import names, qos
from landward_ros.encoded import (
    IMU_ANGULAR_VELOCITY,
    IMU_COVARIANCES,
    IMU_LINEAR_ACCELERATION,
    IMU_ORIENTATION,
    IMU_SIZE,
    imu_encoder,
    joint_state_encoder,
)
from landward_ros.samples import NS
from landward_twin.robot import Reading, Truth
from landward_twin.sensors import SensorsCfg
from robots import Robot

_XYZW = np.array((1, 2, 3, 0))
"""The order of a message's quaternion, in ours (w, x, y, z)."""


class Outputs:
    """Publishes what the robot measures, where it is, and the time."""

    def __init__(self, node: Node, robot: Robot, sensors: SensorsCfg, *, odom: bool, clock: bool) -> None:
        """Create the publishers.

        Args:
            node: that owns them.
            robot: its joints.
            sensors: whose noise the IMU message states as covariance.
            odom: publish the true pose and velocity.
            clock: publish /clock.
        """
        self._joints_out = node.create_publisher(JointState, names.JOINT_STATES, qos.SENSOR)
        self._imu_out = node.create_publisher(Imu, names.IMU, qos.SENSOR)
        self._odom_out = node.create_publisher(Odometry, names.ODOM, qos.SENSOR) if odom else None
        self._clock_out = node.create_publisher(Clock, names.CLOCK, qos.CLOCK) if clock else None
        self._joints, self._imu = joint_state_encoder(robot.joint_names), imu_encoder(names.IMU_LINK)
        self._imu_numbers = _imu_numbers(sensors)
        self._odom, self._clock = Odometry(), Clock()
        self._odom.header.frame_id, self._odom.child_frame_id = names.ODOM_FRAME, names.BASE_LINK

    def joints(self, stamp_ns: int, reading: Reading) -> None:
        """Publish joint_states."""
        columns = reading.joint_position, reading.joint_velocity, reading.joint_effort
        self._joints_out.publish(self._joints.encode(stamp_ns, *columns))

    def imu(self, stamp_ns: int, reading: Reading) -> None:
        """Publish imu/data."""
        numbers = self._imu_numbers
        numbers[IMU_ORIENTATION] = reading.orientation[_XYZW]
        numbers[IMU_ANGULAR_VELOCITY] = reading.angular_velocity
        numbers[IMU_LINEAR_ACCELERATION] = reading.linear_acceleration
        self._imu_out.publish(self._imu.encode(stamp_ns, numbers))

    def odom(self, stamp_ns: int, truth: Truth) -> None:
        """Publish odom where it is wanted."""
        if self._odom_out is None:
            return
        msg = self._odom
        _stamp(msg.header, stamp_ns)
        _vector(msg.pose.pose.position, truth.position)
        _quaternion(msg.pose.pose.orientation, truth.orientation)
        _vector(msg.twist.twist.linear, truth.linear_velocity)
        _vector(msg.twist.twist.angular, truth.angular_velocity)
        self._odom_out.publish(msg)

    def clock(self, time_ns: int) -> None:
        """Publish /clock where it is wanted."""
        if self._clock_out is None:
            return
        self._clock.clock.sec, self._clock.clock.nanosec = divmod(time_ns, NS)
        self._clock_out.publish(self._clock)


def _imu_numbers(sensors: SensorsCfg) -> np.ndarray:
    """(37,) numbers of the IMU message. REP-145: covariances of what is known; zeros say that it is not."""
    numbers = np.zeros(IMU_SIZE)
    if sensors.noise:
        diagonal = np.eye(3).ravel() / 3.0  # variance of uniform noise: half width squared over three
        numbers[IMU_COVARIANCES["orientation_covariance"]] = diagonal * sensors.attitude**2
        numbers[IMU_COVARIANCES["angular_velocity_covariance"]] = diagonal * sensors.angular_velocity**2
    return numbers


def _stamp(header: Any, ns: int) -> None:
    header.stamp.sec, header.stamp.nanosec = divmod(ns, NS)


def _vector(target: Any, value: np.ndarray) -> None:
    target.x, target.y, target.z = value.tolist()


def _quaternion(target: Any, value: np.ndarray) -> None:
    target.w, target.x, target.y, target.z = value.tolist()
