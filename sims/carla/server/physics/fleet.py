"""All vehicles of an episode: a System."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Actor, Description
from sims.carla.server.geometry import Pose
from sims.carla.server.physics import gearbox
from sims.carla.server.physics.bicycle import LONGEST, Motion, advance, substeps
from sims.carla.server.physics.collisions import Collisions
from sims.carla.server.physics.control import default_control
from sims.carla.server.physics.forces import forces, move_pedals, step_of
from sims.carla.server.physics.friction import Puddles
from sims.carla.server.physics.models import MODELS
from sims.carla.server.physics.store import Store
from sims.carla.server.physics.terrain import DEGREES, attitudes
from sims.carla.server.physics.vehicle import Vehicle, axles, geared, parameters, torque_curve
from sims.carla.server.records import RECORD, VEHICLE
from sims.carla.server.system import System

if TYPE_CHECKING:
    from sims.carla.server.world import World

_FIELDS: Any = RECORD.fields
MOVES = np.dtype(
    {
        "names": ["moves"],
        "formats": [("<f4", 9)],
        "offsets": [_FIELDS["velocity"][1]],
        "itemsize": RECORD.itemsize,
    }
)
"""Velocity, angular velocity and acceleration of a row, in one piece."""
_DETAIL: int = _FIELDS["detail"][1]
CONTROL = struct.Struct("<3f3?i")
"""VehicleControl at the beginning of a vehicle's detail."""
JUMP = 1.0
"""[m] A vehicle that is teleported farther is looked at anew for what it may touch."""
STILL = 1e-9
"""[m/s] Slower than this is rounding, and becomes rest."""


