"""Embodiments: what a robot is, with the source of every number; one folder a robot."""

from robots.robot import Robot, Shape, get_robot, register_robot, robot_names
from robots.safety import Safety

__all__ = ["Robot", "Safety", "Shape", "get_robot", "register_robot", "robot_names"]
