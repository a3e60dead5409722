import numpy as np
import pytest

from sims.carla.server.actor import Actor, Description
from sims.carla.server.geometry import compose, pose
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring


@pytest.fixture
def world() -> World:
    return World(ring())


def put(world: World, relative: np.ndarray, parent: Actor | None = None) -> Actor:
    """An actor without a body."""
    return world.spawn(Description(1, "util.actor.empty"), relative, parent)


def test_children_follow_to_any_depth(world: World) -> None:
    base = put(world, pose(10.0, 0.0, yaw=90.0))
    arm = put(world, pose(2.0, 0.0, 1.0, yaw=10.0), base)
    hand = put(world, pose(1.0, 0.5, yaw=-30.0), arm)
    np.testing.assert_allclose(arm.pose, [10.0, 2.0, 1.0, 0.0, 100.0, 0.0], atol=1e-12)
    world.records.poses[base.row] = [-5.0, 3.0, 0.2, 5.0, 45.0, -2.0]
    world.step(0.05)
    np.testing.assert_allclose(arm.pose, compose(base.pose, arm.relative), atol=1e-12)
    np.testing.assert_allclose(hand.pose, compose(arm.pose, hand.relative), atol=1e-12)


def test_a_teleport_carries_the_children_at_once(world: World) -> None:
    base = put(world, pose(0.0, 0.0))
    arm = put(world, pose(2.0, 0.0), base)
    world.place(base, pose(7.0, 1.0, yaw=180.0))
    np.testing.assert_allclose(arm.pose[:2], [5.0, 1.0], atol=1e-12)


def test_a_child_that_is_teleported_stays_there_on_its_parent(world: World) -> None:
    base = put(world, pose(0.0, 0.0))
    arm = put(world, pose(2.0, 0.0), base)
    world.place(arm, pose(0.0, 3.0))
    world.place(base, pose(10.0, 0.0))
    world.step(0.05)
    np.testing.assert_allclose(arm.pose[:2], [10.0, 3.0], atol=1e-12)


def test_what_was_attached_goes_with_its_parent(world: World) -> None:
    base, other = put(world, pose(0.0, 0.0)), put(world, pose(50.0, 0.0))
    arm = put(world, pose(1.0, 0.0), base)
    put(world, pose(1.0, 0.0), arm)
    last = put(world, pose(1.0, 0.0), other)
    assert world.destroy(base.id)
    assert list(world.actors) == [world.spectator.id, other.id, last.id]
    world.step(0.05)
    np.testing.assert_allclose(last.pose[:2], [51.0, 0.0], atol=1e-12)
