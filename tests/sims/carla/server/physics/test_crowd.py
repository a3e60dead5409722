"""Walkers."""

import numpy as np
import pytest

from sims.carla.server.geometry import pose
from sims.carla.server.records import WALKER
from sims.carla.server.world import World
from tests.sims.carla.server.physics.stage import car, plain, spawn, steps, wall

ADULT = "walker.pedestrian.0001"


def _walk(world: World, direction: list[float], pace: float, jump: bool = False) -> int:
    actor = spawn(world, ADULT, 0.0, 0.0)
    world.crowd.control(world.crowd.walkers[actor.id], direction, pace, jump)
    return actor.id


def test_it_goes_where_it_is_told_and_looks_there() -> None:
    world = plain()
    actor = world.actors[_walk(world, [0.0, -2.0, 0.0], 1.5)]
    steps(world, 2.0)
    assert actor.pose == pytest.approx([0.0, -3.0, 0.93, 0.0, -90.0, 0.0])
    assert world.records.rows["velocity"][actor.row] == pytest.approx([0.0, -1.5, 0.0])
    detail = world.records.view(WALKER)[actor.row]
    assert detail["speed"] == 1.5
    assert detail["direction"] == pytest.approx([0.0, -2.0, 0.0])


def test_it_stops_and_keeps_looking() -> None:
    world = plain()
    actor = world.actors[_walk(world, [0.0, 1.0, 0.0], 1.0)]
    steps(world, 1.0)
    world.crowd.control(world.crowd.walkers[actor.id], [1.0, 0.0, 0.0], 0.0, False)
    steps(world, 1.0)
    assert actor.pose == pytest.approx([0.0, 1.0, 0.93, 0.0, 90.0, 0.0])
    assert not world.records.rows["velocity"][actor.row].any()


def test_a_jump_comes_down_again() -> None:
    """4.2 m/s up: 0.9 m high, 0.86 s."""
    world = plain()
    actor = world.actors[_walk(world, [1.0, 0.0, 0.0], 0.0, jump=True)]
    heights = []
    for _ in range(200):
        world.step(0.01)
        heights.append(float(actor.pose[2]) - 0.93)
    assert max(heights) == pytest.approx(0.9, abs=0.05)
    assert heights[-1] == 0.0
    assert sum(height > 0 for height in heights) * 0.01 == pytest.approx(0.86, abs=0.05)


def test_a_navigation_places_it() -> None:
    """ApplyWalkerState; it stands again when the navigation stops."""
    world = plain()
    actor = spawn(world, ADULT)
    world.crowd.apply_state(actor, pose(2.0, 3.0, 0.0, yaw=90.0), 1.2)
    world.step(0.05)
    assert actor.pose == pytest.approx([2.0, 3.0, 0.93, 0.0, 90.0, 0.0])
    assert world.records.rows["velocity"][actor.row] == pytest.approx([0.0, 1.2, 0.0], abs=1e-6)
    assert world.records.view(WALKER)["speed"][actor.row] == pytest.approx(1.2)
    world.step(0.05)
    assert not world.records.rows["velocity"][actor.row].any()


def test_it_does_not_walk_into_a_house() -> None:
    world = plain(wall(5.0, 0.0, 2.0, 2.0))
    actor = world.actors[_walk(world, [1.0, 0.0, 0.0], 2.0)]
    steps(world, 4.0)
    assert 1.5 < actor.pose[0] < 3.0
    world.crowd.control(world.crowd.walkers[actor.id], [-1.0, 0.0, 0.0], 2.0, False)
    steps(world, 1.0)
    assert actor.pose[0] < 1.0


def test_walking_into_a_standing_car_stops_at_its_side() -> None:
    world = plain()
    vehicle = car(world, y=3.0)
    actor = world.actors[_walk(world, [0.0, 1.0, 0.0], 1.5)]
    touched = False
    for _ in range(60):
        world.step(0.05)
        touched = touched or bool(world.events)
    assert touched
    assert actor.pose[1] < 3.01 - vehicle.model.box.extent[1]
    assert abs(vehicle.actor.pose[1] - 3.0) < 0.2


def test_many_walkers_are_one_array() -> None:
    world = plain()
    actors = [spawn(world, ADULT, float(i), 0.0) for i in range(30)]
    for actor in actors:
        world.crowd.control(world.crowd.walkers[actor.id], [0.0, 1.0, 0.0], 1.0, False)
    world.destroy(actors[7].id)
    steps(world, 1.0)
    rest = [actor for actor in actors if actor.id != actors[7].id]
    assert np.array([actor.pose[:2] for actor in rest]) == pytest.approx(
        np.array([[i, 1.0] for i in range(30) if i != 7])
    )
