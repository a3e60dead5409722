"""Plays a recording in the present episode: a System, the first of all."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Actor
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import Pose, compose
from sims.carla.server.instants import exact
from sims.carla.server.recorder.file import Frame, Made, Recording
from sims.carla.server.recorder.replay import Timeline, Window, same_place
from sims.carla.server.records import TRAFFIC_LIGHT, WALKER
from sims.carla.server.system import System

if TYPE_CHECKING:
    from sims.carla.server.world import World

LOG = logging.getLogger("landward.carla")
ABOVE = 1000.0
"""[m] Vehicles are spawned there and then put in place: what stands there now must not refuse them."""
LOOKING = ("sensor.", "controller.")
"""Prefixes of what is recorded but only spawned anew where a client asks for it."""


@dataclass(frozen=True)
class Show:
    """What a client asked for."""

    recording: Recording
    window: Window
    follow: int = 0
    """Recorded id of the actor that the spectator stays with; 0: none."""
    offset: Pose | None = None
    """(6,) Of the spectator, in the frame of that actor."""
    sensors: bool = False
    """Whether recorded sensors are spawned too."""


class Replayer(System):
    """Moves the actors of a recording as they moved. Others live on as they do."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.factor = 1.0
        """Seconds of the recording a second."""
        self.ignore_hero = False
        self.ignore_spectator = True
        self.time = 0.0
        """[s] Of the recording."""
        self._show: Show | None = None
        self._cast: dict[int, Actor] = {}
        """Recorded id -> who plays it."""
        self._hired: set[int] = set()
        """Actual ids of those that were spawned for it."""
        self._free: set[int] = set()
        """Actual ids of those that play themselves: heroes, where they are ignored."""

    @property
    def playing(self) -> bool:
        """Whether a recording is being shown."""
        return self._show is not None

    def play(self, show: Show) -> None:
        """Begin; a replay that is under way ends, and its actors go.

        Raises:
            RpcError: the recording is damaged.
        """
        self.stop(keep_actors=False)
        self._show, self._timeline = show, Timeline(show.recording)
        self.time, self._done = show.window.start, -1
        signals = self.world.system("signals")
        self._froze = signals.frozen
        signals.freeze(True)
        try:
            self._advance()
        except RpcError:
            self.stop(keep_actors=False)
            raise

    def take_over(self, other: Replayer) -> None:
        """Have the settings of another episode's replayer."""
        self.factor, self.ignore_hero = other.factor, other.ignore_hero
        self.ignore_spectator = other.ignore_spectator

    def stop(self, keep_actors: bool) -> None:
        """End; what was spawned for it stays, driven by physics again, or goes."""
        if self._show is None:
            return
        self._show = None
        self.world.system("signals").freeze(self._froze)
        for actor in list(self._cast.values()):
            if not keep_actors and actor.id in self._hired:
                self.world.destroy(actor.id)
            else:
                self._release(actor)
        self._cast, self._hired, self._free = {}, set(), set()

    def removed(self, actor: Actor) -> None:
        """Who goes plays no more."""
        if self._show is not None:
            self._cast = {key: other for key, other in self._cast.items() if other is not actor}
            self._hired.discard(actor.id)

    def step(self, dt: float) -> None:
        """Show the next moment; after the last one everybody is released."""
        if self._show is None:
            return
        if self.time >= self._show.window.end:
            self.stop(keep_actors=True)
            return
        self.time = min(self.time + exact(dt) * self.factor, self._show.window.end)
        try:
            self._advance()
        except RpcError as error:
            LOG.warning("the replay ends: %s", error)
            self.stop(keep_actors=True)

    def _advance(self) -> None:
        """Be at `time`."""
        last = self._timeline.index(self.time)
        for frame in self._timeline.frames[self._done + 1 : last + 1]:
            self._happen(frame)
        self._done = last
        rows, poses = self._timeline.rows(self.time)
        lamps = self._timeline.frames[last].lamps
        for row, pose in zip(rows, poses, strict=True):
            actor = self._cast.get(int(row["id"]))
            if actor is not None and actor.id not in self._free:
                self._put(actor, row, pose, lamps.get(int(row["id"]), 0))
        self._look()

    def _happen(self, frame: Frame) -> None:
        """Who comes and goes."""
        for made in frame.made:
            actor = self._find(made)
            if actor is not None:
                self._cast[made.id] = actor
                self._engage(actor)
        for gone in frame.gone:
            actor = self._cast.get(gone)
            if actor is not None:
                self.world.destroy(actor.id)

    def _find(self, made: Made) -> Actor | None:
        """Who plays an actor: one that is there with the same id and kind, or a new one."""
        assert self._show is not None
        type_id = made.description.type_id
        there = self.world.actors.get(made.id)
        if there is not None and there.type_id == type_id:
            return there
        fixed = type_id == "spectator" or type_id.startswith("traffic.")
        if fixed or (type_id.startswith(LOOKING) and not self._show.sensors):
            return None
        parent = self._cast.get(made.parent)
        if made.parent and parent is None:
            return None
        high = np.array([0.0, 0.0, 0.0 if parent else ABOVE, 0.0, 0.0, 0.0])
        try:
            actor = self.world.spawn(made.description, made.pose + high, parent)
        except RpcError as error:
            LOG.warning("actor %d (%s) of the recording is left out: %s", made.id, type_id, error)
            return None
        self._hired.add(actor.id)
        if parent is None:
            self.world.place(actor, made.pose)
        return actor

    def _engage(self, actor: Actor) -> None:
        """From now on the recording moves it."""
        if self.ignore_hero and actor.attributes.get("role_name") == "hero":
            self._free.add(actor.id)
            return
        fleet = self.world.system("fleet")
        vehicle = fleet.vehicle(actor.id)
        if vehicle is not None:
            fleet.switch_physics(vehicle, False)

    def _release(self, actor: Actor) -> None:
        """It moves by itself again."""
        fleet = self.world.system("fleet")
        vehicle = fleet.vehicle(actor.id)
        if vehicle is not None and actor.id not in self._free:
            fleet.switch_physics(vehicle, True)

    def _put(self, actor: Actor, row: np.void, pose: NDArray[np.float64], lamps: int) -> None:
        """Have an actor where and as it was."""
        world = self.world
        if actor is world.spectator:
            if not self.ignore_spectator and self._show is not None and not self._show.follow:
                world.place(actor, pose)
        elif actor.type_id.startswith("vehicle."):
            vehicle = world.system("fleet").vehicle(actor.id)
            vehicle.lights = lamps
            world.records.rows["detail"][actor.row] = row["detail"]
            actor.pose = pose
            world.system("fleet").moved(actor)
        elif actor.type_id.startswith("walker."):
            speed = float(row["detail"].view(WALKER)["speed"]) if _moves(row) else 0.0
            world.system("crowd").apply_state(actor, pose, speed)
        elif actor.type_id == "traffic.traffic_light":
            self._light(actor, int(row["detail"].view(TRAFFIC_LIGHT)["light_state"]))
        elif actor.parent is None and _can_be_carried(actor) and not same_place(actor.pose, pose):
            world.place(actor, pose)

    def _light(self, actor: Actor, state: int) -> None:
        """Show a light's state."""
        signals = self.world.system("signals")
        light = signals.light(actor.id)
        if signals.states()[light.signal.id] != state:
            signals.set_state(light, state)

    def _look(self) -> None:
        """The spectator stays with whom it follows."""
        show = self._show
        followed = self._cast.get(show.follow) if show is not None else None
        if show is not None and followed is not None and show.offset is not None:
            self.world.place(self.world.spectator, compose(followed.pose, show.offset))


def _can_be_carried(actor: Actor) -> bool:
    return not actor.type_id.startswith("traffic.")


def _moves(row: np.void) -> bool:
    return bool(np.abs(row["velocity"]).max() > 0.0)
