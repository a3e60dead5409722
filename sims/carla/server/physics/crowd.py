"""All walkers of an episode: a System. They go where they are told, on the ground, and have no inertia."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Actor
from sims.carla.server.geometry import Pose
from sims.carla.server.physics.models import walker_box
from sims.carla.server.physics.tyres import GRAVITY
from sims.carla.server.records import WALKER
from sims.carla.server.system import System

if TYPE_CHECKING:
    from sims.carla.server.world import World

LEAP = 4.2
"""[m/s] Speed of a jump upwards, as Unreal's characters have it."""
FASTEST = 20.0
"""[m/s] Nobody runs faster, whatever a client asks for."""
ELBOW = 0.3
"""[m] A walker comes no nearer to a wall."""


@dataclass
class Walker:
    """One walker."""

    actor: Actor
    velocity: complex = 0j
    """[m/s] That its control gives it."""
    climb: float = 0.0
    """[m/s] Upwards, while it jumps."""
    height: float = 0.0
    """[m] Of its feet above the ground."""
    guided: float | None = None
    """[m/s] Speed with which a client's navigation placed it since the last step."""
    dead: bool = False


class Crowd(System):
    """Walkers and how they move.

    Args:
        world: the episode.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.walkers: dict[int, Walker] = {}
        """Actor id -> walker, ascending."""

    def added(self, actor: Actor) -> None:
        """A new walker stands still."""
        if actor.type_id.startswith("walker."):
            actor.box = walker_box(actor.type_id)
            self.walkers[actor.id] = Walker(actor)

    def removed(self, actor: Actor) -> None:
        """Forget it."""
        self.walkers.pop(actor.id, None)

    def control(self, walker: Walker, direction: list[float], speed: float, jump: bool) -> None:
        """Take over a WalkerControl.

        Args:
            walker: who is told.
            direction: (3,) in the world's axes; its length does not matter.
            speed: [m/s]
            jump: whether it jumps, where it stands on the ground.
        """
        heading = complex(direction[0], direction[1])
        length = abs(heading)
        speed = min(max(speed, 0.0), FASTEST)
        walker.velocity = heading / length * speed if length > 0.0 else 0j
        if jump and walker.height == 0.0:
            walker.climb = LEAP
        self._tell(walker, direction, speed, jump)

    def apply_state(self, actor: Actor, pose: Pose, speed: float) -> None:
        """Place a walker where a client's navigation has it (ApplyWalkerState).

        Args:
            actor: the walker; others are placed too.
            pose: (6,) where it is.
            speed: [m/s] how fast it goes ahead.
        """
        walker = self.walkers.get(actor.id)
        if walker is not None and walker.dead:
            return
        if walker is not None:
            walker.velocity, walker.guided = 0j, speed
        self.world.place(actor, pose)
        if walker is not None:
            yaw = math.radians(float(pose[4]))
            self._tell(walker, [math.cos(yaw), math.sin(yaw), 0.0], speed, False)

    def guides(self, actor: Actor) -> bool:
        """Whether a client's navigation has placed an actor since the last step."""
        walker = self.walkers.get(actor.id)
        return walker is not None and walker.guided is not None

    def step(self, dt: float) -> None:
        """Advance by dt [s]."""
        if not self.walkers:
            return
        walkers = list(self.walkers.values())
        rows = np.array([walker.actor.row for walker in walkers], np.intp)
        records = self.world.records
        poses = records.poses[rows]
        velocity: NDArray[np.complex128] = np.array([walker.velocity for walker in walkers])
        moving = velocity != 0.0
        if moving.any():  # most stand, most of the time
            place = self._walk(poses[:, 0] + 1j * poses[:, 1], velocity, dt)
            poses[:, 0], poses[:, 1] = place.real, place.imag
            poses[:, 4] = np.where(moving, np.degrees(np.angle(velocity)), poses[:, 4])
        if any(walker.guided is not None for walker in walkers):
            velocity[:] = np.where(moving, velocity, self._guided(walkers, poses[:, 4]))
        poses[:, 3] = poses[:, 5] = 0.0
        climb = self._jump(walkers, dt)
        tall = np.array([walker.actor.box.extent[2] + walker.height for walker in walkers])
        poses[:, 2] = self.world.town.ground(poses[:, :2]) + tall
        records.poses[rows] = poses
        moves = np.array([velocity.real, velocity.imag, climb]).T
        shown = records.rows["velocity"]
        records.rows["acceleration"][rows] = (moves - shown[rows]) / dt
        shown[rows] = moves

    def _walk(
        self, place: NDArray[np.complex128], velocity: NDArray[np.complex128], dt: float
    ) -> NDArray[np.complex128]:
        """Where they get to; a step nearer to a wall than an elbow is not taken."""
        target, solid = place + velocity * dt, self.world.system("fleet").collisions.obstacles
        if not solid.boxes:
            return target
        before = solid.distance(place)
        after = solid.distance(target)
        return np.where((after <= ELBOW) & (after <= before), place, target)

    def _guided(self, walkers: list[Walker], yaws: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Velocities of those that a navigation has placed; it must place them again before the next step."""
        speeds = np.array([walker.guided or 0.0 for walker in walkers])
        for walker in walkers:
            walker.guided = None
        return speeds * np.exp(1j * np.radians(yaws))

    def _jump(self, walkers: list[Walker], dt: float) -> list[float]:
        """Speeds upwards; those in the air fall."""
        for walker in walkers:
            if walker.climb == 0.0 and walker.height == 0.0:
                continue
            walker.climb -= GRAVITY * dt
            walker.height += walker.climb * dt
            if walker.height <= 0.0:
                walker.height = walker.climb = 0.0
        return [walker.climb for walker in walkers]

    def _tell(self, walker: Walker, direction: list[float], speed: float, jump: bool) -> None:
        """What the snapshot says of its control."""
        detail, row = self.world.records.view(WALKER), walker.actor.row
        detail["direction"][row], detail["speed"][row], detail["jump"][row] = direction, speed, jump
