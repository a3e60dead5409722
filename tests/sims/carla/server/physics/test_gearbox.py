"""Gears."""

from sims.carla.server.records import VEHICLE
from tests.sims.carla.server.physics.stage import CAR, car, drive, plain, speed, steps


def test_it_shifts_up_through_all_gears_and_down_again() -> None:
    world = plain()
    vehicle = car(world, CAR)
    drive(world, vehicle, throttle=1.0)
    seen = []
    for _ in range(1000):
        world.step(0.05)
        if not seen or seen[-1] != vehicle.gear:
            seen.append(vehicle.gear)
    assert seen == [1, 2, 3, 4, 5, 6]
    drive(world, vehicle, brake=0.4)
    steps(world, 25.0)
    assert vehicle.gear == 1


def test_it_shifts_after_as_many_steps_whatever_the_time() -> None:
    """The switch time is five steps of 0.1 s; sums of floats would make it six at some times."""
    runs = []
    for before in (0.0, 0.0503376759952, 0.0508188509993, 5.3, 13.4502637760001):
        world = plain()
        world.step(before)
        vehicle = car(world, CAR)
        drive(world, vehicle, throttle=1.0)
        speeds = []
        for _ in range(120):
            world.step(0.1)
            speeds.append(speed(world, vehicle))
        runs.append(speeds)
    assert all(run == runs[0] for run in runs)


def test_no_drive_while_the_gear_changes() -> None:
    world = plain()
    vehicle = car(world, CAR, speed=30.0)
    drive(world, vehicle, throttle=1.0)
    while not vehicle.shifting:
        world.step(0.05)
    before = speed(world, vehicle)
    world.step(0.05)
    assert speed(world, vehicle) < before


def test_reverse_goes_backwards() -> None:
    world = plain()
    vehicle = car(world, CAR)
    drive(world, vehicle, throttle=0.5, reverse=True)
    steps(world, 2.0)
    assert vehicle.gear == -1
    assert vehicle.actor.pose[0] < -1.0
    drive(world, vehicle, throttle=0.5)
    steps(world, 4.0)
    assert vehicle.gear > 0
    assert world.fleet.speed[0] > 1.0


def test_manual_gears_stay() -> None:
    world = plain()
    vehicle = car(world, CAR)
    drive(world, vehicle, throttle=1.0, manual=True, gear=1)
    steps(world, 20.0)
    assert vehicle.gear == 1
    held = speed(world, vehicle)
    drive(world, vehicle, throttle=1.0, manual=True, gear=3)
    steps(world, 10.0)
    assert vehicle.gear == 3
    assert speed(world, vehicle) > held + 5.0


def test_neutral_does_not_drive() -> None:
    world = plain()
    vehicle = car(world, CAR)
    drive(world, vehicle, throttle=1.0, manual=True, gear=0)
    steps(world, 3.0)
    assert speed(world, vehicle) == 0.0


def test_the_row_tells_the_gear() -> None:
    world = plain()
    vehicle = car(world, CAR)
    assert world.records.view(VEHICLE)["gear"][vehicle.actor.row] == 1
    drive(world, vehicle, throttle=1.0)
    steps(world, 8.0)
    assert world.records.view(VEHICLE)["gear"][vehicle.actor.row] == vehicle.gear > 1
