"""Driver of any robot under ros2_control: joint_command to a joint_trajectory_controller.

    python -m landward_bridges.joint_trajectory --ros-args -p robot:=go1

Needs, on the robot's side:
- an active joint_trajectory_controller with a position command interface for every joint of the declared
  robot, with its gains set to the declared ones, and allow_partial_joints_goal off;
- joint_states with position, velocity and effort of every joint (joint_state_broadcaster), and imu/data
  (imu_sensor_broadcaster, in the frame of the body), both at the robot's declared sensor rate.

Parameters:
  robot             its name, required
  control_period    time between two commands [s]; the robot's own
  trajectory_topic  joint_trajectory_controller/joint_trajectory

Every command becomes a trajectory of one point, due one control period later. A position interface cannot
damp: where the safety monitor asks for damping, and where no command has come for 1.5 control periods, this
node holds the position measured at that moment, and /diagnostics says so. The robot then stays as stiff as
its controller. If it must go limp, deactivate the controller, or wire the emergency stop to the drives.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration
from rclpy.node import Node
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from landward_bridges.drive import Drive, Hold
from landward_bridges.parameters import declare, read_robot
from landward_ros import convert, names, qos, realtime
from landward_ros.diagnostics import Reporter
from landward_ros.process import deliver, run_node
from landward_ros.samples import NS, MessageError
from landward_ros.ticker import Ticker

TOPIC = "joint_trajectory_controller/joint_trajectory"
_WATCHES = 8
"""Looks at the watchdog in a control period."""


class JointTrajectoryNode(Node):
    """Sends every command on at once; holds where damping is asked for or commands stop."""

    def __init__(self, **options: Any) -> None:
        """Read the parameters and open the topics.

        Args:
            options: of rclpy.node.Node, such as parameter_overrides.

        Raises:
            LandwardError: no such robot, or a period that makes no sense.
        """
        super().__init__(names.BRIDGE_NODE, **options)
        self._robot, self._period = read_robot(self)
        topic = str(declare(self, "trajectory_topic", TOPIC, "input of the joint_trajectory_controller"))
        self._order = convert.JointOrder(self._robot.joint_names)
        self._drive = Drive(self._period, names.ROBOT_COMMAND, "holding the measured position")
        self._hold = Hold()
        self._measured: np.ndarray | None = None
        self._sent = -np.inf
        self._ticker = Ticker(self, self._period / _WATCHES)
        self._reporter = Reporter(self, "drive", self._robot.name)
        self._trajectory = self.create_publisher(JointTrajectory, topic, qos.COMMAND)
        self.create_subscription(JointState, names.JOINT_STATES, self._on_state, qos.SENSOR)
        self.create_subscription(JointState, names.ROBOT_COMMAND, self._on_command, qos.COMMAND)

    def step(self) -> float:
        """Hold where commands have stopped; returns the time until the next look [s]."""
        if self._ticker.poll():
            now = time.monotonic()
            if self._drive.target(now) is None and now - self._sent >= self._period:
                self._send(None, now)
            self._report(now)
        return self._ticker.remaining()

    def close(self) -> None:
        """Leave the robot holding its position."""
        self._send(None, time.monotonic())
        deliver(self._trajectory)

    def _on_command(self, msg: JointState) -> None:
        now = time.monotonic()
        try:
            self._drive.command(convert.read_command(self._order, msg).position, now)
        except MessageError as error:
            self._drive.refuse(str(error))
        else:
            self._send(self._drive.target(now), now)

    def _on_state(self, msg: JointState) -> None:
        try:
            position = self._order.read(msg).position
        except MessageError as error:
            self._drive.unusable(str(error))
            return
        if np.isfinite(position).all():
            self._measured = position
            self._drive.heard(time.monotonic())
        else:
            self._drive.unusable("a position is NaN or infinite")

    def _send(self, target: np.ndarray | None, now: float) -> None:
        position = self._hold.position(target, self._measured)
        if position is not None:
            self._trajectory.publish(trajectory(self._robot.joint_names, position, self._period))
            self._sent = now

    def _report(self, now: float) -> None:
        condition = self._drive.condition(now)
        values = {"commands": str(self._drive.commands), "refused": str(self._drive.refused)}
        self._reporter.set(bytes([condition.severity]), condition.message, values)


def trajectory(joint_names: tuple[str, ...], position: np.ndarray, period: float) -> JointTrajectory:
    """A trajectory of one point.

    Args:
        joint_names: in the order of `position`.
        position: (J,) [rad].
        period: after which the point is due [s]. The header's stamp stays 0, which says "from now on".
    """
    sec, nanosec = divmod(round(period * NS), NS)
    point = JointTrajectoryPoint(
        positions=position.tolist(), time_from_start=Duration(sec=sec, nanosec=nanosec)
    )
    return JointTrajectory(joint_names=list(joint_names), points=[point])


def main() -> int:
    """Run the node."""
    return run_node(JointTrajectoryNode, usage=__doc__ or "", priority=realtime.ROBOT)


if __name__ == "__main__":
    sys.exit(main())
