"""Driving: the CARLA adapter, and an embedded server that speaks CARLA's protocol."""
