"""Programs of the documentation's first steps: world and client, actors, maps, sensors, bounding boxes."""

from __future__ import annotations

import queue
from typing import Any

import numpy as np
import pytest

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla


def first_car(world: Any, name: str = "vehicle.tesla.model3") -> Any:
    """A car at the first spawn point."""
    blueprint = world.get_blueprint_library().find(name)
    return world.spawn_actor(blueprint, world.get_map().get_spawn_points()[0])


def test_client_and_world(client: Any) -> None:
    world = client.get_world()
    assert client.get_client_version() == client.get_server_version()
    assert "/Game/Carla/Maps/Town_Small" in client.get_available_maps()
    assert world.get_settings().synchronous_mode is False
    assert client.load_world_if_different("Town_Small") is None
    seen: list[int] = []
    callback = world.on_tick(lambda snapshot: seen.append(snapshot.frame))
    for _ in range(3):
        world.wait_for_tick()
    world.remove_on_tick(callback)
    assert len(seen) >= 2
    snapshot = world.get_snapshot()
    for actor_snapshot in snapshot:
        assert world.get_actor(actor_snapshot.id).id == actor_snapshot.id
    assert world.get_actors([world.get_spectator().id])[0].type_id == "spectator"


def test_weather(world: Any) -> None:
    world.set_weather(carla.WeatherParameters.WetCloudySunset)
    assert world.get_weather() == carla.WeatherParameters.WetCloudySunset
    weather = world.get_weather()
    weather.sun_altitude_angle, weather.fog_density = -30.0, 40.0
    world.set_weather(weather)
    assert world.get_weather().fog_density == 40.0


def test_blueprints(world: Any) -> None:
    library = world.get_blueprint_library()
    cars = [b for b in library.filter("vehicle.*") if int(b.get_attribute("number_of_wheels")) == 4]
    assert len(cars) > 20
    for blueprint in library.filter("vehicle.*.*"):
        if blueprint.has_attribute("color"):
            blueprint.set_attribute("color", blueprint.get_attribute("color").recommended_values[-1])
    walker = library.filter("walker.pedestrian.*")[0]
    assert float(walker.get_attribute("speed").recommended_values[1]) > 0.5
    assert "vehicle.tesla.model3" in [blueprint.id for blueprint in library]


def test_actors_and_spectator(world: Any) -> None:
    car = first_car(world)
    world.tick()
    here = car.get_location()
    here.z += 5.0
    car.set_location(here)
    car.set_simulate_physics(False)
    world.tick()
    assert car.get_acceleration().length() < 1e3
    assert car.get_velocity().length() < 1e3
    assert car.get_angular_velocity().length() < 1e3
    car.set_simulate_physics(True)
    spectator = world.get_spectator()
    pose = car.get_transform()
    above = carla.Transform(pose.location + carla.Location(z=50), carla.Rotation(pitch=-90))
    spectator.set_transform(above)
    world.tick()
    assert spectator.get_transform().location.distance(above.location) < 0.01
    assert car.is_alive
    assert car.destroy()
    assert not car.is_alive


def test_autopilot(traffic: Any, world: Any) -> None:
    car = first_car(world)
    car.set_autopilot(True, traffic.get_port())
    begin, throttle = car.get_location(), 0.0
    for _ in range(100):
        world.tick()
        throttle = max(throttle, car.get_control().throttle)
    assert throttle > 0.2
    assert car.get_location().distance(begin) > 5.0
    assert car.get_speed_limit() > 0.0
    if car.is_at_traffic_light():
        assert car.get_traffic_light().get_state() != carla.TrafficLightState.Off
    car.set_autopilot(False, traffic.get_port())


