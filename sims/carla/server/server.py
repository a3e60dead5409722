"""The server: one loop for RPC, streams and the world."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from landward.cache import cache_folder
from sims.carla.maps.town import Town
from sims.carla.server.change import Change, rest
from sims.carla.server.connection import Connection
from sims.carla.server.geometry import Pose
from sims.carla.server.loop import Loop
from sims.carla.server.rhythm import Rhythm, wake
from sims.carla.server.settings import Settings
from sims.carla.server.snapshot import MAP_CHANGED, OBSERVER, snapshot
from sims.carla.server.sockets import ServerError, accept, listen
from sims.carla.server.streams import HEAD, WORLD, Streams, Subscriber
from sims.carla.server.world import Renderer, World

LOG = logging.getLogger("landward.carla")
CLIENTS = 128
NOWHERE = np.zeros(6)


@dataclass(frozen=True)
class ServerCfg:
    """How a server runs."""

    host: str = "127.0.0.1"
    """Interface it listens on."""
    port: int = 2000
    """Of the RPC; 0 for any free one."""
    stream_port: int | None = None
    """Of the sensor streams; the port after the RPC's when not given, any free one where that is 0."""
    seed: int = 0
    """Of everything that draws random numbers."""
    rate: float = 20.0
    """[Hz] Steps a second of an asynchronous world that has no fixed step."""
    longest_wait: float = 2.0
    """[s] How long a step of a synchronous world waits for a client that does not take its data."""
    renderer: Renderer = "auto"
    """What draws for the cameras; auto: EGL where there is one, else cv2."""
    walker_navigation: bool = True
    """Whether clients get the mesh that walkers with a controller walk on."""
    recordings: Path = field(default_factory=lambda: cache_folder("carla-recordings"))
    """Where recordings are kept; made when the first is."""

    def __post_init__(self) -> None:
        """Raise ServerError where a number makes no sense."""
        if not self.rate > 0.0 or not self.longest_wait > 0.0:
            raise ServerError(
                f"--rate {self.rate:g} and --longest-wait {self.longest_wait:g} must be positive"
            )