class Fleet(System):
    """Vehicles and how they move.

    Args:
        world: the episode.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.vehicles: list[Vehicle] = []
        """In ascending order of ids, as the columns of `store`."""
        self.index: dict[int, int] = {}
        """Actor id -> column."""
        self.store = Store()
        self.rows: NDArray[np.intp] = np.zeros(0, np.intp)
        """(n,) Their rows in the world's records."""
        self.steer: NDArray[np.float64] = np.zeros(0)
        """(n,) [rad] Angle of the front wheels, to the right."""
        self.speed: NDArray[np.float64] = np.zeros(0)
        """(n,) [m/s] Along the bodies."""
        self.half = 0.0
        """[s] Half an integration step: forces are of the frame that a body had so long ago."""
        self.frozen: NDArray[np.intp] = np.zeros(0, np.intp)
        """Columns of those whose physics is off."""
        self.floating: NDArray[np.intp] = np.zeros(0, np.intp)
        """Columns of those that gravity does not hold to the ground."""
        self.pushes: list[tuple[int, complex, float]] = []
        """(actor id, force [N], torque [N m]) that act during the next step."""
        self.led: set[int] = set()
        """Actor ids of those that a client drives by speed or holds at a velocity."""
        self.told = True
        """Whether anybody's pedals are to be elsewhere than before."""
        self._wanted: NDArray[np.float64] = np.zeros((4, 0))
        self._raw, self._raw_of = memoryview(b""), -1
        self.collisions = Collisions(world, self)
        self.puddles = Puddles(self)
        self._last: NDArray[np.float64] = np.zeros((0, 6))
        """(n, 6) Poses after the last step, where physics is off for any."""
        self._moves: NDArray[np.float64] = np.zeros((0, 9))
        self._layout = -1

    @property
    def motion(self) -> Motion:
        """Centres of mass, velocities, yaws and yaw rates."""
        return self.store.motion

    def admit(self, description: Description, pose: Pose, parent: Actor | None) -> None:
        """Refuse a vehicle or a walker where there is no room."""
        if parent is None:
            self.collisions.admit(description.type_id, pose)

    def added(self, actor: Actor) -> None:
        """A new vehicle stands still, in first gear."""
        model = MODELS.get(actor.type_id)
        if model is None:
            self.puddles.added(actor)
            return
        vehicle = Vehicle(actor, model, default_control(model))
        actor.box = model.box
        self.index[actor.id] = len(self.vehicles)
        self.vehicles.append(vehicle)
        self.store.add()
        self.update(vehicle)
        self._stand(vehicle)
        gearbox.engage(self.store, self.index[actor.id], vehicle, 1, self.world.elapsed)
        self.world.records.view(VEHICLE)["gear"][actor.row] = vehicle.gear

    def removed(self, actor: Actor) -> None:
        """The columns behind it close up."""
        self.puddles.removed(actor)
        self.led.discard(actor.id)
        index = self.index.pop(actor.id, None)
        if index is None:
            return
        del self.vehicles[index]
        self.store.remove(index)
        for other, place in self.index.items():
            if place > index:
                self.index[other] = place - 1

    def moved(self, actor: Actor) -> None:
        """A teleported vehicle keeps its velocity."""
        index = self.index.get(actor.id)
        if index is None:
            if not self.world.system("crowd").guides(actor):
                self.collisions.changed()
            return
        before = complex(self.motion.position[index])
        self._stand(self.vehicles[index])
        if abs(complex(self.motion.position[index]) - before) > JUMP:
            self.collisions.moved()

    def update(self, vehicle: Vehicle) -> None:
        """Its physics control or its friction has changed."""
        index, control, motion = self.index[vehicle.actor.id], vehicle.control, self.motion
        heading = np.exp(1j * motion.yaw[index])
        motion.position[index] -= self.store.centre[index] * heading
        self.store.set_parameters(index, parameters(vehicle), axles(vehicle))
        self.store.set_curves(index, torque_curve(vehicle), control.steering_curve)
        motion.position[index] += self.store.centre[index] * heading
        vehicle.gear = min(vehicle.gear, len(control.forward_gears))
        self.store.set_gear(index, geared(vehicle))
        self.store.due[index] = self.world.elapsed
        self.collisions.changed()

    def vehicle(self, actor_id: int) -> Vehicle | None:
        """The vehicle of an actor; None where it is none."""
        index = self.index.get(actor_id)
        return None if index is None else self.vehicles[index]

    def lead(self, vehicle: Vehicle) -> None:
        """Whether a vehicle is driven by speed or held at a velocity has changed."""
        led = vehicle.steered or vehicle.constant is not None
        (self.led.add if led else self.led.discard)(vehicle.actor.id)

    def tell(self, vehicle: Vehicle, *control: float) -> None:
        """Write a VehicleControl into the vehicle's row: its seven fields in the order of the wire."""
        if self._raw_of != self.world.layout:
            # A view of the bytes: each field of a structured array costs a microsecond to set.
            self._raw = memoryview(self.world.records.rows.view(np.uint8))
            self._raw_of = self.world.layout
        CONTROL.pack_into(self._raw, vehicle.actor.row * RECORD.itemsize + _DETAIL, *control)

    def switch_physics(self, vehicle: Vehicle, on: bool) -> None:
        """Let forces move a vehicle, or only teleports."""
        vehicle.actor.physics = on
        self.rearrange()
        self.collisions.changed()

    def rearrange(self) -> None:
        """Whom physics or gravity moves has changed."""
        self._layout = -1

    def step(self, dt: float) -> None:
        """Advance by dt [s]."""
        if self._layout != self.world.layout:
            self._arrange()
        if not self.vehicles:
            return
        self.puddles.step()
        self._push(dt)
        store, motion, before = self.store, self.motion, self.motion.velocity
        self.speed = (before * np.exp(motion.yaw * -1j)).real
        self._command(dt)
        if self.told:
            self._wanted = np.array([vehicle.pedals for vehicle in self.vehicles]).T
            self.told = False
        move_pedals(store.pedals, self._wanted, dt)
        self._shift()
        acting = forces(store, self.speed, self.world.town.ground.flat)
        self.steer = acting.steer
        held = self._hold() if len(self.frozen) else None
        settings = self.world.settings
        longest = max(LONGEST, settings.max_substep_delta_time) if settings.substepping else dt
        count = substeps(dt, longest, settings.max_substeps)
        self.half = 0.5 * dt / count
        advance(motion, step_of(store, acting, dt / count), count)
        if held is not None:
            self._put_back(held, dt)
        self._keep_constant()
        motion.velocity = motion.velocity * (np.abs(motion.velocity) > STILL)
        heading = np.exp(motion.yaw * 1j)
        # The loads follow the tyres' acceleration, not the blow of a collision.
        store.acceleration[:] = ((motion.velocity - before) * heading.conj()).real / dt
        if self.collisions.step(heading, dt):
            heading = np.exp(motion.yaw * 1j)
        self._write(heading, before, dt)

    def _arrange(self) -> None:
        """Actors have come or gone: look up the rows again."""
        self._layout = self.world.layout
        actors = [vehicle.actor for vehicle in self.vehicles]
        self.rows = np.array([actor.row for actor in actors], np.intp)
        self.frozen = np.array([i for i, actor in enumerate(actors) if not actor.physics], np.intp)
        self.told = True
        self.floating = np.array([i for i, actor in enumerate(actors) if not actor.gravity], np.intp)
        self._last = self.world.records.poses[self.rows]
        self._moves = np.zeros((len(actors), 9))

    def _stand(self, vehicle: Vehicle) -> None:
        """Take over the pose of its actor."""
        index, (x, y, _, _, yaw, _) = self.index[vehicle.actor.id], vehicle.actor.pose.tolist()
        angle = math.radians(yaw)
        heading = complex(math.cos(angle), math.sin(angle))
        self.motion.yaw[index] = angle
        self.motion.position[index] = complex(x, y) + self.store.centre[index] * heading

    def _push(self, dt: float) -> None:
        """Forces of clients, and velocities that they hold."""
        motion, store = self.motion, self.store
        for actor_id, force, torque in self.pushes:
            index = self.index.get(actor_id)
            if index is not None:
                motion.velocity[index] += force * dt / store.mass[index]
                motion.yaw_rate[index] += torque * dt / store.inertia[index]
        self.pushes.clear()
        self._keep_constant()

    def _keep_constant(self) -> None:
        """Vehicles that a client holds at a velocity in their own frame."""
        for actor_id in sorted(self.led):
            index = self.index[actor_id]
            constant = self.vehicles[index].constant
            if constant is not None:
                heading = np.exp(1j * self.motion.yaw[index])
                self.motion.velocity[index] = complex(constant[0], constant[1]) * heading

    def _command(self, dt: float) -> None:
        """Vehicles that are driven by a wanted speed."""
        store = self.store
        for actor_id in sorted(self.led):
            index = self.index[actor_id]
            vehicle = self.vehicles[index]
            if not vehicle.steered:
                continue
            pace, acceleration = float(self.speed[index]), float(store.acceleration[index])
            curve = np.array(vehicle.control.steering_curve)
            share = np.interp(abs(pace) * 3.6, curve[:, 0], curve[:, 1])
            lock = float(store.lock[index] * share)
            throttle, steer, brake, reverse = vehicle.ackermann.update(pace, acceleration, lock, dt)
            vehicle.pedals, self.told = (throttle, steer, brake, 0.0), True
            gearbox.ask(store, index, vehicle, False, 0, reverse, self.world.elapsed)
            self.tell(vehicle, throttle, steer, brake, False, vehicle.gear < 0, False, vehicle.gear)

    def _shift(self) -> None:
        """Automatic gearboxes."""
        store, now, pace = self.store, self.world.elapsed, np.abs(self.speed)
        busy = (pace > store.up) | (pace < store.down) | (store.due <= now)
        if busy.any():
            for index in np.flatnonzero(busy).tolist():
                vehicle = self.vehicles[index]
                if gearbox.change(store, index, vehicle, float(pace[index]), now):
                    self.world.records.view(VEHICLE)["gear"][vehicle.actor.row] = vehicle.gear

    def _hold(self) -> tuple[NDArray, NDArray]:
        """Where those are whose physics is off."""
        return self.motion.position[self.frozen].copy(), self.motion.yaw[self.frozen].copy()

    def _put_back(self, held: tuple[NDArray, NDArray], dt: float) -> None:
        """They stay where they were put; how far that is from last time is their velocity."""
        motion, frozen = self.motion, self.frozen
        motion.position[frozen], motion.yaw[frozen] = held
        poses = self.world.records.poses[self.rows[frozen]]
        change = (poses - self._last[frozen]) / dt
        motion.velocity[frozen] = change[:, 0] + 1j * change[:, 1]
        turn = (poses[:, 4] - self._last[frozen, 4] + 180.0) % 360.0 - 180.0
        motion.yaw_rate[frozen] = np.radians(turn) / dt

    def _write(self, heading: NDArray[np.complex128], before: NDArray[np.complex128], dt: float) -> None:
        """Poses and rows of the snapshot."""
        motion, records, rows, moves = self.motion, self.world.records, self.rows, self._moves
        poses, climb = attitudes(self.world.town.ground, self, heading)
        if len(self.frozen):
            poses[self.frozen] = records.poses[rows[self.frozen]]
            self._last = poses
        if len(self.floating):
            poses[self.floating, 2] = records.poses[rows[self.floating], 2]
        records.poses[rows] = poses
        acceleration = (motion.velocity - before) * (1.0 / dt)
        moves[:, 0:2] = motion.velocity.view(np.float64).reshape(-1, 2)
        moves[:, 2] = climb
        moves[:, 5] = motion.yaw_rate * DEGREES
        moves[:, 6:8] = acceleration.view(np.float64).reshape(-1, 2)
        records.rows.view(MOVES)["moves"][rows] = moves
