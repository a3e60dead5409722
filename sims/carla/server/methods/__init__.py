"""The RPC methods, one module a subject; `registry` collects them."""

from sims.carla.server.methods import (
    actors,
    batch,
    drawings,
    level,
    managers,
    maps,
    navigation,
    parts,
    recorder,
    sensors,
    session,
    traffic_lights,
    unsupported,
    vehicles,
    walkers,
)
from sims.carla.server.methods.registry import METHODS

MODULES = (
    actors,
    batch,
    drawings,
    level,
    managers,
    maps,
    navigation,
    parts,
    recorder,
    sensors,
    session,
    traffic_lights,
    unsupported,
    vehicles,
    walkers,
)
"""Importing them has registered their methods."""
__all__ = ["METHODS", "MODULES"]
