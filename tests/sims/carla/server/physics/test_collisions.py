"""Crashes: with cars, walkers, props and houses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.carla.server.actor import Actor
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import pose
from sims.carla.server.physics import commands
from sims.carla.server.physics.boxes import Boxes, penetration
from sims.carla.server.world import World
from tests.sims.carla.server.physics.stage import CAR, car, drive, place, plain, spawn, speed, steps, wall

WALKER = "walker.pedestrian.0001"
REFUSED = "Spawn failed because of collision at spawn position"


def _boxes(actors: list[Actor]) -> Boxes:
    poses = np.array([actor.pose for actor in actors])
    heading = np.exp(1j * np.radians(poses[:, 4]))
    offset = np.array([complex(*actor.box.location[:2]) for actor in actors])
    half = np.array([actor.box.extent[:2] for actor in actors]).T
    return Boxes(poses[:, 0] + 1j * poses[:, 1] + offset * heading, heading, half)


def _deepest(actors: list[Actor]) -> float:
    """[m] Of all pairs."""
    boxes = _boxes(actors)
    first, second = np.triu_indices(len(actors), 1)
    return float(penetration(boxes.take(first), boxes.take(second))[0].max())


def _until_touch(world: World, seconds: float = 5.0) -> list:
    """The events of the first step that has any."""
    for _ in range(round(seconds / 0.05)):
        world.step(0.05)
        if world.events:
            return list(world.events)
    raise AssertionError("nothing touched")


def test_a_rear_end_crash_tells_both_and_keeps_momentum() -> None:
    """Equal cars, 10 m/s and 0: j = 1.1 * 1696 * 10 / 2, less what rolls off before."""
    world = plain()
    behind, ahead = car(world, x=0.0, speed=10.0), car(world, x=8.0)
    events = _until_touch(world)
    (first, other, label, impulse), (second, back, _, answer) = events
    assert {first, second} == {behind.actor, ahead.actor}
    assert other is second
    assert back is first
    assert label == 14
    assert impulse == pytest.approx([-part for part in answer])
    assert abs(impulse[0]) == pytest.approx(1.1 * 1696 * 10 / 2, rel=0.1)
    total = speed(world, behind) + speed(world, ahead)
    assert total == pytest.approx(10.0, rel=0.1)
    assert speed(world, ahead) > speed(world, behind)


def test_pushing_against_a_house() -> None:
    """The car does not enter it, and stands there."""
    world = plain(wall(12.0, 0.0, 2.0, 10.0, label=3))
    vehicle = car(world, speed=15.0)
    actor, other, label, impulse = _until_touch(world)[0]
    assert (actor, other, label) == (vehicle.actor, None, 3)
    assert impulse[0] < -1e4
    drive(world, vehicle, throttle=1.0)
    steps(world, 3.0)
    front = place(vehicle).real + vehicle.model.box.location[0] + vehicle.model.box.extent[0]
    assert front == pytest.approx(10.0, abs=0.02)
    assert speed(world, vehicle) < 0.6


def test_a_post_is_hit_at_speed_without_tunnelling() -> None:
    """40 m/s are 2 m a step; the car is longer than that."""
    world = plain(wall(50.0, 0.3, 0.1, 0.1, label=6))
    vehicle = car(world, speed=40.0)
    steps(world, 4.0)
    assert place(vehicle).real < 50.0


def test_what_hangs_over_the_road_is_in_nobodys_way() -> None:
    world = plain(wall(20.0, 0.0, 0.5, 0.5))
    high = wall(20.0, 0.0, 0.5, 0.5)
    world = plain(high.__class__(high.box.__class__((20.0, 0.0, 5.2), (0.5, 0.5, 0.4)), 7, 1))
    vehicle = car(world, speed=10.0)
    steps(world, 4.0)
    assert place(vehicle).real > 25.0


def test_a_walker_is_pushed_aside_and_hardly_slows_the_car() -> None:
    world = plain()
    vehicle = car(world, speed=8.0)
    walker = spawn(world, WALKER, 7.0, 0.2)
    events = _until_touch(world)
    assert (vehicle.actor, walker) in {(event[0], event[1]) for event in events}
    assert next(event[2] for event in events if event[0] is vehicle.actor) == 12
    assert speed(world, vehicle) > 6.5
    steps(world, 1.0)
    assert _deepest([vehicle.actor, walker]) < 0.01


def test_a_walker_that_a_navigation_guides_is_felt() -> None:
    """The client switches its collisions off."""
    world = plain()
    vehicle = car(world, speed=8.0)
    walker = spawn(world, WALKER, 7.0, 0.2)
    walker.collides = False
    assert vehicle.actor in _until_touch(world)[0]


def test_a_prop_stands_like_a_rock() -> None:
    world = plain()
    vehicle = car(world, speed=6.0)
    barrier = spawn(world, "static.prop.streetbarrier", 8.0, 0.0, yaw=90.0)
    where = barrier.pose.copy()
    assert _until_touch(world)[0][1] is barrier
    steps(world, 2.0)
    assert np.array_equal(barrier.pose, where)
    assert _deepest([vehicle.actor, barrier]) < 0.01


def test_switched_off_collisions_let_through() -> None:
    world = plain()
    vehicle, ghost = car(world, speed=10.0), car(world, x=10.0)
    ghost.actor.collides = False
    world.fleet.collisions.changed()
    steps(world, 3.0)
    assert place(vehicle).real > 20.0
    assert not world.events


def test_without_physics_a_car_is_hit_but_stays() -> None:
    world = plain()
    vehicle, parked = car(world, speed=10.0), car(world, x=10.0)
    world.fleet.switch_physics(parked, False)
    where = place(parked)
    assert _until_touch(world)[0][1] in (parked.actor, vehicle.actor)
    steps(world, 2.0)
    assert place(parked) == where
    assert _deepest([vehicle.actor, parked.actor]) < 0.01


def test_rest_beside_each_other_is_no_collision() -> None:
    world = plain()
    first, second = car(world), car(world, x=4.95)
    steps(world, 3.0)
    assert not world.events
    assert place(second) == 4.95
    assert place(first) == 0


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(0, 25)), min_size=4, max_size=6))
def test_after_any_crash_nothing_lies_in_anything(cars: list[tuple[float, float]]) -> None:
    """Cars on a circle are driven at its middle; afterwards they rest apart and keep no energy."""
    world = plain(wall(0.0, 0.0, 1.5, 1.5))
    vehicles = []
    for i, (swerve, pace) in enumerate(cars):
        angle = 360.0 * i / len(cars)
        x, y = 14 * np.cos(np.radians(angle)), 14 * np.sin(np.radians(angle))
        vehicle = car(world, x=x, y=y, yaw=angle + 180.0 + swerve / 18.0)
        commands.set_velocity(world.fleet, vehicle, -pace * np.exp(1j * np.radians(angle)))
        vehicles.append(vehicle)
    motion, store = world.fleet.motion, world.fleet.store
    before = float((store.mass * np.abs(motion.velocity) ** 2).sum())
    for vehicle in vehicles:
        drive(world, vehicle, brake=1.0)
    steps(world, 6.0)
    assert _deepest([vehicle.actor for vehicle in vehicles]) < 0.02
    assert float((store.mass * np.abs(motion.velocity) ** 2).sum()) <= before
    assert np.abs(motion.velocity).max() < 0.01


def test_there_is_no_room_where_something_stands() -> None:
    world = plain(wall(50.0, 0.0, 3.0, 3.0))
    car(world)
    spawn(world, "static.prop.container", 0.0, 30.0)
    for x, y in ((3.0, 0.5), (49.0, 1.0), (1.0, 31.0)):
        with pytest.raises(RpcError, match=REFUSED):
            spawn(world, CAR, x, y)
    for x, y in ((2.0, 0.5), (49.0, 1.0), (1.0, 31.0)):
        with pytest.raises(RpcError, match=REFUSED):
            spawn(world, WALKER, x, y)
    spawn(world, CAR, 6.0, 0.0)
    spawn(world, "static.prop.constructioncone", 0.0, 0.0)


def test_above_a_car_there_is_room() -> None:
    world = plain()
    car(world)
    world.spawn(spawn(world, CAR, 90.0).description, pose(0.0, 0.0, 10.0))


def test_a_teleport_into_a_car_is_noticed_at_once() -> None:
    world = plain()
    first, second = car(world), car(world, x=200.0)
    steps(world, 1.0)
    world.place(second.actor, pose(3.0, 0.0))
    world.step(0.05)
    assert _deepest([first.actor, second.actor]) < 0.01
