"""The fleet as a whole: determinism, order, teleports, physics switched off, commands."""

import math

import numpy as np
import pytest

from sims.carla.server.geometry import pose
from sims.carla.server.physics import commands
from sims.carla.server.physics.models import MODELS
from sims.carla.server.records import VEHICLE
from tests.sims.carla.server.physics.stage import CAR, car, drive, place, plain, spawn, speed, steps


def _rally(extra: int = 0) -> np.ndarray:
    """(n, 6) Poses after 20 cars drove about for 5 s."""
    world = plain()
    for i in range(extra):
        spawn(world, "static.prop.constructioncone", -300.0, 10.0 * i)
    types = list(MODELS)
    vehicles = [car(world, types[i], 10.0 * (i % 5), 8.0 * (i // 5), 30.0 * i, 5.0) for i in range(20)]
    for k in range(100):
        for i, vehicle in enumerate(vehicles):
            drive(
                world, vehicle, throttle=0.5 + 0.4 * math.sin(k * 0.1 + i), steer=math.sin(k * 0.07 * (i + 1))
            )
        world.step(0.05)
    return np.array([vehicle.actor.pose for vehicle in vehicles])


def test_the_same_again_bit_for_bit() -> None:
    first = _rally()
    assert np.array_equal(first, _rally())
    assert np.array_equal(first, _rally(extra=3))


def test_far_away_cars_do_not_matter() -> None:
    ends = []
    for others in (0, 30):
        world = plain()
        vehicle = car(world, speed=10.0)
        for i in range(others):
            car(world, x=-400.0, y=20.0 * i, speed=3.0)
        drive(world, vehicle, throttle=0.7, steer=0.2)
        steps(world, 5.0)
        ends.append(vehicle.actor.pose.copy())
    assert np.allclose(ends[0], ends[1], rtol=0.0, atol=1e-9)


def test_columns_follow_when_a_car_goes() -> None:
    world = plain()
    vehicles = [car(world, y=10.0 * i, speed=float(i)) for i in range(5)]
    world.step(0.05)
    world.destroy(vehicles[1].actor.id)
    steps(world, 0.5)
    left = [vehicles[0], *vehicles[2:]]
    assert [world.fleet.vehicles.index(vehicle) for vehicle in left] == [0, 1, 2, 3]
    assert [place(vehicle).imag for vehicle in left] == pytest.approx([0.0, 20.0, 30.0, 40.0])
    assert [place(vehicle).real for vehicle in left] == sorted(place(vehicle).real for vehicle in left)


def test_rows_tell_velocity_and_acceleration() -> None:
    world = plain()
    vehicle = car(world, yaw=90.0)
    drive(world, vehicle, throttle=1.0)
    steps(world, 2.0)
    row = world.records.rows[vehicle.actor.row]
    assert row["velocity"] == pytest.approx([0.0, speed(world, vehicle), 0.0], abs=1e-5)
    assert row["acceleration"][1] > 1.0
    before = speed(world, vehicle)
    world.step(0.05)
    change = (speed(world, vehicle) - before) / 0.05
    assert world.records.rows["acceleration"][vehicle.actor.row][1] == pytest.approx(change, rel=1e-4)


def test_angular_velocity_is_in_degrees_to_the_right() -> None:
    world = plain()
    vehicle = car(world, speed=5.0)
    drive(world, vehicle, steer=0.3)
    steps(world, 1.0)
    before = float(vehicle.actor.pose[4])
    world.step(0.05)
    turned = (float(vehicle.actor.pose[4]) - before) / 0.05
    assert world.records.rows["angular_velocity"][vehicle.actor.row][2] == pytest.approx(turned, rel=0.05)
    assert turned > 0.0


def test_a_spawned_car_stands_on_the_ground() -> None:
    world = plain()
    vehicle = car(world)
    assert vehicle.actor.pose[2] == 0.3
    world.step(0.05)
    assert vehicle.actor.pose[2] == 0.0


def test_without_gravity_it_stays_up() -> None:
    world = plain()
    vehicle = car(world)
    vehicle.actor.gravity = False
    world.fleet.rearrange()
    world.place(vehicle.actor, pose(0.0, 0.0, 5.0))
    world.step(0.05)
    assert vehicle.actor.pose[2] == 5.0


def test_a_teleport_keeps_the_velocity() -> None:
    world = plain()
    vehicle = car(world, speed=10.0)
    world.step(0.05)
    world.place(vehicle.actor, pose(100.0, 50.0, 0.0, yaw=180.0))
    world.step(0.05)
    assert place(vehicle) == pytest.approx(100.5 + 50j, abs=0.1)


def test_without_physics_only_teleports_move_it() -> None:
    """And its velocity is that of the teleports."""
    world = plain()
    vehicle = car(world, speed=10.0)
    world.fleet.switch_physics(vehicle, False)
    drive(world, vehicle, throttle=1.0)
    steps(world, 0.5)
    assert place(vehicle) == 0
    world.place(vehicle.actor, pose(0.4, 0.0, 0.0, yaw=1.0))
    world.step(0.05)
    row = world.records.rows[vehicle.actor.row]
    assert row["velocity"] == pytest.approx([8.0, 0.0, 0.0])
    assert row["angular_velocity"][2] == pytest.approx(20.0)
    world.step(0.05)
    assert not world.records.rows["velocity"][vehicle.actor.row].any()
    world.fleet.switch_physics(vehicle, True)
    steps(world, 1.0)
    assert speed(world, vehicle) > 1.0


def test_impulse_force_and_torque_by_hand() -> None:
    """1696 N s give 1 m/s; 1696 N over 0.05 s a twentieth; J = 2936 kg m2."""
    world = plain()
    vehicle = car(world)
    fleet = world.fleet
    drive(world, vehicle, manual=True, gear=0)
    commands.kick(fleet, vehicle, 1696.0 + 0j, 0.0)
    assert speed(world, vehicle) == pytest.approx(1.0)
    commands.kick(fleet, vehicle, -1696.0 + 0j, float(fleet.store.inertia[0]) * 0.5)
    assert fleet.motion.yaw_rate[0] == pytest.approx(0.5)
    commands.set_yaw_rate(fleet, vehicle, 0.0)
    commands.set_velocity(fleet, vehicle, 0j)
    commands.push(fleet, vehicle.actor.id, 16960.0 + 0j, 0.0)
    world.step(0.05)
    assert speed(world, vehicle) == pytest.approx(0.5, abs=0.01)
    assert not fleet.pushes


def test_constant_velocity_is_held_against_everything() -> None:
    world = plain()
    vehicle = car(world)
    commands.keep_velocity(world.fleet, vehicle, (7.0, 0.0, 0.0))
    drive(world, vehicle, brake=1.0, steer=0.1)
    steps(world, 2.0)
    assert speed(world, vehicle) == pytest.approx(7.0)
    assert vehicle.actor.pose[4] > 1.0
    commands.keep_velocity(world.fleet, vehicle, None)
    steps(world, 3.0)
    assert speed(world, vehicle) == 0.0


def test_a_given_speed_finds_its_gear() -> None:
    world = plain()
    vehicle = car(world, speed=30.0)
    assert vehicle.gear == 4
    drive(world, vehicle)
    steps(world, 1.0)
    assert speed(world, vehicle) > 28.0


def test_on_a_slope_it_rolls_unless_it_brakes() -> None:
    """10 % down towards -x: 0.98 m/s2 less rolling resistance and engine braking."""
    world = plain(slope=0.1)
    free, held = car(world), car(world, y=20.0)
    drive(world, free, manual=True, gear=0)
    drive(world, held, brake=1.0)
    world.step(0.05)
    where = place(held)
    steps(world, 2.0)
    assert place(held) == where
    assert world.fleet.speed[0] == pytest.approx(-2.0 * (0.0995 - 0.01) * 9.81, rel=0.1)
    x, _, z, pitch, _, roll = free.actor.pose
    assert z == pytest.approx(0.1 * x, abs=1e-3)
    assert pitch == pytest.approx(math.degrees(math.atan(0.1)), abs=1e-3)
    assert roll == pytest.approx(0.0, abs=1e-6)
    assert world.records.rows["velocity"][free.actor.row][2] < 0.0


def test_across_a_slope_it_leans() -> None:
    world = plain(slope=0.1)
    vehicle = car(world, yaw=90.0)
    world.step(0.05)
    assert vehicle.actor.pose[3] == pytest.approx(0.0, abs=1e-6)
    # Facing +y, the right side is towards -x, which is downhill: roll to the right is positive.
    assert vehicle.actor.pose[5] == pytest.approx(math.degrees(math.atan(0.1)), abs=1e-3)


def test_the_row_of_a_new_car_is_in_first_gear() -> None:
    world = plain()
    vehicle = car(world, CAR)
    detail = world.records.view(VEHICLE)[vehicle.actor.row]
    assert detail["gear"] == 1
    assert detail["failure_state"] == 0


@pytest.mark.parametrize("count", [1, 20])
def test_an_empty_second_changes_nothing(count: int) -> None:
    world = plain()
    vehicles = [car(world, y=5.0 * i) for i in range(count)]
    world.step(0.05)
    before = world.records.tobytes()
    steps(world, 1.0)
    assert world.records.tobytes() == before
    assert not world.events
    assert len(world.fleet.vehicles) == len(vehicles)
