"""New episodes: maps are loaded, generated and loaded again, with sensors running."""

from typing import Any

import pytest

from sims.carla.process import ServerProcess
from tests.sims.carla.clients import new_client, synchronise
from tests.sims.carla.server.towns import RING

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla


def test_another_town_is_loaded_and_the_map_is_its_own(client: Any) -> None:
    before = client.get_world()
    world = client.load_world("Town_Small")
    assert world.id == before.id + 1
    assert world.get_map().name == "Carla/Maps/Town_Small"
    assert client.load_world("/Game/Carla/Maps/Town_Small").id == world.id + 1
    assert client.load_world_if_different("Town_Small") is None


@pytest.mark.parametrize("name", ["Town99", "../Town_Small", "/etc/passwd", "Somewhere/Town_Small"])
def test_a_map_that_is_not_there_is_refused_in_carlas_words(client: Any, name: str) -> None:
    world = client.get_world()
    with pytest.raises(RuntimeError, match="Map '.*' not found"):
        client.load_world(name)
    assert client.get_world().id == world.id


def test_settings_are_kept_or_reset(client: Any, world: Any) -> None:
    kept = client.reload_world(False)
    assert kept.get_settings().synchronous_mode
    assert kept.get_settings().fixed_delta_seconds == pytest.approx(0.05)
    first = kept.tick()
    assert kept.tick() == first + 1
    assert not client.reload_world(True).get_settings().synchronous_mode


def test_an_episode_begins_as_the_first_did(client: Any, world: Any) -> None:
    """Ids, frames and time start anew, so that a run can be repeated."""
    runs = []
    for _ in range(2):
        world = client.reload_world(False)
        barrel = world.get_blueprint_library().find("static.prop.barrel")
        ids = [world.spawn_actor(barrel, carla.Transform(carla.Location(x=float(x)))).id for x in range(3)]
        frame = world.tick()
        runs.append((ids, world.get_snapshot().timestamp.elapsed_seconds / frame))
    assert runs[0] == runs[1]


@pytest.mark.parametrize("synchronous", [True, False])
def test_worlds_are_loaded_while_sensors_run(client: Any, synchronous: bool) -> None:
    """The trap: a sensor's message without an episode makes the client open one, and the load fails.

    The sensors are stopped in the end: one that is dropped while it listens can end the client's process,
    whose library closes a socket twice (0.9.16).
    """
    for _ in range(4):
        world = client.get_world()
        if synchronous:
            synchronise(world)
        imu = world.get_blueprint_library().find("sensor.other.imu")
        sensors = [world.spawn_actor(imu, carla.Transform()) for _ in range(15)]
        for sensor in sensors:
            sensor.listen(lambda data: None)
        for _ in range(3):
            world.tick() if synchronous else world.wait_for_tick()
        episode = world.id
        assert client.load_world("Town_Small", not synchronous).id == episode + 1
        for sensor in sensors:
            sensor.stop()


def test_another_client_is_told(server: ServerProcess, client: Any) -> None:
    client.generate_opendrive_world(RING)
    other = new_client(server.port)
    watching = other.get_world()
    assert watching.get_map().name != "Carla/Maps/Town_Small"
    client.load_world("Town_Small")
    watching.wait_for_tick()
    watching.wait_for_tick()
    assert watching.get_map().name == "Carla/Maps/Town_Small"
    assert watching.wait_for_tick().frame > 0


def test_a_world_is_generated_from_a_clients_opendrive(client: Any) -> None:
    world = client.generate_opendrive_world(RING)
    assert world.get_map().name == "Carla/Maps/OpenDriveMap"
    assert world.get_map().to_opendrive() == RING
    again = client.generate_opendrive_world(RING, carla.OpendriveGenerationParameters(vertex_distance=1.0))
    assert again.id == world.id + 1


@pytest.mark.parametrize(
    "text", ["/etc/passwd", "Town_Small", "<OpenDRIVE>", "<html></html>", "", "\x00\xff"]
)
def test_what_is_no_opendrive_is_refused(client: Any, text: str) -> None:
    episode = client.get_world().id
    with pytest.raises(RuntimeError, match="opendrive could not be correctly parsed"):
        client.generate_opendrive_world(text)
    assert client.get_world().id == episode
