"""Drivers of real robots: Unitree low-level, ros2_control joint trajectory, mobile base.

Each is one thin node. What can be wrong in it (mappings, checksums, the rule of the lost command) is in
modules that need no ROS and no robot.
"""
