"""How one episode gives way to another while clients, and the threads in them, go on asking."""

import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sims.carla.process import ServerProcess
from sims.carla.server import change
from sims.carla.server.change import OPEN, OPENING, PATIENCE, QUIET, Change, rest
from sims.carla.server.streams import HEAD, TOKEN, WORLD
from tests.sims.carla.clients import free_port, synchronise
from tests.sims.carla.server.wire_client import WireClient

LOADER: Any = object()
OTHER: Any = object()
TOWN: Any = None


def begun(managers: int) -> Change:
    """A change whose episode has just begun."""
    made = Change(TOWN, False, LOADER)
    made.begin(managers)
    return made


def test_until_an_episode_begins_its_client_opens_it_and_all_else_waits() -> None:
    made = Change(TOWN, False, LOADER)
    assert made.awaits(LOADER) and not made.awaits(OTHER) and not made.awaits(None)
    assert not any(made.holds(LOADER, method) for method in OPENING)
    assert all(made.holds(LOADER, method) for method in ("get_episode_settings", "tick_cue"))
    assert all(made.holds(OTHER, method) for method in OPENING | {"tick_cue"})
    assert not made.ends_with(LOADER, "get_episode_settings", [[False]])


def test_when_it_has_begun_only_its_clients_tick_waits_for_the_managers() -> None:
    made = begun(1)
    assert made.holds(LOADER, "tick_cue")
    assert not made.holds(OTHER, "tick_cue") and not made.holds(LOADER, "get_map_data")
    assert not made.awaits(LOADER)


def test_it_is_over_when_the_thread_of_the_last_manager_begins() -> None:
    made = begun(2)
    files, settings = ("get_required_files", [[False], "TM"]), ("get_episode_settings", [[False]])
    said = [settings, files, settings, ("get_required_files", [[False], ""]), settings, files]
    assert not any(made.ends_with(LOADER, *call) for call in said)
    assert not made.ends_with(OTHER, *settings)
    assert made.ends_with(LOADER, *settings)


def test_patience_ends_and_begins_again_with_the_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "PATIENCE", 0.01)
    made = Change(TOWN, False, LOADER)
    assert not made.overdue
    time.sleep(0.02)
    assert made.overdue
    made.begin(1)
    assert not made.overdue


def test_a_client_rests_until_its_stream_is_open_and_longer_where_more_goes_on() -> None:
    now = time.monotonic()
    assert 0.9 * OPEN < rest(False, now) <= OPEN
    assert rest(False, now - OPEN) == 0.0
    assert rest(True, now) == rest(True, now - 9.0) == QUIET


def watch(rpc: WireClient, port: int) -> socket.socket:
    """Ask where the world's stream is, which is known, and listen to it."""
    number = rpc.send("get_sensor_token", WORLD)
    assert rpc.receive()[1] == number
    sock = socket.create_connection(("127.0.0.1", port), timeout=10.0)
    sock.sendall(struct.pack("<I", WORLD))
    return sock


def episode_in(stream: socket.socket) -> int:
    """The number of the episode in the next snapshot."""
    (length,) = struct.unpack("<I", stream.recv(4, socket.MSG_WAITALL))
    return struct.unpack_from("<Q", stream.recv(length, socket.MSG_WAITALL), HEAD.size - 4)[0]


def episode_of(answer: list[Any]) -> int:
    """The number of the episode in the answer to get_episode_info."""
    return answer[3][0][1][0]


@pytest.fixture
def episode(client: Any) -> int:
    """The number of the episode of a synchronous world, in which nothing is sent unasked."""
    return synchronise(client.get_world()).id


@pytest.fixture
def rpc(server: ServerProcess) -> Iterator[WireClient]:
    """A connection that can say anything."""
    with WireClient(server.port) as client:
        yield client


@pytest.mark.carla
def test_an_episode_begins_when_its_client_is_ready(
    server: ServerProcess, rpc: WireClient, episode: int
) -> None:
    """Nothing is sent before, and calls of other threads and of others are answered after it."""
    port = TOKEN.unpack(rpc.value("get_sensor_token", WORLD)[0])[1]
    with WireClient(server.port) as other, watch(rpc, port) as stream:
        assert episode_in(stream) == episode
        rpc.call("load_new_episode", "", False, 65535)
        asked = other.send("get_episode_info")
        thread = rpc.send("get_episode_settings")
        opening = rpc.send("get_episode_info")
        answer = rpc.receive()
        assert answer[1] == opening
        assert episode_of(answer) == episode
        assert not select.select([stream, other.sock], [], [], 0.1)[0]
        with watch(rpc, port) as again:
            assert episode_in(stream) == episode_in(again) == episode + 1
        assert rpc.receive()[1] == thread
        answer = other.receive()
        assert answer[1] == asked
        assert episode_of(answer) == episode + 1


@pytest.mark.carla
@pytest.mark.parametrize("leaves", [True, False])
def test_a_client_that_is_never_ready_holds_nobody_up(
    server: ServerProcess, rpc: WireClient, episode: int, leaves: bool
) -> None:
    with WireClient(server.port) as other:
        other.value("get_sensor_token", WORLD)
        other.call("load_new_episode", "", False, 65535)
        if leaves:
            other.sock.close()
        asked = time.monotonic()
        assert rpc.value("get_episode_info")[0] == episode + 1
    assert time.monotonic() - asked < (PATIENCE / 2 if leaves else 2 * PATIENCE)


@pytest.mark.carla
def test_a_client_that_does_not_watch_the_world_has_its_episode_at_once(
    rpc: WireClient, episode: int
) -> None:
    rpc.call("load_new_episode", "", False, 65535)
    assert rpc.value("get_episode_info")[0] == episode + 1


@pytest.mark.carla
@pytest.mark.parametrize("synchronous", [True, False])
def test_traffic_managers_drive_in_the_next_town(client: Any, synchronous: bool) -> None:
    """They begin anew with the new map; the client's library used to crash here now and then."""
    managers = [client.get_trafficmanager(free_port()) for _ in range(2)]
    world = client.get_world()
    if synchronous:
        synchronise(world)
    for town in ("Roundabout", "Town_Small"):
        world = client.load_world(town, reset_settings=False)
        library = world.get_blueprint_library()
        cars = [
            world.spawn_actor(library.find("vehicle.tesla.model3"), spot)
            for spot in world.get_map().get_spawn_points()[:2]
        ]
        for manager in managers:
            manager.set_synchronous_mode(synchronous)
        world.tick() if synchronous else world.wait_for_tick()
        for car, manager in zip(cars, managers, strict=True):
            car.set_autopilot(True, manager.get_port())
        for _ in range(40):
            world.tick() if synchronous else world.wait_for_tick()
        assert max(car.get_velocity().length() for car in cars) > 1.0
    for manager in managers:
        manager.set_synchronous_mode(False)
        manager.shut_down()
