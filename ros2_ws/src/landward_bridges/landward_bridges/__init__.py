"""Drivers of real robots: Unitree low-level, ros2_control joint trajectory, mobile base."""
