"""Real clients of embedded servers."""

from __future__ import annotations

import socket
from typing import Any

import pytest

STEP = 0.05
"""[s] Of a synchronous world."""


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def new_client(port: int, patience: float = 10.0) -> Any:
    """A client of the server at a port that waits so long for an answer [s]."""
    carla = pytest.importorskip("carla")
    client = carla.Client("127.0.0.1", port)
    client.set_timeout(patience)
    return client


def synchronise(world: Any) -> Any:
    """Make a client's world synchronous with steps of `STEP`; returns it."""
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, STEP
    world.apply_settings(settings)
    return world
