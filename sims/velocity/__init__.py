"""Velocity tracking for legged robots, written against the named robot state, whatever the engine."""
