"""An empty plain for tests of the physics, and what is done on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sims.carla.maps.ground import Ground
from sims.carla.maps.town import StaticBox
from sims.carla.server.actor import Actor, Attributes, Box, Description
from sims.carla.server.geometry import pose
from sims.carla.server.physics import commands
from sims.carla.server.physics.vehicle import Vehicle
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring

CAR = "vehicle.lincoln.mkz_2020"
DT = 0.05


def plain(*boxes: StaticBox, slope: float = 0.0) -> World:
    """A world without signals or houses; with a slope it rises so much [m/m] towards x."""
    ground = Ground(np.zeros(2), 1.0, np.zeros((1, 1), np.float32))
    if slope:
        ground = Ground(
            np.array([-500.0, -500.0]), 1000.0, np.array([[-500.0] * 2, [500.0] * 2], np.float32) * slope
        )
    return World(replace(ring(), boxes=boxes, signals=(), ground=ground))


def wall(x: float, y: float, length: float, width: float, label: int = 3) -> StaticBox:
    """A house with these half sizes, 4 m high."""
    return StaticBox(Box((x, y, 2.0), (length, width, 2.0)), label, 1)


def spawn(
    world: World,
    type_id: str = CAR,
    x: float = 0.0,
    y: float = 0.0,
    yaw: float = 0.0,
    attributes: Attributes = (),
) -> Actor:
    """An actor on the plain."""
    return world.spawn(Description(0, type_id, attributes), pose(x, y, 0.3, yaw))


def car(
    world: World, type_id: str = CAR, x: float = 0.0, y: float = 0.0, yaw: float = 0.0, speed: float = 0.0
) -> Vehicle:
    """A vehicle that drives straight ahead [m/s]."""
    vehicle = world.fleet.vehicle(spawn(world, type_id, x, y, yaw).id)
    commands.set_velocity(world.fleet, vehicle, speed * np.exp(1j * np.radians(yaw)))
    return vehicle


def drive(
    world: World, vehicle: Vehicle, throttle: float = 0.0, steer: float = 0.0, brake: float = 0.0, **more: Any
) -> None:
    """A VehicleControl."""
    pedals = (throttle, steer, brake, float(more.get("hand", False)))
    gear = more.get("gear", 0)
    commands.drive(world.fleet, vehicle, pedals, more.get("manual", False), gear, more.get("reverse", False))


def steps(world: World, seconds: float, dt: float = DT) -> None:
    """Let time pass."""
    for _ in range(round(seconds / dt)):
        world.step(dt)


def speed(world: World, vehicle: Vehicle) -> float:
    """[m/s] Of its centre of mass."""
    return float(abs(world.fleet.motion.velocity[world.fleet.index[vehicle.actor.id]]))


def place(vehicle: Vehicle) -> complex:
    """[m] Of its origin."""
    return complex(*vehicle.actor.pose[:2].tolist())
