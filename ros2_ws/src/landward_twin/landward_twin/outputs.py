"""The twin's publishers. Each message is made once and filled in place: a new one is twice the work."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState

from landward_ros import names, qos
from landward_ros.samples import NS
from landward_twin.robot import Reading, Truth
from landward_twin.sensors import SensorsCfg
from robots import Robot


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
        self._joints, self._columns = _joint_message(robot.joint_names)
        self._imu = _imu_message(sensors)
        self._odom, self._clock = Odometry(), Clock()
        self._odom.header.frame_id, self._odom.child_frame_id = names.ODOM_FRAME, names.BASE_LINK

    def joints(self, stamp_ns: int, reading: Reading) -> None:
        """Publish joint_states."""
        _stamp(self._joints.header, stamp_ns)
        position, velocity, effort = self._columns
        position[:], velocity[:] = reading.joint_position, reading.joint_velocity
        effort[:] = reading.joint_effort
        self._joints_out.publish(self._joints)

    def imu(self, stamp_ns: int, reading: Reading) -> None:
        """Publish imu/data."""
        msg = self._imu
        _stamp(msg.header, stamp_ns)
        _quaternion(msg.orientation, reading.orientation)
        _vector(msg.angular_velocity, reading.angular_velocity)
        _vector(msg.linear_acceleration, reading.linear_acceleration)
        self._imu_out.publish(msg)

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


def _joint_message(joint_names: tuple[str, ...]) -> tuple[JointState, tuple[Any, Any, Any]]:
    """A message, and arrays that are its position, velocity and effort."""
    size = bytes(8 * len(joint_names))
    columns = array("d", size), array("d", size), array("d", size)
    msg = JointState(name=list(joint_names), position=columns[0], velocity=columns[1], effort=columns[2])
    views = tuple(np.frombuffer(column) for column in (msg.position, msg.velocity, msg.effort))
    return msg, (views[0], views[1], views[2])


def _imu_message(sensors: SensorsCfg) -> Imu:
    """REP-145: covariances of what is known; zeros say that it is not."""
    msg = Imu()
    msg.header.frame_id = names.IMU_LINK
    if sensors.noise:
        diagonal = np.eye(3).ravel() / 3.0  # variance of uniform noise: half width squared over three
        msg.orientation_covariance = diagonal * sensors.attitude**2
        msg.angular_velocity_covariance = diagonal * sensors.angular_velocity**2
    return msg


def _stamp(header: Any, ns: int) -> None:
    header.stamp.sec, header.stamp.nanosec = divmod(ns, NS)


def _vector(target: Any, value: np.ndarray) -> None:
    target.x, target.y, target.z = value.tolist()


def _quaternion(target: Any, value: np.ndarray) -> None:
    target.w, target.x, target.y, target.z = value.tolist()
