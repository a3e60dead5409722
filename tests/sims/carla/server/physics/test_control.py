"""VehiclePhysicsControl on the wire, and what it changes."""

import copy
from typing import Any

import pytest

from sims.carla.server.arguments import WireError
from sims.carla.server.physics import commands
from sims.carla.server.physics.control import control_from_wire, control_to_wire, default_control
from sims.carla.server.physics.models import MODELS
from sims.carla.server.physics.telemetry import telemetry
from tests.sims.carla.server.physics.stage import CAR, car, drive, plain, speed, steps

MASS, WHEELS, CURVE, GEARS = 11, 15, 0, 10


def _wire() -> list[Any]:
    world = plain()
    return commands.physics_to_wire(world.fleet, car(world))


@pytest.mark.parametrize("type_id", MODELS)
def test_there_and_back(type_id: str) -> None:
    control = default_control(MODELS[type_id])
    wheels = len(control.wheels)
    assert control_from_wire(control_to_wire(control, [[0.0] * 3] * wheels), wheels) == control


def test_wheels_are_told_where_they_are() -> None:
    """Centimetres in the world: front axle 1.478 m ahead, track 1.6 times the half width."""
    world = plain()
    vehicle = car(world, x=10.0, y=5.0, yaw=90.0)
    world.step(0.05)
    wire = commands.physics_to_wire(world.fleet, vehicle)
    half = 0.8 * 0.918
    assert wire[WHEELS][0][9] == pytest.approx([1000 + 100 * half, 500 + 147.8, 35.5])
    assert wire[WHEELS][3][9] == pytest.approx([1000 - 100 * half, 500 - 137.2, 35.5])
    assert [wheel[2] for wheel in wire[WHEELS]] == [70.0, 70.0, 0.0, 0.0]


def test_a_heavier_car_is_slower_and_better_tyres_brake_sooner() -> None:
    speeds = []
    for mass in (1696.0, 4000.0):
        world = plain()
        vehicle = car(world)
        wire = commands.physics_to_wire(world.fleet, vehicle)
        wire[MASS] = mass
        commands.change_physics(world.fleet, vehicle, wire)
        assert commands.physics_to_wire(world.fleet, vehicle)[MASS] == mass
        drive(world, vehicle, throttle=1.0)
        steps(world, 4.0)
        speeds.append(speed(world, vehicle))
    assert speeds[1] < 0.7 * speeds[0]


def test_a_moved_centre_of_mass_leaves_the_car_where_it_is() -> None:
    world = plain()
    vehicle = car(world, x=3.0, yaw=30.0)
    world.step(0.05)
    before = vehicle.actor.pose.copy()
    wire = commands.physics_to_wire(world.fleet, vehicle)
    wire[13] = [0.1, 0.0, -0.4]
    commands.change_physics(world.fleet, vehicle, wire)
    world.step(0.05)
    assert vehicle.actor.pose == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda wire: wire.__setitem__(MASS, 0.0), "mass is 0.0: it must be above 0"),
        (lambda wire: wire.__setitem__(MASS, float("nan")), "finite"),
        (lambda wire: wire.__setitem__(CURVE, []), "torque_curve has 0 points"),
        (lambda wire: wire.__setitem__(GEARS, []), "at least one forward gear"),
        (lambda wire: wire[WHEELS].pop(), "has 4 wheels: 3 were sent"),
        (lambda wire: wire[WHEELS][1].__setitem__(3, -3.0), "radius of wheel 1"),
        (lambda wire: wire[WHEELS][2].__setitem__(0, 1e10), "tire_friction of wheel 2"),
    ],
)
def test_what_no_car_can_have_is_refused_and_nothing_changes(change: Any, words: str) -> None:
    world = plain()
    vehicle = car(world)
    wire = commands.physics_to_wire(world.fleet, vehicle)
    broken = copy.deepcopy(wire)
    change(broken)
    with pytest.raises(WireError, match=words):
        commands.change_physics(world.fleet, vehicle, broken)
    assert commands.physics_to_wire(world.fleet, vehicle) == wire


def test_telemetry_has_the_forces_of_the_model() -> None:
    """Loads add up to the weight; in a bend both axles push towards its middle, v^2 / R in all."""
    world = plain()
    vehicle = car(world, speed=12.0)
    drive(world, vehicle, throttle=0.3, steer=0.1)
    steps(world, 2.0)
    ahead, steer, throttle, brake, rpm, gear, drag, wheels = telemetry(world.fleet, vehicle)
    assert ahead == pytest.approx(speed(world, vehicle), rel=0.01)
    assert (steer, throttle, brake) == pytest.approx((0.1, 0.3, 0.0))
    assert gear == vehicle.gear
    assert rpm == pytest.approx(ahead / 0.355 * vehicle.ratio() * 9.549, rel=0.01)
    assert drag > 0.0
    assert sum(wheel[4] for wheel in wheels) == pytest.approx(1696 * 9.81)
    sideways = sum(wheel[8] for wheel in wheels)
    rate = float(world.fleet.motion.yaw_rate[0])
    assert sideways == pytest.approx(1696 * speed(world, vehicle) * rate, rel=0.1)
    assert [len(wheel) for wheel in wheels] == [11] * 4
    assert len(_wire()) == 17
    assert CAR in MODELS
