"""The real TrafficManager on the town: it drives its vehicles lawfully and without accidents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sims.carla.process import start_server
from tests.sims.carla.clients import STEP, free_port, new_client, synchronise

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla
VEHICLES, MINUTES = 30, 5
FORWARD_AT_LEAST = 500.0
"""[m] That everybody gets on in five minutes; at a mean speed of 5 m/s it is 1.5 km."""
LONGEST_STOP = 80.0
"""[s] Two reds of four phases at 45 s each would be longer."""


@pytest.fixture(scope="module")
def client() -> Any:
    with start_server("Town_Small") as server:
        yield new_client(server.port, patience=30.0)


@pytest.fixture
def world(client: Any) -> Any:
    """A new synchronous episode."""
    return synchronise(client.reload_world())


def cars(world: Any, count: int) -> list[Any]:
    """Cars of all makes at the first free spawn points."""
    makes = [
        b for b in world.get_blueprint_library().filter("vehicle.*") if b.get_attribute("base_type") == "car"
    ]
    makes.sort(key=lambda blueprint: blueprint.id)
    spawned: list[Any] = []
    for i, place in enumerate(world.get_map().get_spawn_points()):
        if len(spawned) < count and (car := world.try_spawn_actor(makes[i % len(makes)], place)) is not None:
            spawned.append(car)
    return spawned


class Watch:
    """What happens among vehicles, seen from outside: from snapshots alone."""

    def __init__(self, world: Any, vehicles: list[Any]) -> None:
        self._world, self._vehicles = world, vehicles
        boxes = [vehicle.bounding_box for vehicle in vehicles]
        self._half = np.array([(box.extent.x, box.extent.y) for box in boxes])
        lights = world.get_actors().filter("traffic.traffic_light")
        self._lines = [(light, line(w)) for light in lights for w in light.get_stop_waypoints()]
        self._fronts: np.ndarray | None = None
        self.overlaps: set[tuple[int, int]] = set()
        self.crossings: list[tuple[int, str]] = []
        """(vehicle, state of the light) at each stop line crossed."""
        self.travelled, self.standing = np.zeros(len(vehicles)), np.zeros(len(vehicles))
        self.longest = np.zeros(len(vehicles))

    def look(self) -> None:
        transforms = [vehicle.get_transform() for vehicle in self._vehicles]
        places = np.array([(t.location.x, t.location.y) for t in transforms])
        yaw = np.radians([t.rotation.yaw for t in transforms])
        facing = np.column_stack([np.cos(yaw), np.sin(yaw)])
        speeds = np.array([vehicle.get_velocity().length() for vehicle in self._vehicles])
        self.travelled += speeds * STEP
        self.standing = np.where(speeds < 0.1, self.standing + STEP, 0.0)
        self.longest = np.maximum(self.longest, self.standing)
        self._find_overlaps(places, facing)
        fronts = places + facing * self._half[:, :1]
        if self._fronts is not None:
            self._find_crossings(self._fronts, fronts, facing)
        self._fronts = fronts

    def _find_overlaps(self, places: np.ndarray, facing: np.ndarray) -> None:
        apart = np.linalg.norm(places[:, None] - places, axis=-1)
        for i, j in np.argwhere(np.triu(apart < 8.0, 1)):
            if all(not separated(places, facing, self._half, a, b) for a, b in ((i, j), (j, i))):
                self.overlaps.add((int(i), int(j)))

    def _find_crossings(self, before: np.ndarray, after: np.ndarray, facing: np.ndarray) -> None:
        for light, (point, ahead, width) in self._lines:
            old, new = (before - point) @ ahead, (after - point) @ ahead
            beside = np.abs((after - point) @ np.array([-ahead[1], ahead[0]]))
            over = (old <= 0.3) & (new > 0.3) & (beside < width / 2) & (facing @ ahead > 0.7)
            self.crossings += [(int(i), str(light.get_state())) for i in np.flatnonzero(over)]


def line(waypoint: Any) -> tuple[np.ndarray, np.ndarray, float]:
    """(point, direction, width) of a stop line."""
    place, yaw = waypoint.transform.location, math.radians(waypoint.transform.rotation.yaw)
    return np.array([place.x, place.y]), np.array([math.cos(yaw), math.sin(yaw)]), waypoint.lane_width


def separated(places: np.ndarray, facing: np.ndarray, half: np.ndarray, i: int, j: int) -> bool:
    """Whether a side of rectangle i has rectangle j wholly on its other side."""
    axes = np.array([facing[i], (-facing[i, 1], facing[i, 0])])
    other = np.array([facing[j], (-facing[j, 1], facing[j, 0])])
    reach = np.abs(axes @ other.T) @ half[j]
    return bool((np.abs(axes @ (places[j] - places[i])) > half[i] + reach).any())


@pytest.mark.timeout(900)
def test_thirty_vehicles_drive_five_minutes_without_a_collision_and_obey_lights(
    client: Any, world: Any
) -> None:
    vehicles = cars(world, VEHICLES)
    assert len(vehicles) == VEHICLES
    manager = client.get_trafficmanager(free_port())
    manager.set_synchronous_mode(True)
    manager.set_random_device_seed(1)
    world.tick()  # the TrafficManager's first turn may still be an asynchronous one, and forgets new cars
    for vehicle in vehicles:
        vehicle.set_autopilot(True, manager.get_port())
    sensor = world.get_blueprint_library().find("sensor.other.collision")
    collisions: list[str] = []
    for vehicle in vehicles:
        world.spawn_actor(sensor, carla.Transform(), attach_to=vehicle).listen(
            lambda event: collisions.append(f"{event.actor.type_id} and {event.other_actor.type_id}")
        )
    world.tick()
    watch = Watch(world, vehicles)
    for _ in range(round(MINUTES * 60 / STEP)):
        world.tick()
        watch.look()
    assert collisions == []
    assert watch.overlaps == set()
    assert {vehicle.id for vehicle in vehicles} <= {actor.id for actor in world.get_actors()}, (
        "none was given up"
    )
    passed = [state for _, state in watch.crossings]
    assert len(passed) > 100
    assert "Red" not in passed
    assert watch.travelled.min() > FORWARD_AT_LEAST
    assert watch.longest.max() < LONGEST_STOP
    manager.shut_down()


def test_lights_answer_as_the_api_says(world: Any) -> None:
    world.tick()
    town = world.get_map()
    lights = world.get_actors().filter("traffic.traffic_light")
    assert len(lights) == 17
    for light in lights:
        group = {member.id for member in light.get_group_traffic_lights()}
        stops = light.get_stop_waypoints()
        junction = stops[0].next(3.0)[0].get_junction()
        assert {member.id for member in world.get_traffic_lights_in_junction(junction.id)} == group
        assert world.get_traffic_light_from_opendrive_id(light.get_opendrive_id()).id == light.id
        assert light.id in {
            near.id for near in world.get_traffic_lights_from_waypoint(stops[0].previous(8.0)[0], 20.0)
        }
        assert {(w.road_id, w.lane_id) for w in light.get_affected_lane_waypoints()} == {
            (w.road_id, w.lane_id) for w in stops
        }
        assert not any(stop.is_junction for stop in stops)
        assert len(light.get_light_boxes()) == len(stops)
        assert (light.get_green_time(), light.get_yellow_time(), light.get_red_time()) == (10.0, 3.0, 2.0)
    signs = [landmark for landmark in town.get_all_landmarks() if landmark.type in ("206", "205", "274")]
    assert all(world.get_traffic_sign(landmark) is not None for landmark in signs)


def test_lights_do_as_they_are_told(world: Any) -> None:
    world.tick()
    light = world.get_actors().filter("traffic.traffic_light")[0]
    light.set_green_time(7.5)
    light.set_state(carla.TrafficLightState.Off)
    light.freeze(True)
    world.tick()
    assert light.get_state() == carla.TrafficLightState.Off
    assert light.get_green_time() == 7.5 and light.is_frozen()
    for _ in range(20):
        world.tick()
    assert light.get_elapsed_time() == pytest.approx(0.0), "a frozen light's time stands still"
    world.freeze_all_traffic_lights(False)
    world.reset_all_traffic_lights()
    world.tick()
    states = [str(other.get_state()) for other in light.get_group_traffic_lights()]
    assert states.count("Green") == 1 and states.count("Red") == len(states) - 1


def test_programs_that_destroy_everything_leave_the_lights(world: Any) -> None:
    world.tick()
    lights = world.get_actors().filter("traffic.traffic_light")
    assert not any(light.destroy() for light in lights)
    world.tick()
    assert len(world.get_actors().filter("traffic.traffic_light")) == len(lights) == 17


def test_a_car_at_a_red_light_knows_it(world: Any) -> None:
    world.tick()
    light = world.get_actors().filter("traffic.traffic_light")[0]
    light.set_state(carla.TrafficLightState.Red)
    world.freeze_all_traffic_lights(True)
    place = light.get_stop_waypoints()[0].previous(5.0)[0].transform
    place.location.z += 0.3
    blueprint = world.get_blueprint_library().find("vehicle.tesla.model3")
    car = world.spawn_actor(blueprint, place)
    world.tick()
    assert car.is_at_traffic_light()
    assert car.get_traffic_light().id == light.id
    assert car.get_traffic_light_state() == carla.TrafficLightState.Red
    assert car.get_speed_limit() in (30.0, 50.0)
    volume = light.trigger_volume
    inside = light.get_transform().transform(volume.location)
    assert inside.distance(car.get_location()) < 8.0
