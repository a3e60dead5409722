"""The documentation's page on the recorder, and how scenario_runner's metrics read recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla


def record(client: Any, world: Any, name: str, seconds: float = 2.0) -> tuple[Any, list[Any]]:
    """Drive a car and record it: the car and where it was after each tick."""
    blueprint = world.get_blueprint_library().find("vehicle.tesla.model3")
    blueprint.set_attribute("role_name", "hero")
    spot = world.get_map().get_spawn_points()[0]
    world.tick()
    client.start_recorder(name)
    car = world.spawn_actor(blueprint, spot)
    car.apply_control(carla.VehicleControl(throttle=0.7))
    places = []
    for _ in range(round(seconds / 0.05)):
        world.tick()
        places.append(car.get_transform().location)
    client.stop_recorder()
    return car, places


def test_a_recording_tells_what_happened(client: Any, world: Any) -> None:
    car, places = record(client, world, "recording01.log")
    text = client.show_recorder_file_info("recording01.log", False)
    lines = text.splitlines()
    assert lines[:2] == ["Version: 1", "Map: Town_Small"]
    assert lines[4] == "Frame 1 at 0 seconds"
    assert f" Create {car.id}: vehicle.tesla.model3 (1) at (" in text
    assert "  role_name = hero" in lines
    assert lines[-2:] == ["Frames: 41", "Duration: 2 seconds"]
    assert "vehicle" not in client.show_recorder_collisions("recording01.log", "v", "a")
    assert str(car.id) in client.show_recorder_actors_blocked("recording01.log", 1.0, 1e5)


def test_metrics_of_scenario_runner_can_be_read(client: Any, world: Any) -> None:
    """The words and places of the lines that its parser of recordings relies on."""
    car, places = record(client, world, "metrics.log", 0.5)
    head, *frames, foot = client.show_recorder_file_info("metrics.log", True).split("Frame")
    assert head.split("\n")[1][5:] == "Town_Small"
    assert int(foot.split("\n")[0][3:]) == len(frames) == 11
    assert float(foot.split("\n")[1][10:-8]) == pytest.approx(0.5)
    lines = frames[-1].split("\n")
    (where,) = [line[2:].split(" ") for line in lines if line.startswith(f"  Id: {car.id} Location")]
    assert float(where[3][1:-1]) / 100 == pytest.approx(places[-1].x, abs=0.01)
    assert float(where[4][:-1]) / 100 == pytest.approx(places[-1].y, abs=0.01)
    assert float(where[9][:-1]) == pytest.approx(car.get_transform().rotation.yaw, abs=0.01)
    (control,) = [line[2:].split(" ") for line in lines if line.startswith("  Vehicle id")]
    assert (int(control[2][:-1]), float(control[6])) == (car.id, pytest.approx(0.7))
    light = next(line[2:].split(" ") for line in lines if " state: " in line)
    assert int(light[3]) in range(3)
    created = next(line for line in frames[0].split("\n") if "traffic.traffic_light" in line)
    elements = created[1:].split(" ")
    spot = carla.Location(*(float(each.strip("(),")) / 100 for each in elements[5:8]))
    lights = world.get_actors().filter("traffic.*")
    assert min(actor.get_transform().location.distance(spot) for actor in lights) < 0.1


def test_a_replay_shows_it_again(client: Any, world: Any) -> None:
    car, places = record(client, world, "again.log")
    client.reload_world(False)
    world = client.get_world()
    world.tick()
    text = client.replay_file("again.log", 0.5, 1.0, 0)
    assert "Replaying from 0.5 s - 1.5 s (1 s) at 1.0x" in text
    world.tick()
    (twin,) = world.get_actors().filter("vehicle.*")
    assert twin.attributes["role_name"] == "hero"
    assert twin.get_location().distance(places[10]) < 0.02
    for _ in range(5):
        world.tick()
    assert twin.get_location().distance(places[15]) < 0.02
    client.set_replayer_time_factor(2.0)
    for _ in range(4):
        world.tick()
    assert twin.get_location().distance(places[23]) < 0.02
    client.stop_replayer(False)
    world.tick()
    assert len(world.get_actors().filter("vehicle.*")) == 0
    client.set_replayer_time_factor(1.0)
    client.set_replayer_ignore_hero(False)
    client.set_replayer_ignore_spectator(True)


def test_the_spectator_follows_an_actor(client: Any, world: Any) -> None:
    car, places = record(client, world, "follow.log", 1.0)
    client.replay_file("follow.log", 0.0, 0.0, car.id)
    for _ in range(4):
        world.tick()
    spectator = world.get_spectator()
    assert 5.0 < spectator.get_location().distance(car.get_location()) < 15.0


def test_another_town_is_loaded_for_its_recording(client: Any, world: Any) -> None:
    record(client, world, "elsewhere.log", 0.5)
    client.load_world("Roundabout", False)
    client.replay_file("elsewhere.log", 0.0, 0.0, 0)
    world = client.get_world()
    for _ in range(3):
        world.tick()
    assert client.get_world().get_map().name == "Carla/Maps/Town_Small"
    assert len(client.get_world().get_actors().filter("vehicle.tesla.model3")) == 1


def test_names_stay_in_the_folder_of_recordings(client: Any, world: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside.log"
    kept = Path(client.start_recorder(str(outside), True))
    client.stop_recorder()
    assert kept.name == "outside.log"
    assert kept.is_file()
    assert not outside.exists()
    assert "Frames: 1\n" in client.show_recorder_file_info("../../outside.log", False)
    with pytest.raises(RuntimeError, match="no name for a recording"):
        client.start_recorder("..")
    with pytest.raises(RuntimeError, match="File missing.log not found"):
        client.show_recorder_file_info("missing.log", False)
    with pytest.raises(RuntimeError, match="File passwd not found"):
        client.replay_file("/etc/passwd", 0.0, 0.0, 0)
