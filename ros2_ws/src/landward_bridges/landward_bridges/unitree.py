"""Driver of Unitree quadrupeds: joint_command to /lowcmd, /lowstate to joint_states and imu/data.

    python -m landward_bridges.unitree --ros-args -p robot:=go1

Needs, besides ROS 2:
- the message package unitree_go of github.com/unitreerobotics/unitree_ros2, built with colcon and sourced;
- RMW_IMPLEMENTATION=rmw_cyclonedds_cpp and CYCLONEDDS_URI with the network interface of the robot, as that
  repository says;
- the robot's own motion service switched off (the sport mode, in the app or by Unitree's MotionSwitcher), and
  the robot hung up or lying down.

The Go2 and later robots speak unitree_go by themselves. A Go1 speaks UDP alone: it needs a node that offers
the same two topics. The joints must be Unitree's: FR, FL, RR, RL, each hip, thigh, calf.

Parameters:
  robot           its name, required
  control_period  time between two commands [s]; the robot's own
  joint_sign      1 or -1 of each joint against its motor, in the robot's order; all 1
  joint_offset    zero of each motor in the robot's order [rad]; all 0

Without a command for 1.5 control periods every motor is damped (no stiffness, the robot's safety.damping),
and /diagnostics says command_lost; robot_silent says that /lowstate has stopped. This node has never run on
hardware: tests run it against a stand-in for the motors on the same topics. Begin with the robot hung up.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Imu, JointState

from landward.errors import LandwardError
from landward_bridges.drive import Drive
from landward_bridges.parameters import declare, read_robot
from landward_bridges.unitree_map import fill_command, hottest, motor_map, read_imu, read_joints
from landward_ros import convert, names, qos, realtime
from landward_ros.diagnostics import Reporter
from landward_ros.process import deliver, run_node
from landward_ros.samples import MessageError
from landward_ros.ticker import Ticker

COMMAND_TOPIC, STATE_TOPIC = "/lowcmd", "/lowstate"
"""Absolute: a robot has them where it is, whatever the namespace of this node."""
COMMAND_RATE = 200.0
"""How often the command is repeated [Hz]; Unitree's own example takes the same."""


class UnitreeNode(Node):
    """Repeats the newest command to the motors; publishes what they measure at the declared rate."""

    def __init__(self, **options: Any) -> None:
        """Read the parameters and open the topics.

        Args:
            options: of rclpy.node.Node, such as parameter_overrides.

        Raises:
            LandwardError: unitree_go is not there, or the robot is not a Unitree quadruped.
        """
        low_command, low_state = _messages()
        super().__init__(names.BRIDGE_NODE, **options)
        self._robot, period = read_robot(self)
        sign = _numbers(declare(self, "joint_sign", [0.0], "1 or -1 of each joint; 0 alone: all 1"))
        offset = _numbers(declare(self, "joint_offset", [0.0], "zero of each motor [rad]; 0 alone: all 0"))
        self._motors = motor_map(self._robot.joint_names, sign, offset)
        self._order = convert.JointOrder(self._robot.joint_names)
        self._drive = Drive(period, names.ROBOT_COMMAND, "damping")
        self._message = low_command()
        self._hottest = 0
        self._ticker = Ticker(self, 1.0 / COMMAND_RATE)
        self._sensors = Ticker(self, 1.0 / self._robot.safety.sensor_rate)
        self._reporter = Reporter(self, "drive", self._robot.name)
        self._joints = self.create_publisher(JointState, names.JOINT_STATES, qos.SENSOR)
        self._imu = self.create_publisher(Imu, names.IMU, qos.SENSOR)
        self._lowcmd = self.create_publisher(low_command, COMMAND_TOPIC, qos.COMMAND)
        # Raw: to turn one into Python's objects takes half a millisecond, and most are dropped.
        self._state_type = low_state
        self.create_subscription(low_state, STATE_TOPIC, self._on_state, qos.SENSOR, raw=True)
        self.create_subscription(JointState, names.ROBOT_COMMAND, self._on_command, qos.COMMAND)

    def step(self) -> float:
        """Repeat the command where it is due; returns the time until the next [s]."""
        if self._ticker.poll():
            self._send()
            self._report()
        return self._ticker.remaining()

    def close(self) -> None:
        """Leave the motors damped."""
        self._drive.command(None, time.monotonic())
        self._send()
        deliver(self._lowcmd)

    def _on_command(self, msg: JointState) -> None:
        try:
            self._drive.command(convert.read_command(self._order, msg).position, time.monotonic())
        except MessageError as error:
            self._drive.refuse(str(error))
        else:
            self._send()

    def _on_state(self, serialized: bytes) -> None:
        self._drive.heard(time.monotonic())
        # The robot sends 500 a second; nobody here needs more than its declared rate.
        if not self._sensors.poll():
            return
        msg = deserialize_message(serialized, self._state_type)
        stamp = self.get_clock().now().nanoseconds
        joints = read_joints(msg, self._motors, stamp)
        self._imu.publish(convert.imu(read_imu(msg, stamp), names.IMU_LINK))
        self._joints.publish(convert.joint_state(self._robot.joint_names, joints))
        self._hottest = hottest(msg, self._motors)

    def _send(self) -> None:
        fill_command(self._message, self._robot, self._motors, self._drive.target(time.monotonic()))
        self._lowcmd.publish(self._message)

    def _report(self) -> None:
        condition = self._drive.condition(time.monotonic())
        values = {
            "commands": str(self._drive.commands),
            "refused": str(self._drive.refused),
            "hottest_motor_celsius": str(self._hottest),
            # More than one: the robot's own motion service, or another program, commands the motors too.
            "publishers_of_lowcmd": str(self.count_publishers(COMMAND_TOPIC)),
        }
        self._reporter.set(bytes([condition.severity]), condition.message, values)


def _messages() -> tuple[type, type]:
    """LowCmd and LowState.

    Raises:
        LandwardError: the package is not built or not sourced.
    """
    try:
        from unitree_go.msg import LowCmd, LowState
    except ModuleNotFoundError as error:
        if error.name not in ("unitree_go", "unitree_go.msg"):
            raise
        raise LandwardError(
            "the ROS package unitree_go is not there: clone github.com/unitreerobotics/unitree_ros2, run "
            "`colcon build --packages-select unitree_go` in its cyclonedds_ws, and source install/setup.bash"
        ) from None
    return LowCmd, LowState


def _numbers(values: Any) -> list[float] | None:
    """A parameter with one number a joint; None where it was left at its default."""
    numbers = [float(value) for value in values]
    return None if numbers == [0.0] else numbers


def main() -> int:
    """Run the node."""
    return run_node(UnitreeNode, usage=__doc__ or "", priority=realtime.ROBOT)


if __name__ == "__main__":
    sys.exit(main())
