import numpy as np
import pytest

from sims.carla.server.actor import Description
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import pose
from sims.carla.server.records import VEHICLE
from sims.carla.server.world import GREEN, MOST_ACTORS, World
from tests.sims.carla.server.towns import ring

CONE = Description(1, "static.prop.constructioncone")
CAR = Description(1, "vehicle.tesla.model3", (("role_name", 4, "hero"),))


@pytest.fixture
def world() -> World:
    return World(ring())


def test_an_episode_begins_with_the_spectator_and_ids_start_anew(world: World) -> None:
    other = World(ring(), episode=2)
    assert list(world.actors)[0] == world.spectator.id == 1
    assert world.spawn(CONE, pose(0.0, 0.0)).id == other.spawn(CONE, pose(0.0, 0.0)).id


def test_ids_are_not_used_again(world: World) -> None:
    first = world.spawn(CONE, pose(0.0, 0.0))
    assert world.destroy(first.id)
    assert world.spawn(CONE, pose(0.0, 0.0)).id > first.id


def test_rows_stay_with_their_actors_when_others_go(world: World) -> None:
    cones = [world.spawn(CONE, pose(float(x), 0.0)) for x in range(5)]
    layout = world.layout
    world.destroy(cones[1].id)
    assert world.layout > layout
    for x, cone in enumerate(cones):
        if x != 1:
            assert cone.pose[0] == x
            assert world.records.rows["id"][cone.row] == cone.id


def test_a_step_counts_frames_and_time(world: World) -> None:
    frame = world.frame
    for _ in range(3):
        world.step(0.05)
    assert world.frame == frame + 3
    assert world.elapsed == pytest.approx(0.15)
    assert world.delta == 0.05


@pytest.mark.parametrize("dt", [0.1, 0.05, 1.0 / 30.0])
def test_steps_take_equally_long_whenever_they_are_made(world: World, dt: float) -> None:
    """Bit for bit, also after steps in real time; and a second is over after the steps that make it."""
    lengths = set()
    for before in (0.0503376759952, 13.3, 0.1012155549950, 86400.0 / 7.0):
        world.step(before)
        begin = world.elapsed
        for _ in range(round(1.0 / dt)):
            world.step(dt)
        lengths.add(world.elapsed - begin)
    (length,) = lengths
    assert 1.0 <= length < 1.0 + 1e-8


def test_a_vehicle_is_told_of_no_light_and_of_a_limit(world: World) -> None:
    """A light's byte of 0 would be red, and the TrafficManager would stop everywhere."""
    car = world.spawn(CAR, world.town.spawn_points[0])
    detail = world.records.view(VEHICLE)[car.row]
    assert detail["traffic_light_state"] == GREEN
    assert not detail["has_traffic_light"]
    assert detail["speed_limit"] > 0.0
    assert car.attributes == {"role_name": "hero"}


@pytest.mark.parametrize(
    "description",
    [
        Description(1, "vehicle.unknown.unknown"),
        Description(1, "../../etc/passwd"),
        Description(1, CONE.type_id, (("role_name", 4, "x" * 100_000),)),
        Description(1, CONE.type_id, tuple((str(n), 4, "") for n in range(10_000))),
    ],
)
def test_a_description_that_makes_no_sense_is_refused_in_carlas_words(
    world: World, description: Description
) -> None:
    before = len(world.actors)
    with pytest.raises(RpcError, match="^Spawn failed because of invalid actor description$"):
        world.spawn(description, pose(0.0, 0.0))
    assert len(world.actors) == before == len(world.records)


def test_the_number_of_actors_is_bounded(world: World) -> None:
    world.actors |= dict.fromkeys(range(10_000, 10_000 + MOST_ACTORS), world.spectator)
    with pytest.raises(RpcError, match="destroy some"):
        world.spawn(CONE, pose(0.0, 0.0))


def test_the_spectator_stays(world: World) -> None:
    assert not world.destroy(world.spectator.id)
    assert not world.destroy(12345)
    with pytest.raises(RpcError, match="Actor could not be found in the registry.  Actor Id: 12345"):
        world.actor(12345)


def test_sensors_get_streams_of_their_own_that_end_with_them() -> None:
    ended: list[int] = []
    world = World(ring(), end_stream=ended.append)
    car = world.spawn(CAR, world.town.spawn_points[0])
    camera = world.spawn(Description(2, "sensor.camera.rgb"), pose(1.0, 0.0), car)
    lines = world.spawn(Description(2, "sensor.other.lane_invasion"), np.zeros(6), car)
    assert camera.stream > 1
    assert lines.stream == 0
    assert world.to_wire(camera)[1] == car.id
    assert len(world.to_wire(camera)[5]) == 24
    assert world.to_wire(lines)[5] == b""
    world.destroy(car.id)
    assert ended == [camera.stream]


def test_systems_are_attributes_and_others_are_not(world: World) -> None:
    assert world.attachments is world.system("attachments")
    with pytest.raises(AttributeError, match="no system is called hovercraft"):
        _ = world.hovercraft