def test_maps_and_waypoints(world: Any) -> None:
    town = world.get_map()
    spot = town.get_spawn_points()[0]
    waypoint = town.get_waypoint(spot.location, project_to_road=True, lane_type=carla.LaneType.Driving)
    following = waypoint.next(2.0)[0]
    assert following.transform.location.distance(waypoint.transform.location) == pytest.approx(2.0, abs=0.2)
    assert len(waypoint.next_until_lane_end(5.0)) > 0
    assert len(waypoint.previous(2.0)) > 0
    assert waypoint.lane_width > 2.0
    assert waypoint.left_lane_marking.type is not None
    assert len(town.generate_waypoints(20.0)) > 20
    assert len(town.get_topology()) > 5
    assert len(town.get_crosswalks()) > 4
    assert town.get_all_landmarks_of_type("1000001")
    assert any(
        each.is_junction and each.get_junction().get_waypoints(carla.LaneType.Driving)
        for each, _ in town.get_topology()
    )
    assert -90.0 < town.transform_to_geolocation(spot.location).latitude < 90.0
    assert town.to_opendrive().lstrip().startswith("<?xml")
    same = carla.Map("again", town.to_opendrive())
    assert len(same.get_topology()) == len(town.get_topology())


def test_map_layers(world: Any) -> None:
    """Towns without layers take the calls and stay as they are."""
    world.unload_map_layer(carla.MapLayer.Buildings)
    world.load_map_layer(carla.MapLayer.All)
    assert world.tick() > 0


def test_lights_of_a_junction(world: Any) -> None:
    lights = world.get_actors().filter("traffic.traffic_light*")
    light = lights[0]
    light.set_green_time(4.0)
    light.set_yellow_time(1.0)
    light.set_red_time(0.5)
    light.set_state(carla.TrafficLightState.Yellow)
    light.freeze(True)
    for _ in range(60):
        world.tick()
    assert light.get_state() == light.state == carla.TrafficLightState.Yellow
    assert light.is_frozen()
    assert (light.get_green_time(), light.get_yellow_time(), light.get_red_time()) == (4.0, 1.0, 0.5)
    group = light.get_group_traffic_lights()
    assert light.id in [each.id for each in group]
    light.freeze(False)
    light.reset_group()
    world.reset_all_traffic_lights()
    world.freeze_all_traffic_lights(False)
    world.tick()
    assert light.get_elapsed_time() < 1.0
    assert light.get_pole_index() >= 0
    assert len(light.get_light_boxes()) > 0
    assert len(light.get_stop_waypoints()) > 0


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("sensor.camera.rgb", {"image_size_x": "64", "image_size_y": "48", "fov": "100"}),
        ("sensor.camera.depth", {"image_size_x": "64", "image_size_y": "48"}),
        ("sensor.camera.semantic_segmentation", {"image_size_x": "64", "image_size_y": "48"}),
        ("sensor.camera.instance_segmentation", {"image_size_x": "64", "image_size_y": "48"}),
        ("sensor.lidar.ray_cast", {"range": "50", "points_per_second": "10000"}),
        ("sensor.lidar.ray_cast_semantic", {"range": "50", "points_per_second": "10000"}),
        ("sensor.other.radar", {"horizontal_fov": "35", "vertical_fov": "20", "range": "30"}),
        ("sensor.other.imu", {}),
        ("sensor.other.gnss", {}),
    ],
)
def test_sensors(world: Any, name: str, attributes: dict[str, str]) -> None:
    car = first_car(world)
    blueprint = world.get_blueprint_library().find(name)
    for key, value in attributes.items():
        blueprint.set_attribute(key, value)
    mount = carla.Transform(carla.Location(x=1.5, z=2.4))
    sensor = world.spawn_actor(blueprint, mount, attach_to=car)
    taken: queue.Queue[Any] = queue.Queue()
    sensor.listen(taken.put)
    data = None
    for _ in range(20):  # a stream takes some ticks to open
        world.tick()
        if not taken.empty():
            data = taken.get()
            break
    assert sensor.is_listening
    assert data is not None
    assert data.timestamp > 0.0
    if name.startswith("sensor.camera"):
        picture = np.frombuffer(data.raw_data, np.uint8).reshape(data.height, data.width, 4)
        assert picture.shape == (48, 64, 4)
    if name.endswith("semantic_segmentation"):
        data.convert(carla.ColorConverter.CityScapesPalette)
    if name.endswith("depth"):
        data.convert(carla.ColorConverter.LogarithmicDepth)
    sensor.stop()
    assert sensor.destroy()


