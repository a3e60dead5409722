"""The example that fills a town with vehicles and walkers, in batches, and what else batches do."""

from __future__ import annotations

from typing import Any

import pytest

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla
SpawnActor, SetAutopilot, FutureActor = (
    carla.command.SpawnActor,
    carla.command.SetAutopilot,
    carla.command.FutureActor,
)


def test_vehicles_drive_and_go(client: Any, world: Any, traffic: Any) -> None:
    traffic.set_global_distance_to_leading_vehicle(2.5)
    traffic.set_hybrid_physics_mode(True)
    traffic.set_hybrid_physics_radius(70.0)
    traffic.set_respawn_dormant_vehicles(False)
    traffic.set_random_device_seed(7)
    cars = [
        b for b in world.get_blueprint_library().filter("vehicle.*") if b.get_attribute("base_type") == "car"
    ]
    batch = []
    for n, spot in enumerate(world.get_map().get_spawn_points()[:8]):
        blueprint = cars[n % len(cars)]
        blueprint.set_attribute("role_name", "hero" if n == 0 else "autopilot")
        batch.append(SpawnActor(blueprint, spot).then(SetAutopilot(FutureActor, True, traffic.get_port())))
    answers = client.apply_batch_sync(batch, True)
    ids = [answer.actor_id for answer in answers if not answer.error]
    assert len(ids) == 8
    everybody = world.get_actors(ids)
    for car in everybody:
        traffic.update_vehicle_lights(car, True)
    traffic.global_percentage_speed_difference(10.0)
    traffic.ignore_lights_percentage(everybody[0], 100.0)
    traffic.auto_lane_change(everybody[0], False)
    before = {car.id: car.get_location() for car in everybody}
    for _ in range(120):
        world.tick()
    moved = [car for car in everybody if car.get_location().distance(before[car.id]) > 3.0]
    assert len(moved) >= 4
    gone = client.apply_batch_sync([carla.command.DestroyActor(each) for each in ids], True)
    assert not any(answer.error for answer in gone)


def test_walkers_go_where_they_are_told(client: Any, world: Any) -> None:
    library = world.get_blueprint_library()
    blueprint = library.filter("walker.pedestrian.*")[0]
    if blueprint.has_attribute("is_invincible"):
        blueprint.set_attribute("is_invincible", "false")
    spot = world.get_map().get_spawn_points()[0]
    spot.location.z += 1.0
    (answer,) = client.apply_batch_sync([SpawnActor(blueprint, spot)], True)
    walker = world.get_actor(answer.actor_id)
    before = walker.get_location()
    walker.apply_control(carla.WalkerControl(spot.get_forward_vector(), 1.4, False))
    for _ in range(40):
        world.tick()
    assert walker.get_location().distance(before) == pytest.approx(2.8, abs=0.3)
    assert walker.get_control().speed == pytest.approx(1.4)
    commands = [
        carla.command.ApplyWalkerControl(walker.id, carla.WalkerControl(carla.Vector3D(1, 0, 0), 0.0, False)),
        carla.command.ApplyWalkerState(walker.id, spot, 0.0),
    ]
    assert not any(each.error for each in client.apply_batch_sync(commands, True))


def test_every_command_of_a_batch(client: Any, world: Any) -> None:
    library = world.get_blueprint_library()
    spot = world.get_map().get_spawn_points()[1]
    car = world.spawn_actor(library.find("vehicle.audi.tt"), spot)
    world.tick()
    push = carla.Vector3D(10.0, 0.0, 0.0)
    c = carla.command
    commands = [
        c.ApplyVehicleControl(car.id, carla.VehicleControl(throttle=0.5)),
        c.ApplyVehicleAckermannControl(car.id, carla.VehicleAckermannControl(speed=3.0)),
        c.ApplyVehiclePhysicsControl(car.id, car.get_physics_control()),
        c.ApplyTransform(car.id, spot),
        c.ApplyTargetVelocity(car.id, push),
        c.ApplyTargetAngularVelocity(car.id, carla.Vector3D(0, 0, 5.0)),
        c.ApplyImpulse(car.id, push),
        c.ApplyForce(car.id, push),
        c.ApplyAngularImpulse(car.id, push),
        c.ApplyTorque(car.id, push),
        c.SetSimulatePhysics(car.id, True),
        c.SetEnableGravity(car.id, True),
        c.SetVehicleLightState(car.id, carla.VehicleLightState.LowBeam),
        c.DestroyActor(car.id),
    ]
    answers = client.apply_batch_sync(commands, True)
    assert [answer.error for answer in answers] == [""] * len(commands)
    client.apply_batch([c.DestroyActor(car.id)])
    assert world.tick() > 0
