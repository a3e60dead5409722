"""Writes the OpenDRIVE files of the towns: `python -m sims.carla.maps.generate`."""
