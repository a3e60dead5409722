"""Parameters that every driver has."""

from __future__ import annotations

import math

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from landward.errors import LandwardError
from robots import Robot, get_robot


def declare(node: Node, name: str, default: object, description: str) -> object:
    """The value of a parameter that cannot change while the node runs."""
    node.declare_parameter(name, default, ParameterDescriptor(description=description, read_only=True))
    return node.get_parameter(name).value


def positive(node: Node, name: str, default: float, description: str) -> float:
    """A parameter that must be a positive, finite number.

    Raises:
        LandwardError: it is not.
    """
    value = float(str(declare(node, name, default, description)))
    if not 0.0 < value < math.inf:
        raise LandwardError(f"parameter {name} must be positive and finite, got {value:g}")
    return value


def read_robot(node: Node) -> tuple[Robot, float]:
    """The declared robot and the control period [s].

    Raises:
        LandwardError: no such robot, none given, or a period that is not positive.
    """
    name = str(declare(node, "robot", "", "robot in the registry, such as go1"))
    if not name:
        raise LandwardError("parameter robot is not set; give the robot's name, such as -p robot:=go1")
    robot = get_robot(name)
    period = positive(node, "control_period", robot.control_period, "time between two commands [s]")
    return robot, period
