"""The message that tells clients the state of the world."""

from __future__ import annotations

import struct
import time

from sims.carla.server.world import World

OBSERVER = 17
"""Sensor type of the world observer."""
MAP_CHANGED, LIGHTS_PENDING = 1, 2
"""Flags: fetch the map anew; fetch the lights of the town anew."""
HEAD = struct.Struct("<QdfiiiI")
"""Episode, time of day [s], length of the step [s], origin of the map [m], flags."""


def snapshot(world: World, flags: int) -> bytes:
    """The payload: the head, then every actor's row."""
    head = HEAD.pack(world.episode, time.time(), world.delta, 0, 0, 0, flags)
    return head + world.records.tobytes()
