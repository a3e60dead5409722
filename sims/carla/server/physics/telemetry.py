"""What get_telemetry_data tells of a vehicle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sims.carla.server.physics.commands import steer_of
from sims.carla.server.physics.forces import axle_grip
from sims.carla.server.physics.tyres import GRAVITY, cornering_stiffness

if TYPE_CHECKING:
    from sims.carla.server.physics.fleet import Fleet
    from sims.carla.server.physics.vehicle import Vehicle


def telemetry(fleet: Fleet, vehicle: Vehicle) -> list[Any]:
    """VehicleTelemetryData of one vehicle as of the last step.

    The model has one wheel an axle, so the wheels of an axle tell the same, but for the friction and
    stiffness that each is given; each takes its share of the axle's forces.

    Args:
        fleet: all vehicles.
        vehicle: which.
    """
    store, index = fleet.store, fleet.index[vehicle.actor.id]
    body = complex(fleet.motion.velocity[index] * np.exp(-1j * fleet.motion.yaw[index]))
    speed, steer = body.real, steer_of(fleet, vehicle)
    throttle, steering, brake, _ = store.pedals[:, index].tolist()
    rpm = abs(speed) * float(store.rates[0, index])
    drag = float(store.air[index] / store.lightness[index]) * speed * speed
    side, grip = len(vehicle.control.wheels) // 2, axle_grip(store)
    stiffness = cornering_stiffness(grip, store.bend, store.crest)[:, index].tolist()
    friction = float(store.most[index] / store.mass[index]) / GRAVITY
    push = float(store.acceleration[index] * store.mass[index]) / (2.0 * side)
    wheels = []
    for k, wheel in enumerate(vehicle.control.wheels):
        axle = 0 if k < side else 1
        holds = float(grip[axle, index]) / side
        load = holds / friction
        lateral, slip = _lateral(fleet, index, axle, steer if axle == 0 else 0.0, stiffness[axle])
        torque = push * wheel.radius / 100.0
        wheels.append(
            [
                wheel.tire_friction if vehicle.friction is None else vehicle.friction,
                slip,
                push / max(wheel.long_stiff_value * load, 1.0),
                speed * 100.0 / wheel.radius,
                load,
                load / (vehicle.control.mass * GRAVITY / (2.0 * side)),
                torque,
                push,
                lateral / side,
                push / holds,
                lateral / side / holds,
            ]
        )
    return [speed, steering, throttle, brake, rpm, vehicle.gear, drag, wheels]


def _lateral(fleet: Fleet, index: int, axle: int, steer: float, stiffness: float) -> tuple[float, float]:
    """Lateral force of an axle [N] and its slip angle [rad]."""
    motion, store = fleet.motion, fleet.store
    yaw = motion.yaw[index] - motion.yaw_rate[index] * fleet.half
    body = complex(motion.velocity[index] * np.exp(-1j * yaw))
    wheel = (body + complex(store.arms[axle, index]) * float(motion.yaw_rate[index])) * np.exp(-1j * steer)
    slip = math.atan2(wheel.imag, abs(wheel.real)) if abs(wheel) > 0.1 else 0.0
    grip = float(axle_grip(store)[axle, index])
    return -grip * math.tanh(stiffness * math.tan(slip) / grip), slip
