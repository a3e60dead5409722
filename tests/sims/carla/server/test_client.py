"""The real client on the server: sessions, ticks, actors, batches."""

import math
from typing import Any

import pytest

from sims.carla.process import ServerProcess
from tests.sims.carla.clients import new_client

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla


def test_a_session_starts_as_with_carla(client: Any) -> None:
    assert client.get_server_version() == client.get_client_version() == "0.9.16"
    world = client.get_world()
    town = world.get_map()
    assert town.name == "Carla/Maps/Ring"
    assert len(town.get_spawn_points()) > 10
    assert town.transform_to_geolocation(carla.Location()).latitude == pytest.approx(42.0, abs=1e-6)
    assert "/Game/Carla/Maps/Town_Small" in client.get_available_maps()
    assert world.get_spectator().id in {actor.id for actor in world.get_actors()}
    assert client.get_required_files("") == []


def test_ticks_count_frames_and_seconds(world: Any) -> None:
    before = world.get_snapshot()
    frames = [world.tick() for _ in range(20)]
    after = world.get_snapshot()
    assert frames == list(range(before.frame + 1, before.frame + 21))
    assert after.frame == frames[-1]
    assert after.timestamp.elapsed_seconds - before.timestamp.elapsed_seconds == pytest.approx(1.0)
    assert after.timestamp.delta_seconds == pytest.approx(0.05)


def test_settings_and_weather_come_back_as_they_were_set(world: Any) -> None:
    settings = world.get_settings()
    assert settings.synchronous_mode
    settings.fixed_delta_seconds, settings.max_substeps, settings.no_rendering_mode = 0.1, 12, True
    world.apply_settings(settings)
    assert world.get_settings() == settings
    assert world.get_snapshot().timestamp.delta_seconds == pytest.approx(0.1)
    world.set_weather(carla.WeatherParameters(cloudiness=60.0, sun_altitude_angle=-10.0))
    assert world.get_weather().sun_altitude_angle == -10.0
    assert world.get_weather().cloudiness == 60.0
    world.set_imui_sensor_gravity(3.7)
    assert world.get_imui_sensor_gravity() == pytest.approx(3.7)


def test_an_actor_lives_and_goes(world: Any) -> None:
    blueprint = world.get_blueprint_library().find("static.prop.constructioncone")
    where = carla.Transform(carla.Location(x=3.0, y=4.0, z=0.5), carla.Rotation(yaw=30.0))
    cone = world.spawn_actor(blueprint, where)
    assert cone.get_location() == carla.Location()  # as with CARLA: nothing is known before the next tick
    world.tick()
    assert cone.get_transform().location.distance(where.location) < 1e-5
    assert cone.type_id == "static.prop.constructioncone"
    assert cone.attributes["size"] == "small"
    assert cone.bounding_box.extent.z > 0.1
    assert list(cone.semantic_tags) == [21]
    assert cone.destroy()
    world.tick()
    assert world.get_actors().find(cone.id) is None


def test_a_teleport_shows_in_the_next_snapshot(world: Any) -> None:
    cone = world.spawn_actor(
        world.get_blueprint_library().find("static.prop.trafficcone01"), carla.Transform()
    )
    cone.set_transform(carla.Transform(carla.Location(x=7.0), carla.Rotation(yaw=90.0)))
    world.tick()
    assert (cone.get_location().x, cone.get_transform().rotation.yaw) == (7.0, 90.0)
    cone.set_location(carla.Location(y=-2.0))
    world.tick()
    assert (cone.get_location().y, cone.get_transform().rotation.yaw) == (-2.0, 90.0)


def test_what_is_attached_follows(world: Any) -> None:
    library = world.get_blueprint_library()
    base = world.spawn_actor(
        library.find("static.prop.barrel"), carla.Transform(carla.Location(), carla.Rotation(yaw=90.0))
    )
    arm = carla.Transform(carla.Location(x=2.0, z=1.0), carla.Rotation(pitch=-10.0))
    camera = world.spawn_actor(library.find("sensor.camera.depth"), arm, attach_to=base)
    eye = world.spawn_actor(library.find("sensor.camera.rgb"), arm, base, carla.AttachmentType.SpringArmGhost)
    world.tick()
    assert camera.parent.id == eye.parent.id == base.id
    assert camera.get_location().distance(carla.Location(y=2.0, z=1.0)) < 1e-5
    base.set_location(carla.Location(x=5.0))
    world.tick()
    assert eye.get_location().distance(carla.Location(x=5.0, y=2.0, z=1.0)) < 1e-5
    assert eye.get_transform().rotation.pitch == pytest.approx(-10.0, abs=1e-4)


