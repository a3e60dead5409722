"""The calls that scenario_runner and the leaderboard make, in the order in which a run makes them."""

from __future__ import annotations

import queue
from typing import Any

import pytest

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla
c = carla.command


def test_a_run_of_the_leaderboard(client: Any, traffic: Any) -> None:
    """Load, synchronise, spawn the hero with its sensors, drive, record, clean up."""
    client.set_timeout(20.0)
    settings = carla.WorldSettings(
        synchronous_mode=True, fixed_delta_seconds=0.05, deterministic_ragdolls=True
    )
    settings.spectator_as_ego = False
    client.get_world().apply_settings(settings)
    traffic.set_hybrid_physics_mode(True)
    world = client.load_world("Town_Small", reset_settings=False)
    settings = world.get_settings()
    settings.tile_stream_distance = settings.actor_active_distance = 650
    world.apply_settings(settings)
    world.reset_all_traffic_lights()
    traffic.set_random_device_seed(1)
    world.tick()
    town = world.get_map()
    assert town.name.split("/")[-1] == "Town_Small"
    client.start_recorder("/logs/RouteScenario_1_rep0.log")
    blueprint = world.get_blueprint_library().filter("vehicle.lincoln.mkz_2020")[0]
    blueprint.set_attribute("role_name", "hero")
    spot = town.get_spawn_points()[3]
    spot.location.z += 0.5
    hero = world.try_spawn_actor(blueprint, spot)
    assert hero is not None
    world.set_weather(carla.WeatherParameters.ClearSunset)
    spectator = world.get_spectator()
    library = world.get_blueprint_library()
    taken: queue.Queue[Any] = queue.Queue()
    sensors = []
    for name, settings_of in (
        ("sensor.camera.rgb", {"image_size_x": "64", "image_size_y": "48", "fov": "90"}),
        (
            "sensor.lidar.ray_cast",
            {"rotation_frequency": "20", "points_per_second": "20000", "channels": "32"},
        ),
        ("sensor.other.gnss", {"noise_alt_stddev": "0.000005", "noise_alt_bias": "0.0"}),
        ("sensor.other.imu", {"noise_accel_stddev_x": "0.001", "noise_gyro_stddev_x": "0.001"}),
        ("sensor.other.radar", {"horizontal_fov": "30", "points_per_second": "1500", "range": "100"}),
    ):
        wanted = library.find(name)
        for key, value in settings_of.items():
            wanted.set_attribute(key, value)
        sensor = world.spawn_actor(wanted, carla.Transform(carla.Location(z=2.0)), attach_to=hero)
        sensor.listen(taken.put)
        sensors.append(sensor)
    for _ in range(30):
        hero.apply_control(carla.VehicleControl(steer=0.0, throttle=0.6, brake=0.0))
        world.tick()
        pose = hero.get_transform()
        spectator.set_transform(
            carla.Transform(pose.location + carla.Location(z=70), carla.Rotation(pitch=-90))
        )
        assert hero.get_traffic_light_state() is not None
        assert town.get_waypoint(hero.get_location()).lane_id != 0
        snapshot = world.get_snapshot()
        assert snapshot.timestamp.delta_seconds == pytest.approx(0.05)
    assert hero.get_velocity().length() > 1.0
    client.stop_recorder()
    for sensor in sensors:
        sensor.stop()
        sensor.destroy()
    traffic.set_hybrid_physics_mode(False)
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds, settings.deterministic_ragdolls = (
        False,
        None,
        False,
    )
    world.apply_settings(settings)
    assert not taken.empty()


