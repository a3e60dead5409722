"""Recorder and replayer on a world without a network."""

from pathlib import Path

import numpy as np
import pytest

from sims.carla.maps.town import load_town
from sims.carla.server.actor import Actor, Description
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import compose, pose
from sims.carla.server.recorder import reports
from sims.carla.server.recorder.file import Recording, read
from sims.carla.server.recorder.folder import MOST_BYTES, existing, locate
from sims.carla.server.recorder.replay import window
from sims.carla.server.recorder.replayer import Show
from sims.carla.server.world import World
from tests.sims.carla.server.towns import RADIUS, ring

CAR = Description(1, "vehicle.tesla.model3", (("role_name", 4, "hero"),))
VAN = Description(1, "vehicle.volkswagen.t2")
WALKER = Description(1, "walker.pedestrian.0001")
CONE = Description(1, "static.prop.constructioncone")
CAMERA = Description(1, "sensor.camera.depth")


def tick(world: World, count: int, dt: float = 0.05) -> None:
    """As the server does it."""
    for _ in range(count):
        world.step(dt)
        world.observe()


def drive(world: World, folder: Path) -> tuple[Recording, list[np.ndarray], Actor]:
    """A recording of a car that drives, the poses of the car after each step, and the car."""
    car = world.spawn(CAR, pose(RADIUS + 1.75, 0.0, 0.3, 90.0))
    world.recorder.start(locate(folder, "drive.log"))
    world.fleet.vehicle(car.id).pedals = (0.8, 0.1, 0.0, 0.0)
    world.fleet.told = True
    places = [car.pose.copy()]
    for _ in range(40):
        tick(world, 1)
        places.append(car.pose.copy())
    world.recorder.stop()
    return read(folder / "drive.log", MOST_BYTES), places, car


@pytest.fixture
def world() -> World:
    return World(ring())


@pytest.mark.parametrize(
    "sent", ["/etc/passwd", "../../x/drive.log", "a/b\\c:drive.log", "C:\\runs\\drive.log", "drive.log"]
)
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, sent: str) -> None:
    path = locate(tmp_path, sent)
    assert path.parent == tmp_path
    assert path.name in ("passwd", "drive.log")


@pytest.mark.parametrize(
    "sent", ["", "..", "/", "a/..", ".hidden", "a b", "x\x00", "ü.log", "a" * 200, "\udcff"]
)
def test_what_is_no_name_is_refused(tmp_path: Path, sent: str) -> None:
    with pytest.raises(RpcError, match="no name for a recording"):
        locate(tmp_path, sent)


def test_a_link_is_not_followed(tmp_path: Path, world: World) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "link.log").symlink_to(outside)
    with pytest.raises(RpcError, match=r"link\.log is a link"):
        world.recorder.start(locate(folder, "link.log"))
    with pytest.raises(RpcError, match=r"File link\.log not found"):
        existing(folder, "link.log")
    assert outside.read_text() == "mine"


def test_a_recording_says_where_everybody_was(tmp_path: Path, world: World) -> None:
    recording, places, car = drive(world, tmp_path)
    assert (recording.town, recording.cut, len(recording.frames)) == ("Ring", False, 41)
    assert recording.duration == pytest.approx(2.0)
    assert [made.id for made in recording.frames[0].made] == [world.spectator.id, car.id]
    for frame, place in zip(recording.frames, places, strict=True):
        (row,) = frame.rows()[frame.rows()["id"] == car.id]
        assert row["location"] == pytest.approx(place[:3], abs=1e-4)


def test_a_replay_moves_a_new_car_as_the_old_one_moved(tmp_path: Path, world: World) -> None:
    recording, places, car = drive(world, tmp_path)
    again = World(ring(), episode=2)
    again.spawn(CONE, pose(0.0, 0.0))  # so that ids differ
    again.replayer.play(Show(recording, window(recording, 0.5, 1.0)))
    (twin,) = (actor for actor in again.actors.values() if actor.type_id == car.type_id)
    assert twin.attributes["role_name"] == "hero"
    assert twin.pose == pytest.approx(places[10], abs=1e-3)
    tick(again, 6)
    assert twin.pose == pytest.approx(places[16], abs=1e-3)
    driven = np.linalg.norm(places[16][:2] - places[15][:2]) / 0.05
    assert np.linalg.norm(again.records.rows[twin.row]["velocity"][:2]) == pytest.approx(driven, rel=1e-3)
    tick(again, 14)
    assert twin.pose == pytest.approx(places[30], abs=1e-3)
    tick(again, 5)
    assert not again.replayer.playing
    assert twin.physics
    assert np.linalg.norm(twin.pose[:2] - places[30][:2]) > 0.5  # it rolls on


