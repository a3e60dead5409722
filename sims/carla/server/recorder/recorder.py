"""Writes an episode to a file: a System, the last of all."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from sims.carla.server.actor import Actor
from sims.carla.server.recorder.file import Frame, Made, Writer, compress
from sims.carla.server.recorder.folder import MOST_BYTES, make_room
from sims.carla.server.system import System

LOG = logging.getLogger("landward.carla")


class Recorder(System):
    """Records every step from `start` on."""

    writer: Writer | None = None
    """None while nothing is recorded."""

    def start(self, path: Path) -> None:
        """Record from now on; what was being recorded before ends.

        Raises:
            RpcError: it cannot be written.
        """
        self.stop()
        make_room(path)
        self.writer = Writer(path, self.world.town.name, time.time())
        self._begin = self.world.elapsed
        self._made = [_made(actor) for actor in self.world.actors.values()]
        self._gone: list[int] = []
        self._write()

    def stop(self) -> None:
        """Finish the file; nothing where none is being written."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def flush(self) -> None:
        """Let others read what was recorded so far."""
        if self.writer is not None:
            self.writer.flush()

    def added(self, actor: Actor) -> None:
        """Remember who came."""
        if self.writer is not None:
            self._made.append(_made(actor))

    def removed(self, actor: Actor) -> None:
        """Remember who went; who came and went between two frames was never there."""
        if self.writer is None:
            return
        before = len(self._made)
        self._made = [made for made in self._made if made.id != actor.id]
        if len(self._made) == before:
            self._gone.append(actor.id)

    def observe(self, dt: float) -> None:
        """Write this step."""
        if self.writer is not None:
            self._write()

    def close(self) -> None:
        """The episode ends, and with it the recording."""
        self.stop()

    def _write(self) -> None:
        world, writer = self.world, self.writer
        assert writer is not None
        events = {(actor.id, other.id if other else 0): actor for actor, other, _, _ in world.events}
        frame = Frame(
            world.elapsed - self._begin,
            tuple(self._made),
            tuple(self._gone),
            tuple((*pair, actor.attributes.get("role_name") == "hero") for pair, actor in events.items()),
            {
                vehicle.actor.id: vehicle.lights
                for vehicle in world.system("fleet").vehicles
                if vehicle.lights
            },
            compress(world.records.tobytes()),
        )
        self._made, self._gone = [], []
        try:
            writer.write(frame)
        except OSError as error:
            LOG.warning("the recording %s ends here: %s", writer.path, error)
            self.writer = None
            return
        if writer.size > MOST_BYTES:
            LOG.warning("the recording %s ends here, at %d MiB", writer.path, writer.size >> 20)
            self.stop()


def _made(actor: Actor) -> Made:
    """How an actor came into the world."""
    parent = actor.parent
    pose = actor.pose if parent is None else actor.relative
    return Made(actor.id, actor.description, parent.id if parent else 0, pose.copy())
