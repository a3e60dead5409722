"""Pedals, axle loads, engine and brakes, with numbers by hand."""

import numpy as np
import pytest

from sims.carla.server.physics.forces import axle_grip, forces, move_pedals
from sims.carla.server.physics.friction import TRIGGER
from tests.sims.carla.server.physics.stage import CAR, car, drive, plain, spawn, speed, steps


def test_pedals_move_at_their_rates() -> None:
    """Throttle 6/s out and 10/s back, steering 2.5/s and 5/s."""
    pedals, wanted = np.zeros((4, 1)), np.array([[1.0], [-1.0], [0.0], [0.0]])
    move_pedals(pedals, wanted, 0.05)
    assert pedals[:, 0] == pytest.approx([0.3, -0.125, 0.0, 0.0])
    pedals[:, 0] = 1.0, -1.0, 0.0, 0.0
    move_pedals(pedals, np.zeros((4, 1)), 0.05)
    assert pedals[:, 0] == pytest.approx([0.5, -0.75, 0.0, 0.0])


def test_weight_moves_to_the_front_axle_in_braking() -> None:
    """m a h / L = 1696 * 5 * 0.449 / 2.85 = 1336 N, times the friction of 1.05."""
    world = plain()
    car(world, CAR)
    store = world.fleet.store
    rest = axle_grip(store)[:, 0].copy()
    store.acceleration[0] = -5.0
    change = axle_grip(store)[:, 0] - rest
    assert change == pytest.approx([1.05 * 1335.9, -1.05 * 1335.9], rel=1e-3)


def test_an_axle_has_no_negative_load() -> None:
    world = plain()
    car(world, CAR)
    world.fleet.store.acceleration[0] = -100.0
    assert axle_grip(world.fleet.store)[1, 0] == 1.0


def test_first_gear_multiplies_the_torque() -> None:
    """At rest 300 N m times 4.58 times 3.36 by 0.355 m are 13.0 kN, on 1696 kg, 40 kg of wheels' rotation and
    0.3 kg m2 times (15.39 / 0.355)^2 of the engine's.
    """
    world = plain()
    car(world, CAR)
    world.fleet.store.pedals[0] = 1.0
    acting = forces(world.fleet.store, np.zeros(1), True)
    gearing = 4.58 * 3.36 / 0.355
    assert acting.push[0] == pytest.approx(300.0 * gearing / (1696 + 40 + 0.3 * gearing**2), rel=1e-6)


def test_the_engine_drives_no_harder_than_the_tyres_hold() -> None:
    world = plain()
    spawn(
        world, TRIGGER, attributes=(("friction", 3, "1.0"), ("extent_x", 3, "90.0"), ("extent_y", 3, "9.0"))
    )
    vehicle = car(world, CAR)
    drive(world, vehicle, throttle=1.0)
    steps(world, 1.0)
    assert speed(world, vehicle) < 0.3 * 9.81


def test_drag_grows_with_the_square_of_the_speed() -> None:
    """0.5 * 1.25 * 0.3 * area * v^2, the area 85 % of the box's front."""
    world = plain()
    vehicle = car(world, CAR)
    half = vehicle.model.box.extent
    store = world.fleet.store
    found = [float(forces(store, np.array([v]), True).push[0] / store.lightness[0]) for v in (10.0, 20.0)]
    area = 4 * half[1] * half[2] * 0.85
    assert found == pytest.approx([-0.5 * 1.25 * 0.3 * area * 100, -0.5 * 1.25 * 0.3 * area * 400])


def test_hand_brake_holds_the_rear() -> None:
    world = plain()
    vehicle = car(world, CAR, speed=10.0)
    drive(world, vehicle, hand=True)
    steps(world, 0.5)
    rear = float(axle_grip(world.fleet.store)[1, 0])
    before = speed(world, vehicle)
    steps(world, 0.5)
    deceleration = (before - speed(world, vehicle)) / 0.5
    assert 2.0 < deceleration < 1.2 * rear / 1696 + 1.5
    steps(world, 8.0)
    assert speed(world, vehicle) == 0.0


def test_the_lock_shrinks_with_speed() -> None:
    """CARLA's steering curve: all at rest, 0.9 at 20 km/h, 0.8 at 60, 0.7 from 120."""
    world = plain()
    car(world, CAR)
    store = world.fleet.store
    store.pedals[1] = 1.0
    found = [np.degrees(forces(store, np.array([v / 3.6]), True).steer[0]) for v in (0, 20, 60, 120, 200)]
    assert found == pytest.approx([70, 63, 56, 49, 49])
