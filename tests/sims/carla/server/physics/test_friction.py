"""Friction triggers."""

import pytest

from sims.carla.server.physics.friction import TRIGGER
from tests.sims.carla.server.physics.stage import car, drive, place, plain, spawn, steps

ICE = (("friction", 3, "0.3"), ("extent_x", 3, "80.0"), ("extent_y", 3, "10.0"), ("extent_z", 3, "5.0"))


def _way_to_stop(icy: bool) -> float:
    world = plain()
    if icy:
        spawn(world, TRIGGER, attributes=ICE)
    vehicle = car(world, x=-50.0, speed=10.0)
    drive(world, vehicle, brake=1.0, manual=True, gear=0)
    steps(world, 15.0)
    return place(vehicle).real + 50.0


def test_on_ice_the_way_to_stop_is_long() -> None:
    """v^2 / (2 mu g) = 56.6 m with a friction coefficient of 0.09, plus the time of the pedal."""
    assert _way_to_stop(False) < 8.0
    assert _way_to_stop(True) == pytest.approx(100 / (2 * 0.09 * 9.81), rel=0.15)


def test_beyond_it_tyres_are_as_before() -> None:
    world = plain()
    trigger = spawn(world, TRIGGER, attributes=ICE)
    vehicle = car(world)
    world.step(0.05)
    assert vehicle.friction == 0.3
    slippery = float(world.fleet.store.most[0])
    world.destroy(trigger.id)
    assert vehicle.friction is None
    assert float(world.fleet.store.most[0]) == pytest.approx(slippery * 3.5 / 0.3)
