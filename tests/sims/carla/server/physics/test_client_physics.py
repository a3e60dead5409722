"""The real client drives, pushes and crashes cars and sends walkers about."""

import math
import time
from typing import Any

import numpy as np
import pytest

from tests.sims.carla.clients import synchronise

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla

MODEL3 = "vehicle.tesla.model3"


def _spawn(
    world: Any, type_id: str = MODEL3, x: float = 0.0, y: float = 0.0, yaw: float = 0.0, **attributes: str
) -> Any:
    """An actor inside the ring, where there is room for it."""
    blueprint = world.get_blueprint_library().find(type_id)
    for name, value in attributes.items():
        blueprint.set_attribute(name, value)
    place = carla.Transform(carla.Location(x=x, y=y, z=0.3), carla.Rotation(yaw=yaw))
    actor = world.spawn_actor(blueprint, place)
    world.tick()
    return actor


def _ticks(world: Any, count: int) -> None:
    for _ in range(count):
        world.tick()


def _speed(actor: Any) -> float:
    return actor.get_velocity().length()


def test_apply_control(world: Any) -> None:
    car = _spawn(world)
    car.apply_control(carla.VehicleControl(throttle=0.6, steer=-0.2))
    _ticks(world, 40)
    control = car.get_control()
    assert control.throttle == pytest.approx(0.6)
    assert control.steer == pytest.approx(-0.2)
    assert control.gear >= 1
    assert not control.reverse
    assert _speed(car) > 3.0
    assert car.get_angular_velocity().z < -1.0
    assert car.get_acceleration().length() > 0.5
    assert abs(car.get_location().z) < 1e-3
    car.apply_control(carla.VehicleControl(brake=1.0))
    _ticks(world, 60)
    assert _speed(car) == 0.0
    car.apply_control(carla.VehicleControl(throttle=0.5, reverse=True))
    _ticks(world, 40)
    assert car.get_control().reverse
    assert car.get_control().gear == -1
    forward = car.get_transform().get_forward_vector()
    assert forward.dot(car.get_velocity()) < -1.0
    car.apply_control(carla.VehicleControl(hand_brake=True))
    _ticks(world, 80)
    assert car.get_control().hand_brake
    assert _speed(car) == 0.0


def test_ackermann_control(world: Any) -> None:
    car = _spawn(world)
    settings = car.get_ackermann_controller_settings()
    assert settings.speed_kp == pytest.approx(0.15)
    settings.speed_kp = 0.2
    car.apply_ackermann_controller_settings(settings)
    assert car.get_ackermann_controller_settings().speed_kp == pytest.approx(0.2)
    car.apply_ackermann_control(carla.VehicleAckermannControl(steer=0.3, speed=4.0, acceleration=3.0))
    _ticks(world, 200)
    assert _speed(car) == pytest.approx(4.0, abs=0.4)
    assert car.get_wheel_steer_angle(carla.VehicleWheelLocation.FL_Wheel) == pytest.approx(
        math.degrees(0.3), abs=1.0
    )


def test_physics_control_changes_the_dynamics(world: Any) -> None:
    speeds = []
    for mass in (1845.0, 6000.0):
        car = _spawn(world)
        control = car.get_physics_control()
        assert control.mass == pytest.approx(1845.0)
        assert control.max_rpm == 15000
        assert [round(wheel.max_steer_angle) for wheel in control.wheels] == [70, 70, 0, 0]
        front = control.wheels[0].position
        assert front.x / 100.0 == pytest.approx(car.get_location().x + 1.499, abs=0.05)
        control.mass = mass
        car.apply_physics_control(control)
        assert car.get_physics_control().mass == pytest.approx(mass)
        car.apply_control(carla.VehicleControl(throttle=1.0))
        _ticks(world, 30)
        speeds.append(_speed(car))
        car.destroy()
        world.tick()
    assert speeds[1] < 0.5 * speeds[0]


def test_velocities_that_a_client_sets(world: Any) -> None:
    car = _spawn(world, yaw=90.0)
    car.set_target_velocity(carla.Vector3D(y=10.0))
    world.tick()
    assert car.get_velocity().y == pytest.approx(10.0, abs=0.3)
    car.set_target_velocity(carla.Vector3D())
    car.set_target_angular_velocity(carla.Vector3D(z=40.0))
    world.tick()
    assert car.get_transform().rotation.yaw > 90.5
    car.enable_constant_velocity(carla.Vector3D(x=5.0))
    _ticks(world, 20)
    assert _speed(car) == pytest.approx(5.0, abs=1e-3)
    car.disable_constant_velocity()
    car.apply_control(carla.VehicleControl(brake=1.0))
    _ticks(world, 40)
    assert _speed(car) == 0.0


def test_impulses_and_forces(world: Any) -> None:
    car = _spawn(world)
    car.add_impulse(carla.Vector3D(x=1845.0 * 4.0))
    world.tick()
    assert car.get_velocity().x == pytest.approx(4.0, abs=0.3)
    car.set_target_velocity(carla.Vector3D())
    world.tick()
    car.add_force(carla.Vector3D(x=1845.0 * 20.0))
    world.tick()
    assert car.get_velocity().x == pytest.approx(1.0, abs=0.15)
    before = car.get_transform().rotation.yaw
    car.add_angular_impulse(carla.Vector3D(z=2e6))
    _ticks(world, 3)
    assert car.get_transform().rotation.yaw > before + 1.0


