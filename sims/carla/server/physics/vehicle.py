"""One vehicle beside its columns in the fleet's arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from sims.carla.server.actor import Actor
from sims.carla.server.physics.ackermann import Ackermann
from sims.carla.server.physics.control import PhysicsControl
from sims.carla.server.physics.curves import KNOTS
from sims.carla.server.physics.engines import Curve
from sims.carla.server.physics.models import VehicleModel
from sims.carla.server.physics.tyres import GRAVITY, SURFACE

RPM = 60.0 / (2.0 * math.pi)
"""[rpm] A radian a second."""
AIR = 1.25
"""[kg/m3] As Unreal has it."""
FRONTAL = 0.85
"""Frontal area in shares of the box's."""
WHEEL_MASS = 20.0
"""[kg] PhysX's."""
ROLLING = 0.01
"""Rolling resistance in shares of the weight; that of a car tyre on asphalt, which brings a car to rest."""
SLIPPERY = 1e-3
"""Least friction coefficient, so that nothing divides by zero."""


@dataclass
class Vehicle:
    """What is rarely looked at; see `parameters` for what each step needs."""

    actor: Actor
    model: VehicleModel
    control: PhysicsControl
    friction: float | None = None
    """Tyre friction of the trigger that it stands in."""
    pedals: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Throttle, steering, brake and hand brake that are asked for."""
    manual: bool = False
    """Whether the client shifts."""
    gear: int = 1
    """-1 reverse, 0 neutral."""
    shifting: bool = False
    lights: int = 0
    """VehicleLightState."""
    doors: set[int] = field(default_factory=set)
    """Open ones."""
    pitch: dict[int, float] = field(default_factory=dict)
    """Wheel -> angle that a client turned it to for show [deg]."""
    steer: dict[int, float] = field(default_factory=dict)
    """Wheel -> the same for its steering angle [deg]."""
    ackermann: Ackermann = field(default_factory=Ackermann)
    steered: bool = False
    """Whether the Ackermann controller drives it."""
    constant: tuple[float, float, float] | None = None
    """[m/s] Velocity in its own frame that a client holds it at."""

    def ratio(self) -> float:
        """Engine turns a wheel turn in the present gear; negative in reverse."""
        if self.shifting or self.gear == 0:
            return 0.0
        gears = self.control.forward_gears
        if self.gear < 0:
            return -gears[0].ratio * self.control.final_ratio
        return gears[min(self.gear, len(gears)) - 1].ratio * self.control.final_ratio


def centre_of_mass(vehicle: Vehicle) -> float:
    """[m] Ahead of the origin, kept between the axles."""
    model = vehicle.model
    rear = model.front_axle - model.wheelbase
    inset = 0.1 * model.wheelbase
    return min(max(vehicle.control.center_of_mass[0], rear + inset), model.front_axle - inset)


def axles(vehicle: Vehicle) -> tuple[float, float]:
    """[m] Front and rear axle, ahead of the centre of mass."""
    front = vehicle.model.front_axle - centre_of_mass(vehicle)
    return front, front - vehicle.model.wheelbase


def parameters(vehicle: Vehicle) -> dict[str, float]:
    """What the fleet's arrays hold of a vehicle; see `store.PARAMETERS`.

    Grip is friction coefficient times load. The loads follow from moments about the contact points: F_front
    L = m g l_rear - m a h, and F_rear L = m g l_front + m a h. The yaw inertia is m l_front l_rear (see
    `bicycle`).
    """
    model, control, wheels = vehicle.model, vehicle.control, vehicle.control.wheels
    front, rear = axles(vehicle)
    mass, wheelbase, side = control.mass, front - rear, len(wheels) / 2.0
    height = max(model.box.location[2] + control.center_of_mass[2], 0.1)
    friction = sum(wheel.tire_friction for wheel in wheels) / len(wheels)
    grip = max(SURFACE * (friction if vehicle.friction is None else vehicle.friction), SLIPPERY)
    rest = mass * GRAVITY / len(wheels)
    inertia = -mass * front * rear
    return {
        "static_front": grip * mass * GRAVITY * -rear / wheelbase,
        "static_rear": grip * mass * GRAVITY * front / wheelbase,
        "transfer_front": -grip * mass * height / wheelbase,
        "transfer_rear": grip * mass * height / wheelbase,
        "leverage_front": mass * front**2 / inertia,
        "leverage_rear": mass * rear**2 / inertia,
        "twist_front": front / inertia,
        "twist_rear": rear / inertia,
        "bend": 3.0 / (rest * wheels[0].lat_stiff_max_load * side * grip),
        "crest": wheels[0].lat_stiff_value * rest * side,
        "most": grip * mass * GRAVITY,
        "mass": mass,
        "inertia": inertia,
        "centre": centre_of_mass(vehicle),
        "radius": radius_of(vehicle),
        "brakes": sum(wheel.max_brake_torque for wheel in wheels) / radius_of(vehicle),
        "hand_brake": sum(wheel.max_handbrake_torque for wheel in wheels) / radius_of(vehicle),
        "lock": math.radians(max(wheel.max_steer_angle for wheel in wheels)),
    }


def geared(vehicle: Vehicle) -> dict[str, float]:
    """What follows from the vehicle's gear; see `store.GEARED`.

    The engine's inertia and losses are felt at the wheels times the square of ratio by radius. The brakes
    need not stop the engine: its clutch slips.
    """
    model, control, radius = vehicle.model, vehicle.control, radius_of(vehicle)
    wheels, gearing = control.wheels, vehicle.ratio() / radius
    bare = control.mass + 0.5 * WHEEL_MASS * len(wheels)
    moved = bare + control.moi * gearing**2
    zero, full = control.damping_rate_zero_throttle_clutch_engaged, control.damping_rate_full_throttle
    area = 4.0 * model.box.extent[1] * model.box.extent[2] * FRONTAL
    return {
        "rpm": abs(gearing) * RPM,
        "kilometres": 3.6,
        "gearing": gearing,
        "lightness": 1.0 / moved,
        "bare": 1.0 / bare,
        "lost": (zero * gearing**2 + sum(wheel.damping_rate for wheel in wheels) / radius**2) / moved,
        "lost_throttle": (full - zero) * gearing**2 / moved,
        "air": 0.5 * AIR * control.drag_coefficient * area / moved,
        "rolling": ROLLING * control.mass * GRAVITY / bare,
    }


def torque_curve(vehicle: Vehicle) -> Curve:
    """Engine speed [rpm] -> torque [N m], with the fuel cut at the highest speed."""
    control = vehicle.control
    below = [point for point in control.torque_curve if point[0] < control.max_rpm]
    x, y = zip(*control.torque_curve, strict=True)
    if len(below) > KNOTS - 2:
        even = np.linspace(below[0][0], control.max_rpm, KNOTS - 1)[:-1]
        below = list(zip(even.tolist(), np.interp(even, x, y).tolist(), strict=True))
    last = float(np.interp(control.max_rpm, x, y))
    return (*below, (control.max_rpm, last), (1.01 * control.max_rpm, 0.0))


def radius_of(vehicle: Vehicle) -> float:
    """[m] Of its wheels, on average."""
    wheels = vehicle.control.wheels
    return sum(wheel.radius for wheel in wheels) / len(wheels) / 100.0
