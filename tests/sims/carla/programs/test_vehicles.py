"""The documentation's pages on vehicle physics, the Ackermann controller, lights and doors."""

from __future__ import annotations

from typing import Any

import pytest

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla


def test_physics_control(world: Any, car: Any) -> None:
    physics = car.get_physics_control()
    physics.mass = 2500.0
    physics.max_rpm = 4000.0
    physics.torque_curve = [carla.Vector2D(0, 300), carla.Vector2D(4000, 300)]
    physics.steering_curve = [carla.Vector2D(0, 1), carla.Vector2D(100, 0.8)]
    wheels = physics.wheels
    for wheel in wheels:
        wheel.tire_friction, wheel.max_steer_angle = 2.0, 45.0
    physics.wheels = wheels
    car.apply_physics_control(physics)
    world.tick()
    again = car.get_physics_control()
    assert (again.mass, again.max_rpm, again.wheels[0].tire_friction) == (2500.0, 4000.0, 2.0)
    assert len(again.forward_gears) > 3


def test_ackermann(world: Any, car: Any) -> None:
    settings = car.get_ackermann_controller_settings()
    settings.speed_kp = 0.2
    car.apply_ackermann_controller_settings(settings)
    assert car.get_ackermann_controller_settings().speed_kp == pytest.approx(0.2)
    car.apply_ackermann_control(carla.VehicleAckermannControl(steer=0.0, speed=4.0, acceleration=3.0))
    for _ in range(160):
        world.tick()
    assert car.get_velocity().length() == pytest.approx(4.0, abs=0.6)


def test_gears_and_reverse(world: Any, car: Any) -> None:
    car.apply_control(carla.VehicleControl(throttle=0.5, reverse=True))
    for _ in range(40):
        world.tick()
    forward = car.get_transform().get_forward_vector()
    assert car.get_velocity().dot(forward) < -0.5
    assert car.get_control().gear == -1
    car.apply_control(carla.VehicleControl(throttle=0.5, manual_gear_shift=True, gear=1))
    world.tick()
    assert car.get_control().manual_gear_shift


def test_velocities_and_forces(world: Any, car: Any) -> None:
    car.enable_constant_velocity(carla.Vector3D(6.0, 0, 0))
    for _ in range(10):
        world.tick()
    assert car.get_velocity().length() == pytest.approx(6.0, abs=0.1)
    car.disable_constant_velocity()
    car.set_target_velocity(carla.Vector3D())
    car.set_target_angular_velocity(carla.Vector3D())
    car.add_impulse(carla.Vector3D(0, 0, 0))
    car.add_force(carla.Vector3D(0, 0, 0))
    car.add_angular_impulse(carla.Vector3D(0, 0, 0))
    car.add_torque(carla.Vector3D(0, 0, 0))
    car.set_enable_gravity(True)
    car.set_collisions(True)
    world.tick()
    assert car.get_velocity().length() < 1.0


def test_lights_doors_and_wheels(world: Any, car: Any) -> None:
    wanted = carla.VehicleLightState.Position | carla.VehicleLightState.LeftBlinker
    car.set_light_state(carla.VehicleLightState(wanted))
    world.tick()
    assert car.get_light_state() == wanted
    assert world.get_vehicles_light_states()[car.id] == wanted
    car.open_door(carla.VehicleDoor.All)
    car.close_door(carla.VehicleDoor.All)
    car.set_wheel_steer_direction(carla.VehicleWheelLocation.FL_Wheel, 10.0)
    world.tick()
    assert isinstance(car.get_wheel_steer_angle(carla.VehicleWheelLocation.FR_Wheel), float)
    car.show_debug_telemetry(False)
    assert car.get_telemetry_data().speed >= 0.0
    assert car.get_failure_state() == getattr(carla.VehicleFailureState, "NONE", car.get_failure_state())


def test_a_car_drives_on_with_its_own_physics(world: Any, car: Any) -> None:
    car.restore_physx_physics()
    car.apply_control(carla.VehicleControl(throttle=0.6))
    for _ in range(30):
        world.tick()
    assert car.get_velocity().length() > 1.0