def test_a_replay_takes_the_actor_that_is_still_there(tmp_path: Path, world: World) -> None:
    recording, places, car = drive(world, tmp_path)
    world.replayer.play(Show(recording, window(recording, 0.0, 0.0)))
    assert [actor for actor in world.actors.values() if actor.type_id == CAR.type_id] == [car]
    assert car.pose == pytest.approx(places[0], abs=1e-3)


def test_the_time_factor_goes_faster_and_between_frames(tmp_path: Path, world: World) -> None:
    recording, places, car = drive(world, tmp_path)
    world.replayer.factor = 2.5
    world.replayer.play(Show(recording, window(recording, 0.0, 0.0)))
    tick(world, 1)
    assert car.pose[:2] == pytest.approx((places[2][:2] + places[3][:2]) / 2.0, abs=1e-3)
    world.replayer.factor = 0.0
    before = car.pose.copy()
    tick(world, 3)
    assert (car.pose == before).all()


def test_the_hero_can_be_left_to_itself(tmp_path: Path, world: World) -> None:
    recording, places, car = drive(world, tmp_path)
    world.replayer.ignore_hero = True
    start = car.pose.copy()
    world.replayer.play(Show(recording, window(recording, 0.0, 0.0)))
    assert (car.pose == start).all()
    assert car.physics


def test_the_spectator_follows(tmp_path: Path, world: World) -> None:
    recording, _, car = drive(world, tmp_path)
    behind = np.array([-10.0, 0.0, 5.0, -25.0, 0.0, 0.0])
    world.replayer.play(Show(recording, window(recording, 0.0, 0.0), car.id, behind))
    tick(world, 5)
    # The spectator is placed before physics writes the car's pitch and height of this step.
    assert world.spectator.pose == pytest.approx(compose(car.pose, behind), abs=0.05)


def test_lights_show_what_they_showed(tmp_path: Path) -> None:
    town = load_town("Town_Small")
    world = World(town)
    light = next(iter(world.signals.lights.values()))
    world.recorder.start(tmp_path / "lights.log")
    tick(world, 2)
    world.signals.set_state(light, 3)
    tick(world, 2)
    world.recorder.stop()
    recording = read(tmp_path / "lights.log", MOST_BYTES)
    again = World(town, episode=2)
    again.replayer.play(Show(recording, window(recording, 0.0, 0.0)))
    shown = []
    for _ in range(4):
        tick(again, 1)
        shown.append(again.signals.states()[light.signal.id] == 3)
    assert again.signals.frozen
    assert shown == [False, False, True, True]
    tick(again, 1)
    assert not again.signals.frozen


def test_who_comes_and_goes_does_so_again(tmp_path: Path, world: World) -> None:
    world.recorder.start(tmp_path / "who.log")
    tick(world, 2)
    cone = world.spawn(CONE, pose(3.0, 4.0))
    world.spawn(WALKER, pose(0.0, 0.0, 1.0))
    eye = world.spawn(CAMERA, pose(1.0, 0.0, 2.0), cone)
    tick(world, 2)
    world.destroy(cone.id)
    tick(world, 2)
    world.close()
    recording = read(tmp_path / "who.log", MOST_BYTES)
    again = World(ring(), episode=2)
    again.replayer.play(Show(recording, window(recording, 0.0, 0.0)))
    assert len(again.actors) == 1
    tick(again, 3)
    kinds = [actor.type_id for actor in again.actors.values()]
    assert kinds == ["spectator", CONE.type_id, WALKER.type_id]
    tick(again, 2)
    assert [actor.type_id for actor in again.actors.values()] == ["spectator", WALKER.type_id]
    again.replayer.stop(keep_actors=False)
    assert len(again.actors) == 1
    with_sensors = World(ring(), episode=3)
    with_sensors.replayer.play(Show(recording, window(recording, 0.15, 0.0), sensors=True))
    (camera,) = (actor for actor in with_sensors.actors.values() if actor.type_id == CAMERA.type_id)
    assert camera.pose[:3] == pytest.approx([4.0, 4.0, 2.0], abs=1e-3)
    assert eye.id in {made.id for frame in recording.frames for made in frame.made}


