"""One connected CARLA world in synchronous mode, through the real client; on any server of its version."""

from __future__ import annotations

import functools
import logging
import math
import os
import socket
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from landward.errors import LandwardError, SimulationError, require
from sims.carla.handshake import server_version
from sims.carla.sensors import SensorStream

_LOG = logging.getLogger(__name__)

SUBSTEP = 0.01
"""[s] Longest physics step, CARLA's default."""
LOAD = 120.0
"""[s] For a server to load a town; a full CARLA takes up to a minute."""
OPENING = 0.01
"""[s] Between two ticks while a sensor's stream opens."""
TURN = 0.02
"""[s] A TrafficManager that was told to be synchronous waits for a tick after this, on an idle machine."""
TRAFFIC_TRIES = 5
"""Free ports that are tried for a TrafficManager: another process may take one before it does."""


def client_module() -> Any:
    """The module `carla`.

    Raises:
        MissingDependencyError: it is not installed.
    """
    os.environ.setdefault("HOME", str(Path.home()))  # without it the import of 0.9.16 ends the process
    return require("carla", "carla", "it is how Landward speaks to driving simulators")


class Simulator:
    """A connected world: every tick is ours, every actor that we spawned goes when we do.

    What the client raises as RuntimeError passes through; `tick` alone says it in our own words.
    """

    def __init__(self, client: Any, world: Any, address: str, delta: float, patience: float) -> None:
        """Use `connect`."""
        self._carla, self._patience = client_module(), patience
        self.client, self.world, self.address, self.delta = client, world, address, delta
        self.map: Any = world.get_map()
        self.town = self.map.name.rpartition("/")[2]
        self._before: Any = None
        self._spawned: list[int] = []
        self._streams: list[SensorStream] = []
        self._traffic: Any = None
        self._traffic_port, self._seed = 0, 0
        self._closed = False

    @functools.cached_property
    def library(self) -> Any:
        """The carla.BlueprintLibrary; the client fetches it anew, for 2 ms, whenever the world is asked."""
        return self.world.get_blueprint_library()

    @property
    def traffic(self) -> Any:
        """The TrafficManager of this process, in synchronous mode.

        It is made, with a tick, when it is first asked for: from then on it costs several calls a tick, with
        or without vehicles.
        """
        if self._traffic is None:
            self._traffic, self._traffic_port = self._make_traffic()
        return self._traffic

    @property
    def traffic_port(self) -> int:
        """What `set_autopilot` and the command SetAutopilot take."""
        return self._traffic_port if self.traffic is not None else 0

    def synchronise(self, rendering: bool) -> None:
        """Take the clock over.

        Args:
            rendering: whether cameras are rendered; without them a full server is much faster.
        """
        settings = self.world.get_settings()
        self._before = self._before or self.world.get_settings()
        settings.synchronous_mode, settings.fixed_delta_seconds = True, self.delta
        settings.no_rendering_mode = not rendering
        settings.substepping, settings.max_substep_delta_time = True, SUBSTEP
        settings.max_substeps = max(10, math.ceil(self.delta / SUBSTEP))
        self.world.apply_settings(settings)

    def tick(self) -> Any:
        """One step of the world, and the carla.WorldSnapshot after it.

        Raises:
            SimulationError: the server does not answer in time.
        """
        try:
            self.world.tick(self._patience)
        except RuntimeError as error:
            raise SimulationError(
                f"the CARLA server at {self.address} did not finish a tick within {self._patience:g} s: it "
                f"hangs or has ended ({error})"
            ) from None
        return self.world.get_snapshot()

    def warm_up(self) -> Any:
        """Tick until every new sensor sends; the carla.WorldSnapshot then.

        Raises:
            SimulationError: one does not, in time.
        """
        end = time.monotonic() + self._patience
        while True:
            snapshot = self.tick()
            silent = [stream.name for stream in self._streams if not stream.open]
            if not silent:
                return snapshot
            if time.monotonic() > end:
                raise SimulationError(
                    f"{silent[0]} at {self.address} sends nothing within {self._patience:g} s: are cameras "
                    "rendered (connect(..., rendering=True))?"
                )
            time.sleep(OPENING)

    def begin(self, seed: int, traffic: bool = False) -> None:
        """A clean world for an episode: what we spawned is gone, traffic and lights start from the seed.

        Args:
            seed: of the episode.
            traffic: make the TrafficManager now, lest the tick that it takes be one of the first episode's.
        """
        self.clear()
        self._seed = seed
        if traffic and self._traffic is None:
            self._traffic, self._traffic_port = self._make_traffic()
        self.world.set_weather(self._carla.WeatherParameters.ClearNoon)
        self.world.set_pedestrians_seed(seed)
        if self._traffic is None:
            self.world.reset_all_traffic_lights()
        else:
            self._traffic.set_random_device_seed(seed)  # resets them too
        self.tick()

    def clear(self) -> None:
        """Destroy what we spawned."""
        for stream in self._streams:
            stream.stop()
        self._streams.clear()
        self.destroy(reversed(self._spawned))

    def spawn(self, blueprint: Any, transform: Any, parent: Any = None) -> Any:
        """A carla.Actor, remembered for clean-up; None where its place is taken.

        Args:
            blueprint: carla.ActorBlueprint.
            transform: carla.Transform, relative to the parent where there is one.
            parent: actor that it is fixed to.
        """
        actor = self.world.try_spawn_actor(blueprint, transform, parent)
        if actor is not None:
            self._spawned.append(actor.id)
        return actor

    def spawn_all(self, commands: Sequence[Any]) -> list[int | None]:
        """Ids of the actors that a batch of carla.command.SpawnActor makes; None where one is refused."""
        answers = self.client.apply_batch_sync(list(commands), False)
        made = [None if answer.has_error() else int(answer.actor_id) for answer in answers]
        self._spawned += [actor for actor in made if actor is not None]
        return made

    def destroy(self, actor_ids: Iterable[int]) -> None:
        """Destroy actors in one batch, in the order given; those that are gone already are no error."""
        doomed = list(actor_ids)
        if doomed:
            self.client.apply_batch_sync([self._carla.command.DestroyActor(actor) for actor in doomed], False)
        gone = set(doomed)
        self._spawned = [actor for actor in self._spawned if actor not in gone]

    def listen(self, sensor: Any) -> SensorStream:
        """What a sensor sends from now on, until `begin`, `clear` or `close`."""
        stream = SensorStream(sensor, self._patience)
        self._streams.append(stream)
        return stream

    def close(self) -> None:
        """Leave the server as it was found: actors destroyed, settings restored. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self.clear()
            if self._traffic is not None:
                self._traffic.set_synchronous_mode(False)
                self._traffic.shut_down()
            if self._before is not None:
                self.world.apply_settings(self._before)
        except RuntimeError as error:
            _LOG.warning("the CARLA server at %s could not be tidied up: %s", self.address, error)

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_traffic(self) -> tuple[Any, int]:
        for left in reversed(range(TRAFFIC_TRIES)):
            port = free_port()
            try:
                traffic = self.client.get_trafficmanager(port)
            except RuntimeError as error:
                if left == 0:
                    raise LandwardError(f"no TrafficManager could be made: {error}") from None
            else:
                self._await_turn(traffic)
                traffic.set_random_device_seed(self._seed)
                return traffic, port
        raise AssertionError("unreachable")

    def _await_turn(self, traffic: Any) -> None:
        """Make a new TrafficManager synchronous, and wait until it is.

        It begins asynchronously, and forgets cars that are registered in the turn it is in then: they are in
        no snapshot yet. A tick ends after a synchronous turn, so that no other is left. It comes late enough
        for the thread to wait for it: the client may lose the signal that begins a turn else.
        """
        traffic.set_synchronous_mode(True)
        time.sleep(TURN)
        self.tick()


def connect(
    host: str,
    port: int,
    town: str = "",
    delta: float = 0.1,
    patience: float = 10.0,
    rendering: bool = True,
    wait: float = 0.0,
    fresh: bool = False,
) -> Simulator:
    """Connect to a server, load a town and take the clock over.

    Args:
        host: of the server.
        port: for calls.
        town: name of a map the server has, or path of an OpenDRIVE file; "" keeps the one that is loaded.
        delta: [s] one tick.
        patience: [s] for the server to answer a call or a tick.
        rendering: whether cameras are rendered.
        wait: [s] for the server to appear.
        fresh: load the town anew although it is there already.

    Raises:
        LandwardError: no server, another version, no such town, or no answer; the message says which.
    """
    carla, address = client_module(), f"{host}:{port}"
    theirs = server_version(host, port, patience, wait)
    client = carla.Client(host, port)
    ours = client.get_client_version()
    if theirs != ours:
        raise LandwardError(
            f"the server at {address} is CARLA {theirs}, but the client is carla {ours}: start a server of "
            f"{ours}, or use an environment with carla=={theirs}"
        )
    client.set_timeout(patience)
    try:
        world = client.get_world()
        client.set_timeout(max(patience, LOAD))
        world = _load(client, world, town, fresh, address)
        client.set_timeout(patience)
        simulator = Simulator(client, world, address, delta, patience)
        simulator.synchronise(rendering)
    except RuntimeError as error:
        raise LandwardError(f"the CARLA server at {address} does not work: {error}") from None
    return simulator


def free_port() -> int:
    """A port that nobody listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _load(client: Any, world: Any, town: str, fresh: bool, address: str) -> Any:
    """The world with the town in it."""
    if town.endswith(".xodr"):
        return client.generate_opendrive_world(
            _opendrive(Path(town)), client_module().OpendriveGenerationParameters()
        )
    loaded = world.get_map().name.rpartition("/")[2]
    if town in ("", loaded):
        return client.reload_world() if fresh else world
    towns = sorted(name.rpartition("/")[2] for name in client.get_available_maps())
    if town not in towns:
        raise LandwardError(f"the CARLA server at {address} has no town {town!r}; it has {', '.join(towns)}")
    return client.load_world(town)


def _opendrive(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise LandwardError(f"the OpenDRIVE file {path} cannot be read: {error.strerror}") from None
