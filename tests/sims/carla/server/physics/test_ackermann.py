"""The Ackermann controller."""

import math

import pytest

from sims.carla.server.physics import commands
from tests.sims.carla.server.physics.stage import CAR, car, drive, plain, speed, steps


@pytest.mark.parametrize("target", [3.0, 8.0, 15.0])
@pytest.mark.parametrize("dt", [0.05, 0.1])
def test_it_reaches_the_speed_and_holds_it(target: float, dt: float) -> None:
    world = plain()
    vehicle = car(world, CAR)
    commands.aim(world.fleet, vehicle, [0.0, 0.0, target, 0.0, 0.0])
    steps(world, 20.0, dt)
    found = []
    for _ in range(100):
        world.step(dt)
        found.append(float(world.fleet.speed[0]))
    assert min(found) > 0.9 * target
    assert max(found) < 1.1 * target


def test_it_stops() -> None:
    world = plain()
    vehicle = car(world, CAR, speed=10.0)
    commands.aim(world.fleet, vehicle, [0.0, 0.0, 0.0, 0.0, 0.0])
    steps(world, 8.0)
    assert speed(world, vehicle) == 0.0


def test_it_goes_backwards() -> None:
    world = plain()
    vehicle = car(world, CAR)
    commands.aim(world.fleet, vehicle, [0.0, 0.0, -2.0, 0.0, 0.0])
    steps(world, 10.0)
    assert world.fleet.speed[0] == pytest.approx(-2.0, abs=0.3)


def test_the_steering_goes_to_the_angle_at_its_speed() -> None:
    world = plain()
    vehicle = car(world, CAR)
    commands.aim(world.fleet, vehicle, [0.4, 0.2, 0.0, 0.0, 0.0])
    steps(world, 1.0)
    assert world.fleet.steer[0] == pytest.approx(0.2, abs=0.03)
    steps(world, 2.0)
    assert world.fleet.steer[0] == pytest.approx(0.4, abs=0.01)


def test_a_limit_of_the_acceleration_is_kept() -> None:
    world = plain()
    vehicle = car(world, CAR)
    commands.aim(world.fleet, vehicle, [0.0, 0.0, 15.0, 1.0, 0.0])
    steps(world, 5.0)
    assert speed(world, vehicle) < 6.5


def test_the_next_pedals_end_it() -> None:
    world = plain()
    vehicle = car(world, CAR)
    commands.aim(world.fleet, vehicle, [0.0, 0.0, 10.0, 0.0, 0.0])
    steps(world, 3.0)
    assert vehicle.actor.id in world.fleet.led
    drive(world, vehicle, brake=1.0)
    steps(world, 4.0)
    assert speed(world, vehicle) == 0.0
    assert not world.fleet.led
    assert math.isfinite(vehicle.ackermann.pedal)
