"""The bicycle model: rest, circles, stability, energy."""

import math

import numpy as np
import pytest

from sims.carla.server.physics import commands
from sims.carla.server.physics.bicycle import substeps
from sims.carla.server.physics.models import MODELS
from tests.sims.carla.server.physics.stage import CAR, car, drive, place, plain, speed, steps


def test_how_many_steps() -> None:
    assert substeps(0.05, 0.05, 10) == 1
    assert substeps(0.1, 0.05, 10) == 2
    assert substeps(0.1, 0.01, 4) == 4
    assert substeps(1e-4, 0.05, 10) == 1


@pytest.mark.parametrize("type_id", MODELS)
def test_rest_is_rest(type_id: str) -> None:
    world = plain()
    vehicle = car(world, type_id)
    before = vehicle.actor.pose.copy()
    before[2] = 0.0
    drive(world, vehicle, steer=0.7)
    steps(world, 5.0)
    assert np.array_equal(vehicle.actor.pose, before)
    assert speed(world, vehicle) == 0.0


@pytest.mark.parametrize("type_id", MODELS)
def test_brakes_stop_it_for_good(type_id: str) -> None:
    world = plain()
    vehicle = car(world, type_id, speed=12.0)
    drive(world, vehicle, brake=1.0, steer=0.3)
    steps(world, 4.0)
    assert speed(world, vehicle) == 0.0
    where = place(vehicle)
    steps(world, 2.0)
    assert place(vehicle) == where


@pytest.mark.parametrize("steer", [0.1, 0.5, -0.9])
def test_slow_circles_are_those_of_the_geometry(steer: float) -> None:
    """Yaw rate = v tan(delta) / L at the rear axle, where v points along the body."""
    world = plain()
    vehicle = car(world, CAR)
    drive(world, vehicle, throttle=0.2, steer=steer)
    steps(world, 2.0)
    drive(world, vehicle, steer=steer)
    steps(world, 0.5)
    fleet = world.fleet
    ahead, rate = float(fleet.speed[0]), float(fleet.motion.yaw_rate[0])
    world.step(0.05)
    expected = ahead * math.tan(float(fleet.steer[0])) / vehicle.model.wheelbase
    assert rate == pytest.approx(expected, rel=0.1)
    assert math.copysign(1.0, rate) == math.copysign(1.0, steer)


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("substepping", [True, False])
def test_it_is_stable_at_any_step(dt: float, substepping: bool) -> None:
    """Full lock, full throttle, hand brake: the speed stays bounded and everything finite."""
    world = plain()
    world.change_settings(world.settings.__class__(substepping=substepping))
    vehicles = [car(world, type_id, y=30.0 * i, speed=25.0) for i, type_id in enumerate(MODELS)]
    for k in range(round(6.0 / dt)):
        for vehicle in vehicles:
            turn = 1.0 if (k // round(1.0 / dt)) % 2 else -1.0
            drive(world, vehicle, throttle=1.0, steer=turn, hand=k * dt > 3.0)
        world.step(dt)
    motion = world.fleet.motion
    assert np.isfinite(motion.position).all()
    assert np.abs(motion.velocity).max() < 60.0
    assert np.abs(motion.yaw_rate).max() < 8.0


@pytest.mark.parametrize("steer", [0.0, 0.3, 1.0])
def test_without_throttle_energy_only_falls(steer: float) -> None:
    world = plain()
    vehicle = car(world, CAR, speed=20.0)
    drive(world, vehicle, steer=steer)
    store, motion = world.fleet.store, world.fleet.motion
    energy = math.inf
    for _ in range(200):
        world.step(0.05)
        now = float(store.mass[0] * abs(motion.velocity[0]) ** 2 + store.inertia[0] * motion.yaw_rate[0] ** 2)
        assert now <= energy * (1.0 + 1e-12)
        energy = now


def test_a_slide_keeps_within_the_grip() -> None:
    """The acceleration never passes friction times gravity, but for drag and rolling resistance."""
    world = plain()
    vehicle = car(world, CAR, speed=30.0)
    drive(world, vehicle, steer=1.0, manual=True, gear=0)
    motion = world.fleet.motion
    for _ in range(40):
        before = complex(motion.velocity[0])
        world.step(0.05)
        assert abs(complex(motion.velocity[0]) - before) / 0.05 < 1.05 * 9.81 + 0.5


def test_half_the_step_drives_the_same_way() -> None:
    """At 15 m/s into a bend: 0.1 m after a second, and 2 % of the yaw rate."""
    ends = []
    for dt in (0.05, 0.005):
        world = plain()
        vehicle = car(world, CAR, speed=15.0)
        commands.set_yaw_rate(world.fleet, vehicle, 0.0)
        world.fleet.store.pedals[1] = 0.08
        drive(world, vehicle, steer=0.08, throttle=0.3)
        world.fleet.store.pedals[0] = 0.3
        steps(world, 1.0, dt)
        ends.append((place(vehicle), float(world.fleet.motion.yaw_rate[0])))
    assert abs(ends[0][0] - ends[1][0]) < 0.1
    assert ends[0][1] == pytest.approx(ends[1][1], rel=0.02)
