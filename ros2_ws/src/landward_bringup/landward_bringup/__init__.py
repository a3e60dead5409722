"""Starts a policy, its monitor and a robot or its twin from one description."""