def test_a_negative_start_counts_from_the_end(tmp_path: Path, world: World) -> None:
    recording, _, _ = drive(world, tmp_path)
    part = window(recording, -0.5, 0.0)
    assert (part.start, part.end) == (pytest.approx(1.5), pytest.approx(2.0))
    assert window(recording, 99.0, 1.0).start == window(recording, 99.0, 1.0).end == recording.duration
    with pytest.raises(RpcError, match="a replay of -1 s is impossible"):
        window(recording, 0.0, -1.0)


def test_a_damaged_file_is_refused_and_a_cut_one_is_used(tmp_path: Path, world: World) -> None:
    recording, _, _ = drive(world, tmp_path)
    path = tmp_path / "drive.log"
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    cut = read(path, MOST_BYTES)
    assert (cut.cut, len(cut.frames)) == (True, len(recording.frames) - 1)
    assert "cut off" in reports.file_info(cut, False)
    path.write_bytes(whole[:300] + bytes([whole[300] ^ 1]) + whole[301:])
    with pytest.raises(RpcError, match="checksum is wrong"):
        read(path, MOST_BYTES)
    path.write_bytes(b"RIFF" + whole[4:])
    with pytest.raises(RpcError, match="no recording of this server"):
        read(path, MOST_BYTES)
    path.write_bytes(whole[:4] + b"\x09" + whole[5:])
    with pytest.raises(RpcError, match="version 9; this server reads 1"):
        read(path, MOST_BYTES)
    path.write_bytes(whole[:8])
    with pytest.raises(RpcError, match="no head"):
        read(path, MOST_BYTES)
    with pytest.raises(RpcError, match="too much for a recording"):
        read(path, 4)


def test_file_info_has_the_form_of_carlas_documentation(tmp_path: Path, world: World) -> None:
    recording, _, car = drive(world, tmp_path)
    lines = reports.file_info(recording, False).split("\n")
    assert lines[:2] == ["Version: 1", "Map: Ring"]
    assert lines[2].startswith("Date: ")
    assert lines[4:6] == ["Frame 1 at 0 seconds", f" Create {world.spectator.id}: spectator (0) at (0, 0, 0)"]
    assert lines[6] == f" Create {car.id}: vehicle.tesla.model3 (1) at (4175, 0, 30)"
    assert lines[7] == "  role_name = hero"
    assert lines[-3:] == ["Frames: 41", "Duration: 2 seconds", ""]
    everything = reports.file_info(recording, True)
    assert everything.count("Frame ") == 41
    assert f"  Vehicle id {car.id}: Steering: 0 Throttle: 0 Brake: 0 Handbrake: 0 Gear: 1" in everything
    assert everything.count(f"  Id: {car.id} Location: (") == 41


def test_collisions_are_told_once_and_by_kind(tmp_path: Path, world: World) -> None:
    world.recorder.start(tmp_path / "hit.log")
    car = world.spawn(CAR, pose(RADIUS + 1.75, 0.0, 0.3, 90.0))
    van = world.spawn(VAN, pose(RADIUS + 1.75, 8.0, 0.3, 90.0))
    world.fleet.motion.velocity[0] = 10j
    tick(world, 30)
    world.recorder.stop()
    recording = read(tmp_path / "hit.log", MOST_BYTES)
    found = reports.collisions(recording, "v", "a").split("\n")
    assert found[4].split() == ["Time", "Types", "Id", "Actor", "1", "Id", "Actor", "2"]
    assert [line.split()[1:] for line in found[5:7]] == [
        ["h", "v", str(car.id), "vehicle.tesla.model3", str(van.id), "vehicle.volkswagen.t2"],
        ["v", "h", str(van.id), "vehicle.volkswagen.t2", str(car.id), "vehicle.tesla.model3"],
    ]
    assert "vehicle" not in reports.collisions(recording, "w", "a")
    assert reports.collisions(recording, "h", "v").count("vehicle.tesla") == 1
    assert f" Collision id 1 between {car.id} (hero) with {van.id}" in reports.file_info(recording, False)


def test_who_stands_still_is_blocked(tmp_path: Path, world: World) -> None:
    recording, _, car = drive(world, tmp_path)
    assert "vehicle" not in reports.blocked(recording, 1.9, 10.0)
    (line,) = [line for line in reports.blocked(recording, 1.9, 1e6).split("\n") if "vehicle" in line]
    assert line.split() == ["0", str(car.id), "vehicle.tesla.model3", "2"]
