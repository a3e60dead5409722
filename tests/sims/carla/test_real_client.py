"""The adapter's client on servers: the embedded one, and what is none."""

import time

import pytest

from landward.errors import LandwardError, SimulationError
from sims.carla.client import Simulator, client_module, connect
from sims.carla.process import ServerProcess, start_server
from tests.sims.carla.impostors import listener, slow_answer

pytestmark = pytest.mark.carla
HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def server():
    with start_server("Town_Small") as process:
        yield process


@pytest.fixture
def simulator(server: ServerProcess):
    with connect(server.host, server.port) as connected:
        yield connected


def actor_ids(simulator: Simulator) -> set[int]:
    return {actor.id for actor in simulator.tick()}


def test_another_version_is_refused() -> None:
    message = "is CARLA 0.9.15, but the client is carla 0.9.16.*or use an environment with carla==0.9.15"
    with listener("0.9.15") as port, pytest.raises(LandwardError, match=message):
        connect(HERE, port, patience=5.0)


def test_a_tick_is_one_step_of_the_period(simulator: Simulator) -> None:
    first, second = simulator.tick(), simulator.tick()
    assert second.frame == first.frame + 1
    assert second.timestamp.delta_seconds == pytest.approx(0.1, abs=1e-6)


def test_what_was_spawned_goes_with_the_episode(simulator: Simulator) -> None:
    before = actor_ids(simulator)
    car = simulator.library.find("vehicle.tesla.model3")
    places = simulator.map.get_spawn_points()
    ego = simulator.spawn(car, places[0])
    assert simulator.spawn(car, places[0]) is None
    command = client_module().command.SpawnActor
    others = simulator.spawn_all([command(car, places[5]), command(car, places[0])])
    assert others[0] is not None and others[1] is None
    assert actor_ids(simulator) == before | {ego.id, others[0]}
    simulator.begin(3)
    assert actor_ids(simulator) == before


def test_the_server_is_left_as_it_was(server: ServerProcess) -> None:
    with connect(server.host, server.port) as simulator:
        before = actor_ids(simulator)
        car = simulator.library.find("vehicle.tesla.model3")
        simulator.spawn(car, simulator.map.get_spawn_points()[0])
        assert simulator.world.get_settings().synchronous_mode
    with connect(server.host, server.port) as again:
        assert actor_ids(again) == before


def test_an_unknown_town_is_named_with_those_that_there_are(server: ServerProcess) -> None:
    with pytest.raises(LandwardError, match="has no town 'Town99'; it has .*Town_Small"):
        connect(server.host, server.port, town="Town99")


def test_no_car_is_forgotten_by_a_traffic_manager_that_begins_slowly(server: ServerProcess) -> None:
    """Its first turn is an asynchronous one, which must not end between their registration and a tick."""
    late = slow_answer(server.port, "get_episode_settings", "add_traffic_manager_running", 0.1)
    with late as port, connect(HERE, port) as simulator:
        model = simulator.library.find("vehicle.tesla.model3")
        cars = [simulator.spawn(model, place) for place in simulator.map.get_spawn_points()[:20:5]]
        for car in cars:
            car.set_autopilot(True, simulator.traffic_port)
        time.sleep(0.2)
        for _ in range(20):
            simulator.tick()
        assert all(car.get_velocity().length() > 1.0 for car in cars)


def test_a_sensor_gives_the_frame_that_is_asked_for(simulator: Simulator) -> None:
    library = simulator.library
    simulator.begin(0)
    car = simulator.spawn(library.find("vehicle.tesla.model3"), simulator.map.get_spawn_points()[0])
    stream = simulator.listen(
        simulator.spawn(library.find("sensor.other.imu"), client_module().Transform(), car)
    )
    simulator.warm_up()
    for _ in range(20):
        reading = stream.take(simulator.tick().frame)
    assert reading[2] == pytest.approx(9.81, abs=0.5)


def test_a_server_that_ends_is_noticed_in_time() -> None:
    with start_server("Town_Small") as process:
        simulator = connect(process.host, process.port, patience=1.0)
        process.stop()
        start = time.monotonic()
        with pytest.raises(SimulationError, match="did not finish a tick within 1 s"):
            simulator.tick()
        simulator.close()
        assert time.monotonic() - start < 10.0
