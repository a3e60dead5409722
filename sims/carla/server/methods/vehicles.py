"""Vehicles: control, physics, lights, doors and wheels; and what moves any actor by force."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sims.carla.server.actor import Actor
from sims.carla.server.arguments import flag, items, number, numbers, vector, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.registry import rpc
from sims.carla.server.physics import commands
from sims.carla.server.physics.telemetry import telemetry

if TYPE_CHECKING:
    from sims.carla.server.physics.vehicle import Vehicle
    from sims.carla.server.server import Server

WHEEL_PLACES = 4
DOORS = range(6)
ALL_DOORS = 6


@rpc("apply_control_to_vehicle", "void")
def apply_control(server: Server, actor_id: Any, control: Any) -> None:
    """Pedals, steering and gear (VehicleControl)."""
    fleet = server.world.fleet
    vehicle = fleet.vehicle(whole(actor_id)) or find(server, actor_id)
    throttle, steer, brake, hand, reverse, manual, gear = items(control, 7)[:7]
    if not _in_order(throttle, steer, brake):
        throttle, brake = _share(number(throttle)), _share(number(brake))
        steer = min(max(number(steer), -1.0), 1.0)
    if not type(hand) is type(reverse) is type(manual) is bool or type(gear) is not int:
        hand, reverse, manual, gear = flag(hand), flag(reverse), flag(manual), whole(gear)
    commands.drive(fleet, vehicle, (throttle, steer, brake, 1.0 if hand else 0.0), manual, gear, reverse)
    fleet.tell(vehicle, throttle, steer, brake, hand, vehicle.gear < 0, manual, vehicle.gear)


@rpc("apply_ackermann_control_to_vehicle", "void")
def apply_ackermann(server: Server, actor_id: Any, control: Any) -> None:
    """Steering angle and speed (VehicleAckermannControl), until the next apply_control."""
    vehicle = find(server, actor_id)
    commands.aim(server.world.fleet, vehicle, numbers(control, 5))


@rpc("get_ackermann_controller_settings")
def ackermann_settings(server: Server, actor_id: Any) -> list[float]:
    """Gains of the controller behind it."""
    return list(vars(find(server, actor_id).ackermann.gains).values())


@rpc("apply_ackermann_controller_settings", "void")
def apply_ackermann_settings(server: Server, actor_id: Any, settings: Any) -> None:
    """Set these gains (AckermannControllerSettings)."""
    vehicle = find(server, actor_id)
    vehicle.ackermann.gains = type(vehicle.ackermann.gains)(*numbers(settings, 6))


@rpc("get_physics_control")
def physics_control(server: Server, actor_id: Any) -> list[Any]:
    """Engine, gears, mass, tyres (VehiclePhysicsControl)."""
    return commands.physics_to_wire(server.world.fleet, find(server, actor_id))


@rpc("apply_physics_control", "void")
def apply_physics_control(server: Server, actor_id: Any, control: Any) -> None:
    """Change them."""
    commands.change_physics(server.world.fleet, find(server, actor_id), control)


@rpc("get_vehicle_light_state")
def light_state(server: Server, actor_id: Any) -> list[int]:
    """Which lights are on (VehicleLightState)."""
    return [find(server, actor_id).lights]


@rpc("set_vehicle_light_state", "void")
def set_light_state(server: Server, actor_id: Any, state: Any) -> None:
    """Switch lights."""
    find(server, actor_id).lights = whole(items(state, 1)[0]) & 0xFFFFFFFF


@rpc("get_vehicle_light_states")
def light_states(server: Server) -> list[list[int]]:
    """Of all vehicles."""
    return [[vehicle.actor.id, vehicle.lights] for vehicle in server.world.fleet.vehicles]


@rpc("get_telemetry_data")
def telemetry_data(server: Server, actor_id: Any) -> list[Any]:
    """What engine and tyres do (VehicleTelemetryData)."""
    return telemetry(server.world.fleet, find(server, actor_id))


@rpc("show_vehicle_debug_telemetry", "void", "default")
def show_telemetry(server: Server, actor_id: Any, shown: Any) -> None:
    """There is no window to show it in; the vehicle must be there."""
    find(server, actor_id)
    flag(shown)


@rpc("open_vehicle_door", "void")
def open_door(server: Server, actor_id: Any, door: Any) -> None:
    """Open a door, or all."""
    find(server, actor_id).doors |= _doors(door)


@rpc("close_vehicle_door", "void")
def close_door(server: Server, actor_id: Any, door: Any) -> None:
    """Close a door, or all."""
    find(server, actor_id).doors -= _doors(door)


@rpc("set_wheel_steer_direction", "void")
def set_wheel_steer(server: Server, actor_id: Any, wheel: Any, angle: Any) -> None:
    """Turn a wheel for show; the vehicle drives as before."""
    find(server, actor_id).steer[_wheel(wheel)] = number(angle)


@rpc("get_wheel_steer_angle")
def wheel_steer(server: Server, actor_id: Any, wheel: Any) -> float:
    """[deg] How a wheel is turned: as set for show, else as it steers."""
    vehicle, place = find(server, actor_id), _wheel(wheel)
    if place in vehicle.steer:
        return vehicle.steer[place]
    if place >= vehicle.model.wheels // 2:
        return 0.0
    return math.degrees(commands.steer_of(server.world.fleet, vehicle))


@rpc("set_wheel_pitch_angle", "void")
def set_wheel_pitch(server: Server, actor_id: Any, wheel: Any, angle: Any) -> None:
    """Roll a wheel for show."""
    find(server, actor_id).pitch[_wheel(wheel)] = number(angle)


@rpc("get_wheel_pitch_angle")
def wheel_pitch(server: Server, actor_id: Any, wheel: Any) -> float:
    """[deg] How a wheel was rolled for show."""
    return find(server, actor_id).pitch.get(_wheel(wheel), 0.0)


@rpc("set_actor_target_velocity", "void")
def set_target_velocity(server: Server, actor_id: Any, velocity: Any) -> None:
    """Give an actor a velocity [m/s]; forces change it from then on."""
    actor, (x, y, _) = server.world.actor(whole(actor_id)), vector(velocity)
    vehicle = server.world.fleet.vehicle(actor.id)
    if vehicle is not None:
        commands.set_velocity(server.world.fleet, vehicle, complex(x, y))


@rpc("set_actor_target_angular_velocity", "void")
def set_target_angular_velocity(server: Server, actor_id: Any, velocity: Any) -> None:
    """Give an actor an angular velocity [deg/s]; only that about the vertical is felt."""
    actor, (_, _, z) = server.world.actor(whole(actor_id)), vector(velocity)
    vehicle = server.world.fleet.vehicle(actor.id)
    if vehicle is not None:
        commands.set_yaw_rate(server.world.fleet, vehicle, math.radians(z))


@rpc("enable_actor_constant_velocity", "void")
def enable_constant_velocity(server: Server, actor_id: Any, velocity: Any) -> None:
    """Hold a vehicle at a velocity [m/s] in its own frame."""
    vehicle = find(server, actor_id)
    x, y, z = vector(velocity)
    commands.keep_velocity(server.world.fleet, vehicle, (x, y, z))


@rpc("disable_actor_constant_velocity", "void")
def disable_constant_velocity(server: Server, actor_id: Any) -> None:
    """Let it go."""
    commands.keep_velocity(server.world.fleet, find(server, actor_id), None)


@rpc("add_actor_impulse", "void")
def add_impulse(server: Server, actor_id: Any, impulse: Any) -> None:
    """Kick an actor at its centre of mass [N s]."""
    _kick(server, server.world.actor(whole(actor_id)), vector(impulse), 0.0)


@rpc("add_actor_impulse_at_location", "void")
def add_impulse_at(server: Server, actor_id: Any, impulse: Any, location: Any) -> None:
    """Kick it at a point of the world [m]."""
    actor = server.world.actor(whole(actor_id))
    kick = vector(impulse)
    _kick(server, actor, kick, _moment(server, actor, kick, vector(location)))


@rpc("add_actor_force", "void")
def add_force(server: Server, actor_id: Any, force: Any) -> None:
    """Push an actor during the next step [N]."""
    actor, (x, y, _) = server.world.actor(whole(actor_id)), vector(force)
    commands.push(server.world.fleet, actor.id, complex(x, y), 0.0)


@rpc("add_actor_force_at_location", "void")
def add_force_at(server: Server, actor_id: Any, force: Any, location: Any) -> None:
    """Push it at a point of the world during the next step."""
    actor, push = server.world.actor(whole(actor_id)), vector(force)
    torque = _moment(server, actor, push, vector(location))
    commands.push(server.world.fleet, actor.id, complex(push[0], push[1]), torque)


@rpc("add_actor_angular_impulse", "void")
def add_angular_impulse(server: Server, actor_id: Any, impulse: Any) -> None:
    """Turn an actor about the vertical [kg m2 deg/s]."""
    actor, (_, _, z) = server.world.actor(whole(actor_id)), vector(impulse)
    _kick(server, actor, [0.0, 0.0, 0.0], math.radians(z))


@rpc("add_actor_torque", "void")
def add_torque(server: Server, actor_id: Any, torque: Any) -> None:
    """Turn it during the next step [kg m2 deg/s2]."""
    actor, (_, _, z) = server.world.actor(whole(actor_id)), vector(torque)
    commands.push(server.world.fleet, actor.id, 0j, math.radians(z))


@rpc("set_actor_simulate_physics", "void")
def simulate_physics(server: Server, actor_id: Any, on: Any) -> None:
    """Let forces move an actor, or only teleports."""
    actor, switched = server.world.actor(whole(actor_id)), flag(on)
    vehicle = server.world.fleet.vehicle(actor.id)
    if vehicle is not None and actor.physics != switched:
        server.world.fleet.switch_physics(vehicle, switched)
    actor.physics = switched


@rpc("set_actor_enable_gravity", "void")
def enable_gravity(server: Server, actor_id: Any, on: Any) -> None:
    """Without it a vehicle stays at the height at which it is put."""
    server.world.actor(whole(actor_id)).gravity = flag(on)
    server.world.fleet.rearrange()


@rpc("set_actor_collisions", "void")
def set_collisions(server: Server, actor_id: Any, on: Any) -> None:
    """Let an actor touch others, or pass through them."""
    server.world.actor(whole(actor_id)).collides = flag(on)
    server.world.fleet.collisions.changed()


@rpc("set_actor_dead", "void")
def set_dead(server: Server, actor_id: Any) -> None:
    """A dead walker stands still for good; other actors are as before."""
    walker = server.world.crowd.walkers.get(server.world.actor(whole(actor_id)).id)
    if walker is None:
        return
    if walker.dead:
        raise RpcError("Walker is already dead")
    server.world.crowd.control(walker, [1.0, 0.0, 0.0], 0.0, False)
    walker.dead = True


def find(server: Server, actor_id: Any) -> Vehicle:
    """A vehicle by the id of its actor.

    Raises:
        RpcError: there is no such actor, or it is no vehicle.
    """
    actor = server.world.actor(whole(actor_id))
    vehicle = server.world.fleet.vehicle(actor.id)
    if vehicle is None:
        raise RpcError("Actor is not a Vehicle")
    return vehicle


def _kick(server: Server, actor: Actor, impulse: list[float], turn: float) -> None:
    """Linear [N s] and angular [N m s] impulse; only vehicles have mass."""
    vehicle = server.world.fleet.vehicle(actor.id)
    if vehicle is not None:
        commands.kick(server.world.fleet, vehicle, complex(impulse[0], impulse[1]), turn)


def _moment(server: Server, actor: Actor, force: list[float], location: list[float]) -> float:
    """[N m] or [N m s] Of a force or impulse at a point, about the centre of mass."""
    vehicle = server.world.fleet.vehicle(actor.id)
    if vehicle is None:
        return 0.0
    arm = complex(location[0], location[1]) - commands.place_of(server.world.fleet, vehicle)
    return float(np.imag(arm.conjugate() * complex(force[0], force[1])))


def _in_order(throttle: Any, steer: Any, brake: Any) -> bool:
    """Whether pedals and steering are as a TrafficManager sends them, for every vehicle in every tick."""
    return (
        type(throttle) is type(steer) is type(brake) is float
        and 0.0 <= throttle <= 1.0
        and -1.0 <= steer <= 1.0
        and 0.0 <= brake <= 1.0
    )


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _doors(door: Any) -> set[int]:
    number = whole(door)
    if number == ALL_DOORS:
        return set(DOORS)
    if number not in DOORS:
        raise RpcError(f"there is no door {number}: 0 to 5 are doors, 6 is all of them")
    return {number}


def _wheel(wheel: Any) -> int:
    place = whole(wheel)
    if not 0 <= place < WHEEL_PLACES:
        raise RpcError(f"there is no wheel {place}: 0 to 3 are wheels")
    return place
