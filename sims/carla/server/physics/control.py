"""What a client can read and set of a vehicle's physics (VehiclePhysicsControl)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sims.carla.server.arguments import WireError, flag, items, number, numbers, vector
from sims.carla.server.physics.engines import Curve, Gear
from sims.carla.server.physics.models import STEERING, VehicleModel

MOST_GEARS = 16
MOST = 1e9
"""Of any number; products of larger ones would pass what a float holds."""
MOST_POINTS = 256
"""Longest curve that is taken from a client."""


@dataclass(frozen=True)
class Wheel:
    """WheelPhysicsControl without the position, which follows from the vehicle."""

    tire_friction: float = 3.5
    damping_rate: float = 0.25
    """[N m s]"""
    max_steer_angle: float = 70.0
    """[deg] 0 on wheels that do not steer."""
    radius: float = 35.0
    """[cm]"""
    max_brake_torque: float = 1500.0
    """[N m]"""
    max_handbrake_torque: float = 3000.0
    """[N m]"""
    lat_stiff_max_load: float = 2.0
    lat_stiff_value: float = 17.0
    long_stiff_value: float = 1000.0


@dataclass(frozen=True)
class PhysicsControl:
    """VehiclePhysicsControl, in the order of the wire."""

    torque_curve: Curve
    max_rpm: float
    moi: float
    damping_rate_full_throttle: float
    damping_rate_zero_throttle_clutch_engaged: float
    damping_rate_zero_throttle_clutch_disengaged: float
    use_gear_autobox: bool
    gear_switch_time: float
    clutch_strength: float
    final_ratio: float
    forward_gears: tuple[Gear, ...]
    mass: float
    drag_coefficient: float
    center_of_mass: tuple[float, float, float]
    """[m] Ahead of the origin, to its right, above the centre of the box."""
    steering_curve: Curve
    wheels: tuple[Wheel, ...]
    """Front left, front right, rear left, rear right; or front, rear."""
    use_sweep_wheel_collision: bool = False


def default_control(model: VehicleModel) -> PhysicsControl:
    """What a vehicle has when it is spawned."""
    engine = model.engine
    saturation, value = model.stiffness
    front = Wheel(
        max_steer_angle=model.max_steer,
        radius=100.0 * model.radius,
        max_brake_torque=model.brake,
        max_handbrake_torque=0.0,
        lat_stiff_max_load=saturation,
        lat_stiff_value=value,
    )
    rear = replace(front, max_steer_angle=0.0, max_handbrake_torque=2.0 * model.brake)
    side = model.wheels // 2
    return PhysicsControl(
        engine.torque,
        engine.max_rpm,
        engine.inertia,
        *engine.damping,
        True,
        engine.switch_time,
        10.0,
        engine.final_ratio,
        engine.gears,
        model.mass,
        model.drag,
        (model.centre_of_mass[0], 0.0, model.centre_of_mass[1]),
        STEERING,
        (front,) * side + (rear,) * side,
    )


def control_to_wire(control: PhysicsControl, positions: list[list[float]]) -> list[Any]:
    """VehiclePhysicsControl.

    Args:
        control: what to send.
        positions: of the wheels, in the world [cm].
    """
    wheels = [[*vars(wheel).values(), place] for wheel, place in zip(control.wheels, positions, strict=True)]
    return [
        [list(point) for point in control.torque_curve],
        control.max_rpm,
        control.moi,
        control.damping_rate_full_throttle,
        control.damping_rate_zero_throttle_clutch_engaged,
        control.damping_rate_zero_throttle_clutch_disengaged,
        control.use_gear_autobox,
        control.gear_switch_time,
        control.clutch_strength,
        control.final_ratio,
        [[gear.ratio, gear.down_ratio, gear.up_ratio] for gear in control.forward_gears],
        control.mass,
        control.drag_coefficient,
        list(control.center_of_mass),
        [list(point) for point in control.steering_curve],
        wheels,
        control.use_sweep_wheel_collision,
    ]


def control_from_wire(sent: Any, wheels: int) -> PhysicsControl:
    """Read what a client sends.

    Args:
        sent: VehiclePhysicsControl.
        wheels: how many the vehicle has.

    Raises:
        WireError: it is no VehiclePhysicsControl.
            Or a number is one that no vehicle can have, or wheels or gears are missing.
    """
    parts = items(sent, 16)
    x, y, z = vector(parts[13])
    control = PhysicsControl(
        torque_curve=_curve(parts[0], "torque_curve"),
        max_rpm=number(parts[1]),
        moi=number(parts[2]),
        damping_rate_full_throttle=number(parts[3]),
        damping_rate_zero_throttle_clutch_engaged=number(parts[4]),
        damping_rate_zero_throttle_clutch_disengaged=number(parts[5]),
        use_gear_autobox=flag(parts[6]),
        gear_switch_time=number(parts[7]),
        clutch_strength=number(parts[8]),
        final_ratio=number(parts[9]),
        forward_gears=tuple(Gear(*numbers(gear, 3)) for gear in items(parts[10])[:MOST_GEARS]),
        mass=number(parts[11]),
        drag_coefficient=number(parts[12]),
        center_of_mass=(x, y, z),
        steering_curve=_curve(parts[14], "steering_curve"),
        wheels=tuple(Wheel(*numbers(wheel, 9)) for wheel in items(parts[15])[:wheels]),
        use_sweep_wheel_collision=len(parts) > 16 and flag(parts[16]),
    )
    _check(control, wheels)
    return control


def _curve(sent: Any, name: str) -> Curve:
    """Points (x, y), brought into the order of x."""
    points = [tuple(numbers(point, 2)) for point in items(sent)]
    if not 0 < len(points) <= MOST_POINTS:
        raise WireError(f"{name} has {len(points)} points: it must have 1 to {MOST_POINTS}")
    return tuple(sorted(points))  # type: ignore[return-value]


def _check(control: PhysicsControl, wheels: int) -> None:
    """Refuse what no vehicle can have; a NaN or a division by zero would spread to all others."""
    if len(control.wheels) != wheels:
        raise WireError(f"the vehicle has {wheels} wheels: {len(control.wheels)} were sent")
    if not control.forward_gears:
        raise WireError("forward_gears is empty: a vehicle has at least one forward gear")
    above_zero = {
        "mass": control.mass,
        "max_rpm": control.max_rpm,
        **{f"radius of wheel {i}": wheel.radius for i, wheel in enumerate(control.wheels)},
        **{f"lat_stiff_max_load of wheel {i}": w.lat_stiff_max_load for i, w in enumerate(control.wheels)},
        **{f"lat_stiff_value of wheel {i}": w.lat_stiff_value for i, w in enumerate(control.wheels)},
    }
    not_below = {
        "moi": control.moi,
        "drag_coefficient": control.drag_coefficient,
        "damping_rate_full_throttle": control.damping_rate_full_throttle,
        "damping_rate_zero_throttle_clutch_engaged": control.damping_rate_zero_throttle_clutch_engaged,
        "gear_switch_time": control.gear_switch_time,
        **{f"tire_friction of wheel {i}": wheel.tire_friction for i, wheel in enumerate(control.wheels)},
        **{f"damping_rate of wheel {i}": wheel.damping_rate for i, wheel in enumerate(control.wheels)},
        **{f"max_brake_torque of wheel {i}": w.max_brake_torque for i, w in enumerate(control.wheels)},
        **{
            f"max_handbrake_torque of wheel {i}": w.max_handbrake_torque for i, w in enumerate(control.wheels)
        },
    }
    for name, value in {**above_zero, **not_below}.items():
        if not 0.0 <= value <= MOST or (name in above_zero and value == 0.0):
            least = "above" if name in above_zero else "at least"
            raise WireError(f"{name} is {value}: it must be {least} 0 and at most {MOST:g}")