def test_telemetry(world: Any) -> None:
    car = _spawn(world)
    car.apply_control(carla.VehicleControl(throttle=0.5, steer=0.1))
    _ticks(world, 40)
    data = car.get_telemetry_data()
    assert data.speed == pytest.approx(_speed(car), rel=0.05)
    assert data.throttle == pytest.approx(0.5)
    assert data.engine_rpm > 100.0
    assert len(data.wheels) == 4
    assert sum(wheel.tire_load for wheel in data.wheels) == pytest.approx(1845 * 9.81, rel=1e-3)


def test_doors_lights_and_wheels(world: Any) -> None:
    car = _spawn(world)
    car.open_door(carla.VehicleDoor.All)
    car.close_door(carla.VehicleDoor.FL)
    state = carla.VehicleLightState(carla.VehicleLightState.Position | carla.VehicleLightState.LowBeam)
    car.set_light_state(state)
    world.tick()
    assert car.get_light_state() == state
    assert world.get_vehicles_light_states()[car.id] == state
    car.set_wheel_steer_direction(carla.VehicleWheelLocation.FR_Wheel, 12.0)
    assert car.get_wheel_steer_angle(carla.VehicleWheelLocation.FR_Wheel) == pytest.approx(12.0)
    assert car.get_wheel_steer_angle(carla.VehicleWheelLocation.BL_Wheel) == 0.0
    assert car.get_failure_state() == carla.VehicleFailureState.NONE
    car.show_debug_telemetry(True)
    world.tick()


def test_there_is_no_room_where_a_car_stands(world: Any) -> None:
    car = _spawn(world)
    blueprint = world.get_blueprint_library().find("vehicle.audi.tt")
    place = carla.Transform(car.get_location() + carla.Location(x=1.0, z=0.3))
    assert world.try_spawn_actor(blueprint, place) is None
    with pytest.raises(RuntimeError, match="Spawn failed because of collision at spawn position"):
        world.spawn_actor(blueprint, place)
    car.destroy()
    assert world.try_spawn_actor(blueprint, place) is not None


def test_simulate_physics_off_and_on(world: Any) -> None:
    car = _spawn(world)
    car.set_simulate_physics(False)
    car.apply_control(carla.VehicleControl(throttle=1.0))
    _ticks(world, 10)
    assert car.get_location().distance(carla.Location()) < 0.01
    car.set_transform(carla.Transform(carla.Location(x=0.5)))
    world.tick()
    assert car.get_velocity().x == pytest.approx(10.0, rel=0.01)
    car.set_simulate_physics(True)
    _ticks(world, 20)
    assert _speed(car) > 1.0


def test_a_crash_is_told_to_both(world: Any) -> None:
    behind, ahead = _spawn(world, x=-15.0), _spawn(world, "vehicle.nissan.micra", x=5.0)
    blueprint = world.get_blueprint_library().find("sensor.other.collision")
    events: list[Any] = []
    sensors = [world.spawn_actor(blueprint, carla.Transform(), attach_to=car) for car in (behind, ahead)]
    for sensor in sensors:
        sensor.listen(events.append)
    world.tick()
    behind.set_target_velocity(carla.Vector3D(x=12.0))
    deadline = time.monotonic() + 20.0
    while len({event.actor.id for event in events}) < 2 and time.monotonic() < deadline:
        world.tick()
    by_actor = {event.actor.id: event for event in events}
    assert by_actor[behind.id].other_actor.id == ahead.id
    assert by_actor[ahead.id].other_actor.id == behind.id
    assert by_actor[behind.id].normal_impulse.x < -1e3
    assert _speed(ahead) > 1.0
    for sensor in sensors:
        sensor.destroy()


def test_a_walker_walks_and_jumps(world: Any) -> None:
    walker = _spawn(world, "walker.pedestrian.0001")
    walker.apply_control(carla.WalkerControl(carla.Vector3D(y=1.0), 1.5, False))
    _ticks(world, 20)
    assert walker.get_location().y == pytest.approx(1.5, abs=0.1)
    assert walker.get_velocity().y == pytest.approx(1.5)
    assert walker.get_transform().rotation.yaw == pytest.approx(90.0)
    assert walker.get_control().speed == pytest.approx(1.5)
    walker.apply_control(carla.WalkerControl(carla.Vector3D(y=1.0), 0.0, True))
    _ticks(world, 4)
    assert walker.get_location().z > 1.2
    _ticks(world, 20)
    assert walker.get_location().z == pytest.approx(0.93, abs=0.01)


def test_an_icy_patch(world: Any) -> None:
    _spawn(world, "static.trigger.friction", friction="0.2", extent_x="20.0", extent_y="20.0", extent_z="2.0")
    car = _spawn(world)
    car.apply_control(carla.VehicleControl(throttle=1.0))
    _ticks(world, 40)
    assert _speed(car) < 0.06 * 9.81 * 2.0


def test_the_same_run_again_bit_for_bit(client: Any) -> None:
    """Two episodes with the same commands; every pose is equal."""
    runs = []
    for _ in range(2):
        client.reload_world()
        world = synchronise(client.get_world())
        cars = [_spawn(world, x=-20.0 + 8.0 * i, yaw=17.0 * i) for i in range(5)]
        poses = []
        for k in range(60):
            for i, car in enumerate(cars):
                car.apply_control(carla.VehicleControl(throttle=0.6, steer=0.5 * math.sin(k * 0.2 + i)))
            world.tick()
            poses.append([car.get_transform().get_matrix() for car in cars])
        runs.append(np.array(poses))
    assert np.array_equal(runs[0], runs[1])