def test_a_scenario_spawns_its_actors_in_one_batch(client: Any, world: Any, traffic: Any) -> None:
    """Vehicles and walkers with physics switched, lights set and autopilot, as scenario_runner asks."""
    library = world.get_blueprint_library()
    spots = world.get_map().get_spawn_points()
    vehicle = library.find("vehicle.volkswagen.t2")
    vehicle.set_attribute("role_name", "scenario")
    batch = [
        c.SpawnActor(vehicle, spots[0])
        .then(c.SetSimulatePhysics(c.FutureActor, True))
        .then(c.SetVehicleLightState(c.FutureActor, carla.VehicleLightState.LowBeam)),
        c.SpawnActor(vehicle, spots[4]).then(c.SetAutopilot(c.FutureActor, True, traffic.get_port())),
        c.SpawnActor(library.find("static.prop.trafficwarning"), spots[8]),
    ]
    answers = client.apply_batch_sync(batch, True)
    assert not any(answer.error for answer in answers)
    first, second, prop = (world.get_actor(answer.actor_id) for answer in answers)
    assert first.attributes["role_name"] == "scenario"
    assert first.get_light_state() == carla.VehicleLightState.LowBeam
    for _ in range(60):
        world.tick()
    assert second.get_velocity().length() > 0.5
    gone = client.apply_batch_sync([c.DestroyActor(actor) for actor in (first, second, prop)], True)
    assert not any(answer.error for answer in gone)


def test_atomic_behaviours(client: Any, world: Any) -> None:
    """What single steps of a scenario do to actors and to the town."""
    library = world.get_blueprint_library()
    spot = world.get_map().get_spawn_points()[2]
    car = world.spawn_actor(library.find("vehicle.tesla.model3"), spot)
    world.tick()
    car.set_target_velocity(spot.get_forward_vector() * 5.0)
    world.tick()
    assert car.get_velocity().length() == pytest.approx(5.0, abs=0.5)
    car.set_target_velocity(carla.Vector3D())
    car.set_target_angular_velocity(carla.Vector3D())
    car.enable_constant_velocity(carla.Vector3D(3, 0, 0))
    world.tick()
    car.disable_constant_velocity()
    below = carla.Transform(spot.location - carla.Location(z=100), spot.rotation)
    car.set_simulate_physics(False)
    car.set_transform(below)
    world.tick()
    assert car.get_location().distance(below.location) < 0.1
    car.set_transform(spot)
    car.set_simulate_physics(True)
    light = world.get_traffic_light_from_opendrive_id(
        world.get_actors().filter("traffic.traffic_light")[0].get_opendrive_id()
    )
    light.set_state(carla.TrafficLightState.Green)
    light.set_green_time(60.0)
    world.tick()
    assert light.state == carla.TrafficLightState.Green
    junction = next(a for a, _ in world.get_map().get_topology() if a.is_junction).get_junction()
    assert isinstance(world.get_traffic_lights_in_junction(junction.id), list)
    waypoint = world.get_map().get_waypoint(spot.location)
    assert isinstance(world.get_traffic_lights_from_waypoint(waypoint, 50.0), list)
    friction = library.find("static.trigger.friction")
    friction.set_attribute("friction", "0.01")
    for axis in "xyz":
        friction.set_attribute(f"extent_{axis}", "1000.0")
    puddle = world.spawn_actor(friction, carla.Transform())
    world.tick()
    assert puddle.destroy()
    assert car.trigger_volume is not None if hasattr(car, "trigger_volume") else True


def test_criteria_look_at_the_world(world: Any) -> None:
    """Trigger volumes, affected lanes and landmarks of lights and signs."""
    world.tick()
    town = world.get_map()
    for light in world.get_actors().filter("*traffic_light*"):
        middle = light.get_transform().transform(light.trigger_volume.location)
        assert town.get_waypoint(middle) is not None
        assert light.trigger_volume.extent.x > 0.0
    stops = world.get_actors().filter("*stop*")
    assert all(stop.trigger_volume.extent.length() > 0.0 for stop in stops)
    first = town.get_waypoint(town.get_spawn_points()[0].location)
    for landmark in first.get_landmarks_of_type(200.0, "1000001", False):
        assert world.get_traffic_light(landmark) is not None
