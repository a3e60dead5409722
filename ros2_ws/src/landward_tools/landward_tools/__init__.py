"""Teleoperation, recording, replay and viewers."""
