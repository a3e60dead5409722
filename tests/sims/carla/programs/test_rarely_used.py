"""Calls that few programs make: what is not there says so, and what has nothing to do does no harm."""

from __future__ import annotations

from typing import Any

import pytest

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla


def test_names_and_gravity(world: Any) -> None:
    names = world.get_names_of_all_objects()
    assert len(names) == len(set(names)) > 50
    world.set_imui_sensor_gravity(1.62)
    assert world.get_imui_sensor_gravity() == pytest.approx(1.62)
    world.set_annotations_traverse_translucency(True)


def test_there_are_no_lamps_to_switch(world: Any) -> None:
    lamps = world.get_lightmanager()
    assert list(lamps.get_all_lights()) == []
    lamps.set_day_night_cycle(False)
    lamps.turn_on(lamps.get_all_lights(carla.LightGroup.Street))
    assert world.tick() > 0


def test_textures_are_refused(world: Any) -> None:
    name = world.get_names_of_all_objects()[0]
    picture = carla.TextureColor(2, 2)
    for n in range(4):
        picture.set(n % 2, n // 2, carla.Color(255, 0, 0, 255))
    with pytest.raises(RuntimeError, match="unable to find Actor to apply the texture"):
        world.apply_color_texture_to_object(name, carla.MaterialParameter.Diffuse, picture)


def test_actors_have_no_parts(world: Any, car: Any) -> None:
    assert list(car.get_component_names()) == list(car.get_bone_names()) == list(car.get_socket_names()) == []
    assert list(car.get_bone_world_transforms()) == list(car.get_bone_relative_transforms()) == []
    assert list(car.get_socket_world_transforms()) == list(car.get_socket_relative_transforms()) == []
    with pytest.raises(RuntimeError, match="Component could not be found in this actor"):
        car.get_component_world_transform("door")
    with pytest.raises(RuntimeError, match="Component could not be found in this actor"):
        car.get_component_relative_transform("door")


def test_walkers_have_no_bones(world: Any) -> None:
    blueprint = world.get_blueprint_library().filter("walker.pedestrian.*")[0]
    walker = world.spawn_actor(blueprint, world.get_map().get_spawn_points()[0])
    world.tick()
    with pytest.raises(
        RuntimeError, match="not supported by this server: walkers here are boxes without bones"
    ):
        walker.get_bones()
    walker.blend_pose(0.5)  # nobody waits for the answer
    walker.show_pose()
    walker.get_pose_from_animation()
    assert world.tick() > 0


def test_other_physics_is_not_there_and_the_car_drives_on(world: Any, car: Any) -> None:
    car.enable_carsim("car.sim")
    car.use_carsim_road(True)
    car.enable_chrono_physics(10, 0.001, "vehicle.json", "power.json", "tire.json", "")
    car.restore_physx_physics()
    car.apply_control(carla.VehicleControl(throttle=0.6))
    for _ in range(30):
        world.tick()
    assert car.get_velocity().length() > 1.0


def test_what_stands_in_the_town_stays(world: Any) -> None:
    houses = world.get_environment_objects(carla.CityObjectLabel.Buildings)
    world.enable_environment_objects({houses[0].id}, False)
    world.tick()
    assert len(world.get_environment_objects(carla.CityObjectLabel.Buildings)) == len(houses)


def test_sensors_know_that_they_are_not_on_ros(world: Any, car: Any) -> None:
    gnss = world.get_blueprint_library().find("sensor.other.gnss")
    sensor = world.spawn_actor(gnss, carla.Transform(), attach_to=car)
    assert sensor.is_enabled_for_ros() is False
    sensor.disable_for_ros()
    sensor.enable_for_ros()
    assert world.tick() > 0
