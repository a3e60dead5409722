"""Synchronous mode, several sensors in step, and OpenDRIVE standalone mode."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

import pytest

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla
ROUNDABOUT = Path(__file__).parents[4] / "sims/carla/maps/opendrive/Roundabout.xodr"


def test_sensors_in_step(world: Any) -> None:
    """Every sensor's data of a frame is there before the next tick."""
    library = world.get_blueprint_library()
    car = world.spawn_actor(library.find("vehicle.tesla.model3"), world.get_map().get_spawn_points()[0])
    camera = library.find("sensor.camera.rgb")
    camera.set_attribute("image_size_x", "32")
    camera.set_attribute("image_size_y", "32")
    mounts = [
        (camera, 1.5),
        (library.find("sensor.other.imu"), 0.0),
        (library.find("sensor.other.gnss"), 0.0),
    ]
    queues: list[queue.Queue[Any]] = []
    sensors = []
    for blueprint, x in mounts:
        sensor = world.spawn_actor(blueprint, carla.Transform(carla.Location(x=x, z=2.0)), attach_to=car)
        queues.append(queue.Queue())
        sensor.listen(queues[-1].put)
        sensors.append(sensor)
    first = world.tick()
    for frame in range(first + 1, first + 21):
        assert world.tick() == frame
    for each in queues:
        frames = [each.get(timeout=2.0).frame]
        while frames[-1] < frame:
            frames.append(each.get(timeout=2.0).frame)
        assert frames == list(range(frames[0], frame + 1))
    for sensor in sensors:
        sensor.stop()


def test_sensor_tick(world: Any) -> None:
    gnss = world.get_blueprint_library().find("sensor.other.gnss")
    gnss.set_attribute("sensor_tick", "0.2")
    sensor = world.spawn_actor(gnss, carla.Transform())
    taken: queue.Queue[Any] = queue.Queue()
    sensor.listen(taken.put)
    for _ in range(40):
        world.tick()
    frames = [taken.get(timeout=2.0).frame for _ in range(3)]
    assert [b - a for a, b in zip(frames, frames[1:], strict=False)] == [4, 4]
    sensor.stop()


def test_back_to_asynchronous_mode(world: Any) -> None:
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = False, None
    settings.no_rendering_mode = True
    world.apply_settings(settings)
    first = world.wait_for_tick().frame
    assert world.wait_for_tick(5.0).frame > first


def test_opendrive_standalone_mode(client: Any) -> None:
    text = ROUNDABOUT.read_text(encoding="utf-8")
    parameters = carla.OpendriveGenerationParameters(
        vertex_distance=2.0,
        max_road_length=500.0,
        wall_height=0.0,
        additional_width=0.6,
        smooth_junctions=True,
        enable_mesh_visibility=True,
    )
    world = client.generate_opendrive_world(text, parameters)
    town = world.get_map()
    assert town.name.endswith("OpenDriveMap")
    assert len(town.get_spawn_points()) > 5
    car = world.spawn_actor(world.get_blueprint_library().find("vehicle.audi.tt"), town.get_spawn_points()[0])
    world.wait_for_tick()
    assert car.is_alive
    client.load_world("Town_Small")


def test_reload_keeps_the_town_and_drops_the_actors(client: Any, world: Any) -> None:
    library = world.get_blueprint_library()
    world.spawn_actor(library.find("vehicle.audi.tt"), world.get_map().get_spawn_points()[0])
    world.tick()
    before = world.id
    world = client.reload_world(False)
    assert world.id != before
    assert world.get_settings().synchronous_mode
    world.tick()
    assert len(world.get_actors().filter("vehicle.*")) == 0
