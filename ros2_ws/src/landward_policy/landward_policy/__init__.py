"""Lifecycle node that runs an exported policy on a robot's topics."""