def test_collisions_and_lanes_are_reported(world: Any) -> None:
    car = first_car(world)
    library = world.get_blueprint_library()
    hits: list[Any] = []
    lanes: list[Any] = []
    bump = world.spawn_actor(library.find("sensor.other.collision"), carla.Transform(), attach_to=car)
    lane = world.spawn_actor(library.find("sensor.other.lane_invasion"), carla.Transform(), attach_to=car)
    bump.listen(hits.append)
    lane.listen(lanes.append)
    world.tick()
    pose = car.get_transform()
    ahead = pose.location + pose.get_forward_vector() * 9.0
    other = world.spawn_actor(library.find("vehicle.audi.tt"), carla.Transform(ahead, pose.rotation))
    car.set_target_velocity(pose.get_forward_vector() * 12.0)
    for _ in range(40):
        world.tick()
    car.apply_control(carla.VehicleControl(throttle=1.0, steer=0.6))
    world.wait_for_tick() if not world.get_settings().synchronous_mode else world.tick()
    assert hits
    assert hits[0].actor.id == car.id
    assert hits[0].other_actor.id == other.id
    assert hits[0].normal_impulse.length() > 0.0
    bump.stop()
    lane.stop()


def test_bounding_boxes(world: Any) -> None:
    """Boxes of actors and of the town, projected into a camera as the tutorial does it."""
    car = first_car(world)
    other = world.spawn_actor(
        world.get_blueprint_library().find("vehicle.nissan.patrol"), world.get_map().get_spawn_points()[5]
    )
    world.tick()
    corners = other.bounding_box.get_world_vertices(other.get_transform())
    assert len(corners) == 8
    assert car.bounding_box.extent.x == pytest.approx(2.4, abs=0.3)
    to_camera = np.array(car.get_transform().get_inverse_matrix())
    point = to_camera @ np.array([corners[0].x, corners[0].y, corners[0].z, 1.0])
    assert np.isfinite(point).all()
    for label in (carla.CityObjectLabel.TrafficLight, carla.CityObjectLabel.TrafficSigns):
        assert len(world.get_level_bbs(label)) > 0
    assert len(world.get_environment_objects(carla.CityObjectLabel.Buildings)) > 0


def test_rays(world: Any) -> None:
    world.tick()
    spot = world.get_map().get_spawn_points()[0].location
    high = spot + carla.Location(z=20.0)
    hit = world.ground_projection(high, 50.0)
    assert hit.location.z == pytest.approx(spot.z - 0.3, abs=0.3)
    assert hit.label in (carla.CityObjectLabel.Roads, carla.CityObjectLabel.RoadLines)
    assert world.project_point(high, carla.Vector3D(0, 0, -1), 50.0) is not None
    assert len(world.cast_ray(high, spot - carla.Location(z=5.0))) > 0


def test_drawing(world: Any) -> None:
    """Shapes that a camera sees, and then no more."""
    library = world.get_blueprint_library()
    camera = library.find("sensor.camera.rgb")
    camera.set_attribute("image_size_x", "64")
    camera.set_attribute("image_size_y", "64")
    spot = world.get_map().get_spawn_points()[0]
    eye = world.spawn_actor(camera, carla.Transform(spot.location + carla.Location(z=30.0), spot.rotation))
    pictures: queue.Queue[Any] = queue.Queue()
    eye.listen(pictures.put)
    ahead = spot.location + carla.Location(z=30.0) + spot.get_forward_vector() * 5.0
    pink = carla.Color(255, 0, 255)
    debug = world.debug
    debug.draw_point(ahead, 0.5, pink, 1.0)
    debug.draw_line(ahead, ahead + carla.Location(z=1.0), 0.1, pink, 1.0)
    debug.draw_arrow(ahead, ahead + carla.Location(z=1.0), 0.1, 0.2, pink, 1.0)
    debug.draw_box(carla.BoundingBox(ahead, carla.Vector3D(1, 1, 1)), carla.Rotation(), 0.1, pink, 1.0)
    debug.draw_string(ahead, "here", False, pink, 1.0)
    middles = []
    for _ in range(40):
        world.tick()
        while not pictures.empty():
            picture = pictures.get()
            middles.append(bytes(picture.raw_data)[4 * (32 * 64 + 32) :][:3])
    assert bytes((255, 0, 255)) in middles[:5]
    assert middles[-1] != bytes((255, 0, 255))
    eye.stop()
