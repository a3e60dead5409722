"""Walkers with a controller, as the documentation spawns them: they walk on pavements and crosswalks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sims.carla.maps.town import load_town

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla
WALKERS = 12


def populate(client: Any, world: Any) -> tuple[list[Any], list[Any]]:
    """Walkers and their controllers, in two batches."""
    library = world.get_blueprint_library()
    world.set_pedestrians_seed(3)
    world.set_pedestrians_cross_factor(0.0)
    spots = [world.get_random_location_from_navigation() for _ in range(WALKERS)]
    assert None not in spots
    spawn = carla.command.SpawnActor
    batch = [
        spawn(library.filter("walker.pedestrian.*")[n], carla.Transform(spot)) for n, spot in enumerate(spots)
    ]
    walkers = [answer.actor_id for answer in client.apply_batch_sync(batch, True) if not answer.error]
    brain = library.find("controller.ai.walker")
    answers = client.apply_batch_sync([spawn(brain, carla.Transform(), each) for each in walkers], True)
    world.tick()
    controllers = [world.get_actor(answer.actor_id) for answer in answers]
    for controller in controllers:
        controller.start()
        controller.go_to_location(world.get_random_location_from_navigation())
        controller.set_max_speed(1.4)
    return [world.get_actor(each) for each in walkers], controllers


def inside(places: np.ndarray, outlines: list[np.ndarray]) -> np.ndarray:
    """(n,) whether points (n, 2) are in one of some outlines: a ray to the right leaves it oddly often."""
    found = np.zeros(len(places), bool)
    x, y = places[:, :1], places[:, 1:]
    for outline in outlines:
        (x1, y1), (x2, y2) = outline[:, :2].T, np.roll(outline[:, :2], -1, axis=0).T
        level = y1 == y2
        meets = x1 + (y - y1) * (x2 - x1) / np.where(level, 1.0, y2 - y1)
        leaves = ((y1 > y) != (y2 > y)) & ~level & (x < meets)
        found |= leaves.sum(1) % 2 == 1
    return found


def test_walkers_walk_on_pavements_and_crosswalks(client: Any, world: Any) -> None:
    walkers, controllers = populate(client, world)
    assert len(walkers) >= WALKERS - 2
    town = load_town("Town_Small")
    begin = np.array([[w.get_location().x, w.get_location().y] for w in walkers])
    places, gone, last = [], np.zeros(len(walkers)), begin
    for step in range(400):
        world.tick()
        now = np.array([[w.get_location().x, w.get_location().y] for w in walkers])
        gone, last = gone + np.linalg.norm(now - last, axis=1), now
        if step % 10 == 0:
            places.append(now)
    assert np.median(gone) == pytest.approx(20.0 * 1.4, rel=0.1)
    # The rest is the verge or kerb between a crosswalk and its pavements.
    assert inside(np.concatenate(places), [*town.sidewalks, *town.crosswalks]).mean() > 0.95
    speeds = [walker.get_velocity().length() for walker in walkers]
    assert np.median(speeds) == pytest.approx(1.4, abs=0.1)
    reach(world, walkers[0], controllers[0])
    for controller in controllers:
        controller.stop()
        assert controller.destroy()
    world.tick()


def test_worlds_are_loaded_where_walkers_are_guided_and_cars_drive(
    client: Any, world: Any, traffic: Any
) -> None:
    """The client's library used to crash here."""
    for _ in range(3):
        world.tick()
        library = world.get_blueprint_library()
        spot = world.get_map().get_spawn_points()[0]
        car = world.spawn_actor(library.find("vehicle.tesla.model3"), spot)
        car.set_autopilot(True, traffic.get_port())
        walkers, _ = populate(client, world)
        for _ in range(30):
            world.tick()
        assert car.get_velocity().length() > 0.5
        assert np.median([walker.get_velocity().length() for walker in walkers]) > 0.5
        world = client.load_world("Town_Small", reset_settings=False)


def reach(world: Any, walker: Any, controller: Any) -> None:
    """Send a walker to a place nearby, and wait until it is there."""
    here = walker.get_location()
    spots = [world.get_random_location_from_navigation() for _ in range(200)]
    goal = min(spots, key=lambda spot: abs(spot.distance(here) - 12.0))
    controller.go_to_location(goal)
    controller.set_max_speed(3.0)
    nearest = np.inf
    for _ in range(400):
        world.tick()
        where = walker.get_location()
        nearest = min(nearest, float(np.hypot(where.x - goal.x, where.y - goal.y)))
    assert nearest < 1.5
