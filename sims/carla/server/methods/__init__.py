"""The RPC methods, one module a subject; `registry` collects them."""

from importlib import import_module

from sims.carla.server.methods.registry import METHODS

SUBJECTS = (
    "actors",
    "batch",
    "drawings",
    "level",
    "managers",
    "maps",
    "navigation",
    "parts",
    "recorder",
    "sensors",
    "session",
    "traffic_lights",
    "unsupported",
    "vehicles",
    "walkers",
)
MODULES = tuple(import_module(f"{__name__}.{subject}") for subject in SUBJECTS)
"""Importing them has registered their methods."""
__all__ = ["METHODS", "MODULES"]
