"""What clients tell a vehicle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sims.carla.server.physics import gearbox
from sims.carla.server.physics.ackermann import Ackermann, Target
from sims.carla.server.physics.control import control_from_wire, control_to_wire
from sims.carla.server.physics.vehicle import Vehicle

if TYPE_CHECKING:
    from sims.carla.server.physics.fleet import Fleet


def drive(
    fleet: Fleet,
    vehicle: Vehicle,
    pedals: tuple[float, float, float, float],
    manual: bool,
    gear: int,
    reverse: bool,
) -> None:
    """Take over a VehicleControl.

    Args:
        fleet: whose vehicle it is.
        vehicle: which.
        pedals: throttle, steering, brake and hand brake, in their ranges.
        manual: whether `gear` counts.
        gear: wanted.
        reverse: whether the automatic gearbox is to go backwards.
    """
    vehicle.pedals, fleet.told = pedals, True
    if vehicle.steered:
        vehicle.steered = False
        fleet.lead(vehicle)
    if manual or vehicle.manual or reverse != (vehicle.gear < 0):
        index = fleet.index[vehicle.actor.id]
        gearbox.ask(fleet.store, index, vehicle, manual, gear, reverse, fleet.world.elapsed)


def aim(fleet: Fleet, vehicle: Vehicle, numbers: list[float]) -> None:
    """Take over a VehicleAckermannControl, given as its five numbers."""
    if not vehicle.steered:
        index = fleet.index[vehicle.actor.id]
        steer = float(fleet.store.pedals[1, index] * fleet.store.lock[index])
        vehicle.ackermann = Ackermann(vehicle.ackermann.gains, steer=steer)
    vehicle.ackermann.target, vehicle.steered = Target(*numbers), True
    fleet.lead(vehicle)


def physics_to_wire(fleet: Fleet, vehicle: Vehicle) -> list[Any]:
    """Its VehiclePhysicsControl, with the wheels where they are now."""
    model, pose = vehicle.model, vehicle.actor.pose
    x, y, z = pose[:3].tolist()
    heading = complex(np.exp(1j * np.radians(pose[4])))
    half = 0.5 * model.track
    sides = (-half, half) if model.wheels == 4 else (0.0,)
    axles = (model.front_axle, model.front_axle - model.wheelbase)
    places = [complex(x, y) + complex(ahead, right) * heading for ahead in axles for right in sides]
    height = 100.0 * (z + model.radius)
    return control_to_wire(vehicle.control, [[100.0 * at.real, 100.0 * at.imag, height] for at in places])


def change_physics(fleet: Fleet, vehicle: Vehicle, sent: Any) -> None:
    """Take over a VehiclePhysicsControl.

    Raises:
        WireError: it is none, or one that no vehicle can have.
    """
    vehicle.control = control_from_wire(sent, vehicle.model.wheels)
    fleet.update(vehicle)


def steer_of(fleet: Fleet, vehicle: Vehicle) -> float:
    """[rad] Angle of the front wheels in the last step."""
    index = fleet.index[vehicle.actor.id]
    return float(fleet.steer[index]) if index < len(fleet.steer) else 0.0


def place_of(fleet: Fleet, vehicle: Vehicle) -> complex:
    """[m] Its centre of mass."""
    return complex(fleet.motion.position[fleet.index[vehicle.actor.id]])


def set_velocity(fleet: Fleet, vehicle: Vehicle, velocity: complex) -> None:
    """[m/s] In the world, from now on as forces change it; with a gear to suit."""
    index = fleet.index[vehicle.actor.id]
    fleet.motion.velocity[index] = velocity
    gearbox.suit(fleet.store, index, vehicle, abs(velocity), fleet.world.elapsed)
    fleet.collisions.moved()


def set_yaw_rate(fleet: Fleet, vehicle: Vehicle, rate: float) -> None:
    """[rad/s] To the right."""
    fleet.motion.yaw_rate[fleet.index[vehicle.actor.id]] = rate


def keep_velocity(fleet: Fleet, vehicle: Vehicle, velocity: tuple[float, float, float] | None) -> None:
    """Hold it at a velocity in its own frame [m/s], or let it go."""
    vehicle.constant = velocity
    fleet.lead(vehicle)
    fleet.collisions.moved()


def kick(fleet: Fleet, vehicle: Vehicle, impulse: complex, turn: float) -> None:
    """Linear [N s] and angular [N m s] impulse at the centre of mass; none where physics is off."""
    if not vehicle.actor.physics:
        return
    index, store, motion = fleet.index[vehicle.actor.id], fleet.store, fleet.motion
    motion.velocity[index] += impulse / store.mass[index]
    motion.yaw_rate[index] += turn / store.inertia[index]
    fleet.collisions.moved()


def push(fleet: Fleet, actor_id: int, force: complex, torque: float) -> None:
    """Force [N] and torque [N m] during the next step."""
    fleet.pushes.append((actor_id, force, torque))
