"""Embodiments: what a robot is, with the source of every number; one folder a robot."""

from robots.robot import Robot, Shape, get_robot, register_robot, robot_names

__all__ = ["Robot", "Shape", "get_robot", "register_robot", "robot_names"]
