"""One episode: its actors, its systems and its clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from sims.carla.maps.town import Town
from sims.carla.server.actor import Actor, Attributes, Box, Description
from sims.carla.server.blueprints.library import Library, library
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import Pose, compose
from sims.carla.server.instants import exact
from sims.carla.server.records import VEHICLE, Records
from sims.carla.server.settings import NOON, Settings
from sims.carla.server.streams import token
from sims.carla.server.system import System
from sims.carla.server.systems import make_systems
from sims.carla.server.wire import Packed, pack

GREEN = 2
"""TrafficLightState."""
URBAN_LIMIT = 30.0
"""[km/h] Speed limit of a vehicle that no sign has told another; CARLA's own."""
MOST_ACTORS = 4096
MOST_ATTRIBUTES, LONGEST_VALUE = 256, 4096
"""Of one description: a client must not fill this machine's memory with them."""
Renderer = Literal["auto", "egl", "cv2"]
Publish = Callable[[int, int, "bytes | memoryview", Pose], None]
"""(stream, sensor type, payload, pose): to all who listen to the stream."""


class World:
    """One episode.

    Args:
        town: the static world.
        seed: of everything that draws random numbers.
        episode: the number that tells it from the episodes before it.
        settings: the client's.
        publish: hands a sensor's message to the streams; the header is added there.
        subscribed: whether anybody listens to a stream.
        new_stream: hands out a stream number that was not used before.
        end_stream: closes a stream for all who listen.
        stream_port: where clients find the streams.
        renderer: what draws for the cameras.
    """

    def __init__(
        self,
        town: Town,
        *,
        seed: int = 0,
        episode: int = 1,
        settings: Settings | None = None,
        publish: Publish = lambda stream, sensor_type, payload, pose: None,
        subscribed: Callable[[int], bool] = lambda stream: False,
        new_stream: Callable[[], int] | None = None,
        end_stream: Callable[[int], None] = lambda stream: None,
        stream_port: int = 0,
        renderer: Renderer = "auto",
    ) -> None:
        self.town, self.seed, self.episode, self.renderer = town, seed, episode, renderer
        self.frame, self.elapsed = 1, 0.0
        self.settings = settings or Settings()
        self.delta = 0.0
        """[s] Of the last step."""
        self.change_weather(list(NOON))
        self.imu_gravity = 9.81
        self.library: Library = library()
        self.records = Records()
        self.actors: dict[int, Actor] = {}
        self.layout = 0
        """Raised whenever an actor comes or goes: indices of rows may have changed."""
        self.events: list[tuple[Actor, Actor | None, int, list[float]]] = []
        """Collisions of this step: (actor, other or None, its label, impulse [N s])."""
        self.publish, self.subscribed = publish, subscribed
        self._new_stream, self._end_stream = new_stream or _counter(2), end_stream
        self._stream_port = stream_port
        self._next_id = _counter(1)
        self.spectator = self._add(Description(0, "spectator"), np.zeros(6), None)
        self.systems: dict[str, System] = make_systems(self)
        vars(self).update(self.systems)
        self.change_settings(self.settings)
        for system in self.systems.values():
            system.started()

    def __getattr__(self, name: str) -> Any:
        """Systems are attributes, such as `world.fleet`; this is for names that are none."""
        raise AttributeError(
            f"no system is called {name}; there are {', '.join(vars(self).get('systems', ()))}"
        )

    def system(self, name: str) -> Any:
        """A system by its name, such as fleet."""
        return self.systems[name]

    def actor(self, actor_id: int) -> Actor:
        """An actor by its id.

        Raises:
            RpcError: there is none.
        """
        actor = self.actors.get(actor_id)
        if actor is None:
            raise RpcError(f"Actor could not be found in the registry.  Actor Id: {actor_id}")
        return actor

    def to_wire(self, actor: Actor) -> list[Any]:
        """Actor, as a client is told of it."""
        return [
            actor.id,
            actor.parent.id if actor.parent else 0,
            actor.description.to_wire(),
            actor.box.to_wire(actor.id),
            actor.tags,
            token(actor.stream, self._stream_port) if actor.stream else b"",
        ]

    def spawn(self, description: Description, pose: Pose, parent: Actor | None = None) -> Actor:
        """Add an actor.

        Args:
            description: what to spawn; its blueprint must be in the library.
            pose: (6,) in the frame of the parent, of the world where there is none.
            parent: what it is attached to.

        Raises:
            RpcError: it cannot be, in CARLA's words.
        """
        blueprint = self.library.by_id.get(description.type_id)
        if blueprint is None or not _bounded(description):
            raise RpcError("Spawn failed because of invalid actor description")
        if len(self.actors) >= MOST_ACTORS:
            raise RpcError(f"Spawn failed because there are {MOST_ACTORS} actors already; destroy some")
        world_pose = pose if parent is None else compose(parent.pose, pose)
        for system in self.systems.values():
            system.admit(description, world_pose, parent)
        actor = self._add(description, world_pose, parent)
        actor.box, actor.tags = blueprint.box, blueprint.tags
        if parent is not None:
            actor.relative = pose
            parent.children.append(actor)
        if blueprint.streams:
            actor.stream = self._new_stream()
        if description.type_id.startswith("vehicle."):
            detail = self.records.view(VEHICLE)
            detail["speed_limit"][actor.row], detail["traffic_light_state"][actor.row] = URBAN_LIMIT, GREEN
        for system in self.systems.values():
            system.added(actor)
        return actor

    def populate(self, type_id: str, pose: Pose, box: Box, attributes: Attributes = ()) -> Actor:
        """Add an actor that is no blueprint's but part of the town, such as a traffic light.

        Its description has the uid 0; systems are not asked.
        """
        actor = self._add(Description(0, type_id, attributes), pose, None)
        actor.box = box
        return actor

    def destroy(self, actor_id: int) -> bool:
        """Remove an actor, and with it what is attached to it; False where there is none or it must stay."""
        actor = self.actors.get(actor_id)
        if actor is None or actor is self.spectator:
            return False
        for child in list(actor.children):
            self.destroy(child.id)
        for system in self.systems.values():
            system.removed(actor)
        if actor.parent is not None:
            actor.parent.children.remove(actor)
        if actor.stream:
            self._end_stream(actor.stream)
        del self.actors[actor_id]
        self.records.remove(actor.row)
        for other in self.actors.values():
            other.row -= other.row > actor.row
        self.layout += 1
        return True

    def place(self, actor: Actor, pose: Pose) -> None:
        """Teleport an actor; what is attached to it follows."""
        actor.pose = pose
        for system in self.systems.values():
            system.moved(actor)

    def change_settings(self, settings: Settings) -> None:
        """Take over a client's settings."""
        self.settings = settings
        self.packed_settings = Packed(pack([[1, settings.to_wire()]]))
        for system in self.systems.values():
            system.settings_changed()

    def change_weather(self, weather: list[float]) -> None:
        """Take over a client's WeatherParameters."""
        self.weather = weather
        self.packed_weather = Packed(pack([[1, weather]]))

    def step(self, dt: float) -> None:
        """Advance by dt [s]."""
        self.events.clear()
        for system in self.systems.values():
            system.step(dt)
        self.frame += 1
        self.elapsed += exact(dt)
        self.delta = dt

    def observe(self) -> None:
        """Look at the world after a step, once its snapshot is sent."""
        for system in self.systems.values():
            system.observe(self.delta)

    def close(self) -> None:
        """End the episode."""
        for system in self.systems.values():
            system.close()

    def _add(self, description: Description, pose: Pose, parent: Actor | None) -> Actor:
        actor_id = self._next_id()
        actor = Actor(actor_id, description, self.records.add(actor_id), self.records, parent)
        actor.pose = pose
        self.actors[actor_id] = actor
        self.layout += 1
        return actor


def _bounded(description: Description) -> bool:
    """Whether a description has a sensible size."""
    attributes = description.attributes
    return len(attributes) <= MOST_ATTRIBUTES and all(
        len(name) + len(value) <= LONGEST_VALUE for name, _, value in attributes
    )


def _counter(first: int) -> Callable[[], int]:
    """A function that returns first, first + 1, ..."""
    following = first - 1

    def count() -> int:
        nonlocal following
        following += 1
        return following

    return count
