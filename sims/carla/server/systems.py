"""The systems of an episode, in the order of stepping."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sims.carla.server.attachments import Attachments
from sims.carla.server.drawings import Drawings
from sims.carla.server.physics.crowd import Crowd
from sims.carla.server.physics.fleet import Fleet
from sims.carla.server.recorder.recorder import Recorder
from sims.carla.server.recorder.replayer import Replayer
from sims.carla.server.sensors.system import Sensors
from sims.carla.server.signals import Signals
from sims.carla.server.system import System

if TYPE_CHECKING:
    from sims.carla.server.world import World

SYSTEMS: tuple[tuple[str, Callable[[World], System]], ...] = (
    ("replayer", Replayer),
    ("fleet", Fleet),
    ("crowd", Crowd),
    ("signals", Signals),
    ("attachments", Attachments),
    ("drawings", Drawings),
    ("sensors", Sensors),
    ("recorder", Recorder),
)
"""(name, factory), in the order of stepping."""


def make_systems(world: World) -> dict[str, System]:
    """The systems of one episode by name, in the order of stepping."""
    return {name: factory(world) for name, factory in SYSTEMS}