class Server:
    """Serves one world to any number of clients.

    Args:
        cfg: how it runs.
        town: where the first episode takes place.

    Raises:
        ServerError: a port is in use.
    """

    def __init__(self, cfg: ServerCfg, town: Town) -> None:
        self.cfg = cfg
        self.loop = Loop()
        self._listener = listen(cfg.host, cfg.port, "--port")
        self.port: int = self._listener.getsockname()[1]
        wanted = cfg.stream_port if cfg.stream_port is not None else cfg.port and self.port + 1
        try:
            streams = listen(cfg.host, wanted, "--stream-port")
        except Exception:
            self._listener.close()
            raise
        self.streams = Streams(self.loop, streams, self._greet, cfg.longest_wait)
        self.loop.add(self._listener, lambda events: self._accept())
        self.connections: set[Connection] = set()
        self.caller: Connection | None = None
        """Whose request is being answered."""
        self.deferred: list[Callable[[], None]] = []
        """What is done once the response to the present request is sent."""
        self.managers: dict[int, tuple[tuple[str, int], Connection | None]] = {}
        """TrafficManagers in the clients: port -> where it answers, and who told."""
        self.change: Change | None = None
        """Of the episode, while the client that asked for it is not done."""
        self.generated: Town | None = None
        """The town of the OpenDRIVE text that a client sent."""
        self._next_stream = WORLD
        self._last_step = time.monotonic()
        self.world = self._world(town, 1, Settings())
        self.loop.now_and_then(self._watch)
        self.schedule()

    def run(self) -> None:
        """Serve until `stop`."""
        self.loop.run()

    def stop(self) -> None:
        """End `run`."""
        self.loop.running = False

    def close(self) -> None:
        """Close every connection and the episode."""
        for connection in tuple(self.connections):
            connection.close()
        self.streams.close()
        self.loop.remove(self._listener)
        self._listener.close()
        self.world.close()
        self.loop.close()

    def load(self, town: Town, reset_settings: bool) -> None:
        """Begin another episode, once the threads of the caller rest and it is ready."""
        caller = self.caller
        busy = self.streams.end_sensors() or self.managers_of(caller) > 0
        if caller is None or caller.watched < 0.0:
            self.deferred.append(lambda: self.begin(town, reset_settings))
            return
        caller.rest = rest(busy, caller.watched)
        self.deferred.append(lambda: self._prepare(Change(town, reset_settings, caller)))

    def watched(self) -> None:
        """The caller is told where the world's stream is."""
        if self.caller is not None:
            self.caller.watched = time.monotonic()
            if self.change is not None and self.change.awaits(self.caller):
                self.deferred.append(self.go_on)

    def _prepare(self, change: Change) -> None:
        """Let nothing happen until the client is ready for the change."""
        self.change = change
        self.loop.at(None, self._free_step)

    def go_on(self) -> None:
        """The next part of a change: first the episode begins, then its loader goes on."""
        change, self.change = self.change, None
        if change is None:
            return
        managers = self.managers_of(change.loader)
        if change.begun and managers:
            change.loader.rhythm = Rhythm()  # their threads are new
        elif not change.begun:
            self.begin(change.town, change.reset_settings)
            if managers and self.world.settings.synchronous_mode:
                change.begin(managers)
                self.change = change
        for connection in tuple(self.connections):
            connection.ready(0)

    def begin(self, town: Town, reset_settings: bool) -> None:
        """End the episode and begin another; clients that stay are told by a snapshot."""
        settings = Settings() if reset_settings else self.world.settings
        self.streams.end_sensors()
        self.world.close()
        self.world = self._world(town, self.world.episode + 1, settings)
        self.push(MAP_CHANGED)
        self.schedule()

    def tick(self) -> int:
        """One step of a synchronous world; the frame that carries it is sent before this returns it."""
        self._step(self.world.settings.fixed_delta_seconds or self._real_delta(), self.caller)
        return self.world.frame

    def _step(self, dt: float, caller: Connection | None = None) -> None:
        """Step the world by dt [s] and send the snapshot; sensors look once the caller has its response."""
        self.world.step(dt)
        if caller is not None and caller.rhythm is not None:
            caller.rhythm.settle()
        self.push()
        self.deferred.append(self.world.observe)

    def do_deferred(self) -> None:
        """Do what was left until a response is sent; what goes wrong in it is told to the log alone."""
        while self.deferred:
            task = self.deferred.pop(0)
            try:
                task()
            except Exception:
                LOG.exception("after the answer, the server failed")

    def push(self, flags: int = 0) -> None:
        """Send the state of the world to all who listen."""
        if self.streams.subscribed(WORLD):
            world = self.world
            message = (OBSERVER, world.frame, world.elapsed)
            wait = world.settings.synchronous_mode
            self.streams.publish(WORLD, message, snapshot(world, flags), NOWHERE, wait)

    def schedule(self) -> None:
        """Let an asynchronous world run on its own, and a synchronous one wait."""
        settings = self.world.settings
        self._last_step = time.monotonic()
        period = settings.fixed_delta_seconds or 1.0 / self.cfg.rate
        self.loop.at(None if settings.synchronous_mode else self._last_step + period, self._free_step)

    def managers_of(self, connection: Connection | None) -> int:
        """How many TrafficManagers a client has."""
        return sum(found[1] is connection for found in self.managers.values())

    def disconnected(self, connection: Connection) -> None:
        """A client is gone, and its TrafficManagers with it."""
        self.connections.discard(connection)
        self.managers = {port: found for port, found in self.managers.items() if found[1] is not connection}
        if self.change is not None and self.change.loader is connection:
            self.go_on()

    def _watch(self) -> None:
        """Wake TrafficManagers that have missed the start of a tick; end what takes too long to change."""
        if self.change is not None and self.change.overdue:
            self.go_on()
        for port, (_, connection) in tuple(self.managers.items()):
            if connection is not None and connection.rhythm is not None and connection.rhythm.missed():
                wake(connection.sock.getpeername()[0], port)

    def _world(self, town: Town, episode: int, settings: Settings) -> World:
        return World(
            town,
            seed=self.cfg.seed,
            episode=episode,
            settings=settings,
            publish=self._publish,
            subscribed=self.streams.subscribed,
            new_stream=self._new_stream,
            end_stream=self.streams.end,
            stream_port=self.streams.port,
            renderer=self.cfg.renderer,
        )

    def _free_step(self) -> None:
        """A step of an asynchronous world, in real time."""
        began = self._last_step
        dt = self.world.settings.fixed_delta_seconds or self._real_delta()
        self.deferred.append(lambda: self._step(dt))
        self.do_deferred()
        period = self.world.settings.fixed_delta_seconds or 1.0 / self.cfg.rate
        self._last_step = max(began + period, time.monotonic() - period)
        self.loop.at(self._last_step + period, self._free_step)

    def _real_delta(self) -> float:
        """[s] Since the last step; a world that cannot keep up runs slower instead of jumping."""
        return min(max(time.monotonic() - self._last_step, 1e-3), 0.1)

    def _publish(self, stream: int, sensor_type: int, payload: bytes | memoryview, pose: Pose) -> None:
        world = self.world
        message = (sensor_type, world.frame, world.elapsed)
        self.streams.publish(stream, message, payload, pose, world.settings.synchronous_mode)

    def _new_stream(self) -> int:
        """A number never used before: clients try to reconnect to streams of episodes that are over."""
        self._next_stream += 1
        return self._next_stream

    def _greet(self, subscriber: Subscriber) -> None:
        """A new client of the world's stream gets the present state at once, unless that is about to end."""
        if self.change is not None and not self.change.begun:
            return
        world = self.world
        payload = snapshot(world, MAP_CHANGED)
        head = HEAD.pack(HEAD.size - 4 + len(payload), OBSERVER, world.frame, world.elapsed, *NOWHERE)
        self.streams.send(subscriber, head, payload, wait=False)

    def _accept(self) -> None:
        sock = accept(self._listener, len(self.connections) < CLIENTS)
        if sock is not None:
            self.connections.add(Connection(self, sock))