def test_errors_are_carlas(world: Any) -> None:
    library = world.get_blueprint_library()
    camera, cone = library.find("sensor.camera.rgb"), library.find("static.prop.barrel")
    gone = world.spawn_actor(cone, carla.Transform())
    world.tick()
    client_side = world.get_actor(gone.id)
    assert gone.destroy()
    with pytest.raises(RuntimeError, match="unable to attach actor: parent actor not found"):
        world.spawn_actor(camera, carla.Transform(), attach_to=client_side)
    with pytest.raises(IndexError):
        library.find("vehicle.flying.saucer")
    with pytest.raises(
        RuntimeError, match="parameter is not valid|not supported|no textures|unable to find Actor"
    ):
        world.apply_color_texture_to_object(
            "House", carla.MaterialParameter.Diffuse, carla.TextureColor(2, 2)
        )


def test_a_batch_spawns_and_destroys(client: Any, world: Any) -> None:
    cone = world.get_blueprint_library().find("static.prop.barrel")
    spawn, destroy = carla.command.SpawnActor, carla.command.DestroyActor
    places = [carla.Transform(carla.Location(x=float(x))) for x in range(5)]
    moved = carla.Transform(carla.Location(x=50.0))
    batch = [spawn(cone, place) for place in places]
    batch.append(spawn(cone, places[0]).then(carla.command.ApplyTransform(carla.command.FutureActor, moved)))
    batch.append(spawn(cone, places[0], 999_999))
    *made, failed = client.apply_batch_sync(batch, True)
    assert not any(response.error for response in made)
    assert "parent actor not found" in failed.error
    ids = [response.actor_id for response in made]
    assert ids == sorted(set(ids))
    assert [round(world.get_actor(each).get_location().x) for each in ids] == [0, 1, 2, 3, 4, 50]
    answers = client.apply_batch_sync([destroy(each) for each in [*ids, 999_999]], True)
    assert [bool(answer.error) for answer in answers] == [False] * 6 + [True]
    assert not set(ids) & {actor.id for actor in world.get_actors()}


def test_two_clients_see_one_world(server: ServerProcess, world: Any) -> None:
    other = new_client(server.port)
    second = other.get_world()
    cone = world.spawn_actor(world.get_blueprint_library().find("static.prop.barrel"), carla.Transform())
    frame = world.tick()
    assert second.get_actor(cone.id).type_id == cone.type_id
    assert second.tick() == frame + 1
    assert second.get_actor(cone.id).destroy()
    world.tick()
    assert cone.id not in {actor.id for actor in world.get_actors()}


def test_an_asynchronous_world_runs_in_real_time(client: Any) -> None:
    world = client.get_world()
    first = world.wait_for_tick()
    for _ in range(10):
        last = world.wait_for_tick()
    simulated = last.timestamp.elapsed_seconds - first.timestamp.elapsed_seconds
    real = last.timestamp.platform_timestamp - first.timestamp.platform_timestamp
    assert simulated == pytest.approx(real, rel=0.3)
    assert last.frame >= first.frame + 10
    assert math.isfinite(world.tick())


def test_an_asynchronous_world_keeps_a_fixed_step(client: Any) -> None:
    world = client.get_world()
    settings = world.get_settings()
    settings.fixed_delta_seconds = 0.02
    world.apply_settings(settings)
    for _ in range(3):
        assert world.wait_for_tick().timestamp.delta_seconds == pytest.approx(0.02)


def test_level_boxes_are_those_of_the_town_and_its_actors(world: Any) -> None:
    before = len(world.get_level_bbs(carla.CityObjectLabel.Dynamic))
    place = carla.Transform(carla.Location(x=11.0, y=12.0))
    world.spawn_actor(world.get_blueprint_library().find("static.prop.barrel"), place)
    boxes = world.get_level_bbs(carla.CityObjectLabel.Dynamic)
    assert len(boxes) == before + 1
    assert boxes[-1].location.x == pytest.approx(11.0)
    assert len(world.get_level_bbs(carla.CityObjectLabel.Any)) >= len(boxes)


def test_the_town_tells_what_stands_in_it(client: Any) -> None:
    world = client.load_world("Town_Small")
    things = world.get_environment_objects(carla.CityObjectLabel.Buildings)
    assert len(things) > 5
    assert len({thing.id for thing in things}) == len(things)
    assert {thing.name for thing in things} <= set(world.get_names_of_all_objects())
    boxes = world.get_level_bbs(carla.CityObjectLabel.Buildings)
    assert len(boxes) == len(things)
    assert all(thing.bounding_box.extent.z > 0.5 for thing in things)
    assert len(world.get_environment_objects(carla.CityObjectLabel.Any)) > len(things)
