"""What an episode is made of: each system owns one kind of behaviour, such as driving or sensing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sims.carla.server.actor import Actor, Description
from sims.carla.server.geometry import Pose

if TYPE_CHECKING:
    from sims.carla.server.world import World


class System:
    """One part of an episode. The hooks do nothing here; a system overrides those it needs."""

    def __init__(self, world: World) -> None:
        self.world = world

    def started(self) -> None:
        """The episode begins; every system is there. Signals and such make their actors here."""

    def admit(self, description: Description, pose: Pose, parent: Actor | None) -> None:
        """An actor is about to be spawned.

        Raises:
            RpcError: it cannot be, in CARLA's words.
        """

    def added(self, actor: Actor) -> None:
        """An actor was spawned. The system that knows its kind gives it its bounding box."""

    def removed(self, actor: Actor) -> None:
        """An actor goes; its row is still there, and is dropped after this."""

    def moved(self, actor: Actor) -> None:
        """A client has teleported an actor; its pose is the new one."""

    def step(self, dt: float) -> None:
        """Advance by dt [s], before the snapshot is sent."""

    def observe(self, dt: float) -> None:
        """Look at the world after the snapshot and the reply to the tick are sent, while the client works."""

    def settings_changed(self) -> None:
        """The client has set the world's settings."""

    def close(self) -> None:
        """The episode ends: give back files and contexts."""
