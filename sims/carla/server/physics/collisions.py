"""Vehicles against vehicles, walkers, props and the town."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Actor, Box
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import Pose
from sims.carla.server.physics.boxes import Boxes, contact_point, penetration
from sims.carla.server.physics.impulse import Body, collide
from sims.carla.server.physics.models import MODELS, walker_box
from sims.carla.server.physics.obstacles import Obstacles

if TYPE_CHECKING:
    from sims.carla.server.physics.fleet import Fleet
    from sims.carla.server.world import World

SURGE = 12.0
"""[m/s2] No two bodies come to approach each other faster at more than twice this."""
SPARE = 4.0
"""[m/s] What corners of turning cars and walkers may add to the speed of approach."""
PATIENCE = 1.0
"""[s] Every pair is looked at this often at least."""
PASSES = 6
"""Most rounds of pushing apart in one step; a row of cars needs several."""
WALKER_MASS = 75.0
"""[kg]"""
SPOTS = np.array([[-0.8], [-0.4], [0.0], [0.4], [0.8]])
"""Circles that cover a vehicle, along its axis in shares of its half length."""
TOUCH = 1e-4
"""[m] Bodies that lie in each other no deeper than this only touch."""


@dataclass
class Movers:
    """What can touch a vehicle: all vehicles, in the order of the fleet, then walkers and props."""

    actors: list[Actor]
    columns: NDArray[np.intp]
    """Of the vehicles among them, in the fleet."""
    others: NDArray[np.intp]
    """(m,) rows of the rest in the world's records."""
    offset: NDArray[np.complex128]
    """(n,) Middle of the box; of vehicles from the centre of mass, of others from the origin [m]."""
    half: NDArray[np.float64]
    """(3, n) [m]"""
    middle: NDArray[np.float64]
    """(n,) Height of the box's middle above the origin [m]."""
    radius: NDArray[np.float64]
    """(n,) of the circle around the box [m]."""
    slack: float
    """What the grid of obstacles may be wrong [m]."""

    # A step needs the rest; the room for a further actor can be told without it.

    @cached_property
    def spots(self) -> NDArray[np.float64]:
        """(5, v) Middles of circles that cover the vehicles, along their axes [m]."""
        return SPOTS * self.half[0, : len(self.columns)]

    @cached_property
    def cover(self) -> NDArray[np.float64]:
        """(v,) Radius of these circles, and the slack [m]."""
        length, width, _ = self.half[:, : len(self.columns)]
        return np.hypot(width, 0.2 * length) + self.slack

    @cached_property
    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(k,) and (k,) All pairs that matter: the first is a vehicle."""
        first, second = np.triu_indices(len(self.actors), 1)
        kept = first < len(self.columns)
        return first[kept], second[kept]

    @cached_property
    def reach(self) -> NDArray[np.float64]:
        """(k,) At which distance of their middles they may touch [m]."""
        first, second = self.pairs
        return self.radius[first] + self.radius[second]

    @cached_property
    def due(self) -> NDArray[np.float64]:
        """(k,) Time at which they are looked at next; they cannot touch before [s]."""
        return np.zeros(len(self.reach))


class Collisions:
    """Finds contacts, pushes bodies apart and tells of it.

    Args:
        world: the episode.
        fleet: its vehicles.
    """

    def __init__(self, world: World, fleet: Fleet) -> None:
        self._world, self._fleet = world, fleet
        self._obstacles: Obstacles | None = None
        self._movers: Movers | None = None
        self._layout = -1
        self._now = self._town_due = 0.0

    @property
    def obstacles(self) -> Obstacles:
        """The town's boxes."""
        if self._obstacles is None:
            self._obstacles = Obstacles(self._world.town.boxes, self._world.town.ground)
        return self._obstacles

    def changed(self) -> None:
        """Something collides or weighs otherwise than before."""
        self._movers, self._town_due = None, 0.0

    def moved(self) -> None:
        """Something was teleported, or has another velocity."""
        self._town_due = 0.0
        if self._movers is not None:
            self._movers.due[:] = 0.0

    def admit(self, type_id: str, pose: Pose) -> None:
        """Refuse a vehicle or a walker where something is.

        Raises:
            RpcError: the spawn collides.
        """
        box = MODELS[type_id].box if type_id in MODELS else None
        if type_id.startswith("walker."):
            box = walker_box(type_id)
        if box is not None and self.occupied(box, pose):
            raise RpcError("Spawn failed because of collision at spawn position")

    def occupied(self, box: Box, pose: Pose) -> bool:
        """Whether something solid is in a box that belongs to an actor at a pose."""
        x, y, z, _, yaw, _ = pose.tolist()
        heading = np.exp(1j * np.radians(yaw))
        centre = complex(x, y) + complex(*box.location[:2]) * heading
        place = Boxes(np.array([centre]), np.array([heading]), np.array(box.extent[:2])[:, None])
        low, high = z + box.location[2] - box.extent[2], z + box.location[2] + box.extent[2]
        movers, radius = self._arranged(), math.hypot(box.extent[0], box.extent[1])
        if movers.actors:
            others = self._shapes(movers, self._headings())
            near = np.flatnonzero(np.abs(others.centre - centre) < movers.radius + radius)
            heights, half = self._heights(movers)[near], movers.half[2, near]
            near = near[(heights - half < high) & (heights + half > low)]
            if len(near) and (penetration(place, others.take(near))[0] > 0.0).any():
                return True
        solid = self.obstacles
        near = solid.near(centre, radius)
        near = near[(solid.bottom[near] < high) & (solid.top[near] > low)]
        return bool(len(near) and (penetration(place, solid.shapes.take(near))[0] > 0.0).any())

    def step(self, heading: NDArray[np.complex128], dt: float) -> bool:
        """Push apart what touches after a step; True where something did.

        Args:
            heading: (n,) of the fleet's vehicles, unit vectors.
            dt: [s]
        """
        self._now += dt
        movers = self._arranged()
        due = np.flatnonzero(movers.due <= self._now)
        town = bool(self.obstacles.boxes) and self._now >= self._town_due
        if not len(due) and not town:
            return False
        shapes = self._shapes(movers, heading)
        touched = len(due) > 0 and self._against_movers(movers, shapes, due)
        if town:
            touched = self._against_town(movers, shapes) or touched
        return touched

    def _headings(self) -> NDArray[np.complex128]:
        return np.exp(self._fleet.motion.yaw * 1j)

    def _arranged(self) -> Movers:
        if self._movers is None or self._layout != self._world.layout:
            self._movers, self._layout, self._town_due = self._arrange(), self._world.layout, 0.0
        return self._movers

    def _arrange(self) -> Movers:
        fleet = self._fleet
        vehicles = [vehicle.actor for vehicle in fleet.vehicles if vehicle.actor.collides]
        rest = [actor for actor in self._world.actors.values() if _solid(actor)]
        actors = vehicles + rest
        columns = np.array([fleet.index[actor.id] for actor in vehicles], np.intp)
        offset = np.array([complex(*actor.box.location[:2]) for actor in actors], complex)
        offset[: len(vehicles)] -= fleet.store.centre[columns]
        half = np.array([actor.box.extent for actor in actors]).reshape(-1, 3).T.copy()
        middle = np.array([actor.box.location[2] for actor in actors])
        return Movers(
            actors,
            columns,
            np.array([actor.row for actor in rest], np.intp),
            offset,
            half,
            middle,
            np.hypot(half[0], half[1]),
            self.obstacles.cell,
        )

    def _shapes(self, movers: Movers, heading: NDArray[np.complex128]) -> Boxes:
        """The boxes as they are now; vehicles from the fleet, whose rows are not written yet."""
        place = self._fleet.motion.position[movers.columns]
        heading = heading[movers.columns]
        if len(movers.others):
            poses = self._world.records.poses[movers.others]
            place = np.concatenate([place, poses[:, 0] + 1j * poses[:, 1]])
            heading = np.concatenate([heading, np.exp(1j * np.radians(poses[:, 4]))])
        return Boxes(place + movers.offset * heading, heading, movers.half[:2])

    def _heights(self, movers: Movers) -> NDArray[np.float64]:
        """(n,) Of the middles of the boxes [m], as of the last step."""
        rows = [actor.row for actor in movers.actors]
        return self._world.records.poses[rows, 2] + movers.middle

    def _against_movers(self, movers: Movers, shapes: Boxes, due: NDArray[np.intp]) -> bool:
        """Contacts between actors."""
        first, second = (each[due] for each in movers.pairs)
        gap = np.abs(shapes.centre[second] - shapes.centre[first]) - movers.reach[due]
        close = np.flatnonzero(gap < 0.0)
        touched = False
        if len(close):
            pairs = first[close], second[close]
            depth, _ = penetration(shapes.take(pairs[0]), shapes.take(pairs[1]))
            gap[close] = -depth
            if depth.max() > TOUCH:
                touched = self._part_all(movers, *pairs)
        movers.due[due] = self._now + self._safe(movers, first, second, gap)
        return touched

    def _velocities(self, movers: Movers) -> NDArray[np.complex128]:
        """(n,) [m/s] Walkers, which are slow, count as standing."""
        velocity = np.zeros(len(movers.actors), complex)
        velocity[: len(movers.columns)] = self._fleet.motion.velocity[movers.columns]
        return velocity

    def _safe(
        self, movers: Movers, first: NDArray[np.intp], second: NDArray[np.intp], gap: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How long pairs cannot touch [s]: gap = s t + a t^2 with the speed s of their approach."""
        velocity = self._velocities(movers)
        speed = np.abs(velocity[second] - velocity[first]) + SPARE
        root = np.sqrt(speed * speed + (4.0 * SURGE) * np.maximum(gap, 0.0))
        return np.minimum((root - speed) * (0.5 / SURGE), PATIENCE)

    def _part_all(self, movers: Movers, first: NDArray[np.intp], second: NDArray[np.intp]) -> bool:
        """Push apart the pairs that lie in each other, in several rounds; True where there are any."""
        touched = False
        for _ in range(PASSES):
            shapes, velocity = self._shapes(movers, self._headings()), self._velocities(movers)
            approach = velocity[first] - velocity[second]
            depth, normal = penetration(shapes.take(first), shapes.take(second), approach)
            deep = np.flatnonzero(depth > TOUCH).tolist()
            deep = [k for k in deep if self._level(movers, first[k], second[k])]
            if not deep:
                break
            touched = True
            for k in deep:
                self._part(movers, shapes, int(first[k]), int(second[k]), float(depth[k]), complex(normal[k]))
        return touched

    def _level(self, movers: Movers, i: np.intp, j: np.intp) -> bool:
        """Whether two bodies are at the same height."""
        poses = self._world.records.poses
        a, b = (poses[movers.actors[k].row, 2] + movers.middle[k] for k in (i, j))
        return bool(abs(a - b) < movers.half[2, i] + movers.half[2, j])

    def _part(self, movers: Movers, shapes: Boxes, i: int, j: int, depth: float, normal: complex) -> None:
        """Push two bodies apart, let them bounce, and tell of it."""
        ours, theirs = (shapes.take(slice(k, k + 1)).corners()[:, 0].tolist() for k in (i, j))
        first, second = self._body(movers, i), self._body(movers, j)
        impulse = collide(first, second, contact_point(ours, theirs), normal)
        light = first.lightness + second.lightness
        if light > 0.0:
            first.position -= normal * depth * (first.lightness / light)
            second.position += normal * depth * (second.lightness / light)
        self._take(movers, i, first)
        self._take(movers, j, second)
        one, other = movers.actors[i], movers.actors[j]
        if impulse:
            events = self._world.events
            events.append((one, other, _label(other), [impulse.real, impulse.imag, 0.0]))
            events.append((other, one, _label(one), [-impulse.real, -impulse.imag, 0.0]))

    def _body(self, movers: Movers, k: int) -> Body:
        """A mover as a body; a vehicle whose physics is off, and a prop, cannot be moved."""
        actor, world = movers.actors[k], self._world
        if k < len(movers.columns):
            column, store, motion = int(movers.columns[k]), self._fleet.store, self._fleet.motion
            place, velocity = complex(motion.position[column]), complex(motion.velocity[column])
            rate = float(motion.yaw_rate[column])
            if not actor.physics:
                return Body(place, velocity, rate)
            return Body(
                place, velocity, rate, 1.0 / float(store.mass[column]), 1.0 / float(store.inertia[column])
            )
        x, y = world.records.poses[actor.row, :2].tolist()
        vx, vy, _ = world.records.rows["velocity"][actor.row].tolist()
        light = 1.0 / WALKER_MASS if actor.type_id.startswith("walker.") else 0.0
        return Body(complex(x, y), complex(vx, vy), 0.0, light)

    def _take(self, movers: Movers, k: int, body: Body) -> None:
        """Write a body back; walkers keep the velocity that their control gives them."""
        actor = movers.actors[k]
        if body.lightness == 0.0:
            return
        if k < len(movers.columns):
            column, motion = int(movers.columns[k]), self._fleet.motion
            motion.position[column], motion.velocity[column] = body.position, body.velocity
            motion.yaw_rate[column] = body.yaw_rate
        else:
            self._world.records.poses[actor.row, :2] = body.position.real, body.position.imag

    def _against_town(self, movers: Movers, shapes: Boxes) -> bool:
        """Contacts of vehicles with what stands in the town."""
        solid, count = self.obstacles, len(movers.columns)
        if not count:
            return False
        spots = shapes.centre[:count] + movers.spots * shapes.heading[:count]
        free = (solid.distance(spots) - movers.cover).min(0)
        speed = np.abs(self._fleet.motion.velocity[movers.columns])
        touched = False
        for i in np.flatnonzero(free < 0.0).tolist() if free.min() < 0.0 else ():
            touched = self._against_boxes(movers, i) or touched
        least = max(float(free.min()), 0.0)
        fast = float(speed.max()) + SPARE
        self._town_due = self._now + (math.sqrt(fast * fast + 2.0 * SURGE * least) - fast) / SURGE
        return touched

    def _against_boxes(self, movers: Movers, i: int) -> bool:
        """Contacts of one vehicle with boxes of the town."""
        solid, actor, touched = self.obstacles, movers.actors[i], False
        if not actor.physics:
            return False
        height = float(self._world.records.poses[actor.row, 2] + movers.middle[i])
        for _ in range(PASSES):
            own = self._shapes(movers, self._headings()).take(slice(i, i + 1))
            near = solid.near(complex(own.centre[0]), float(movers.radius[i]))
            near = near[
                (solid.bottom[near] < height + movers.half[2, i])
                & (solid.top[near] > height - movers.half[2, i])
            ]
            if not len(near):
                break
            speed = complex(self._fleet.motion.velocity[movers.columns[i]])
            depth, normal = penetration(own, solid.shapes.take(near), speed)
            k = int(depth.argmax())
            if depth[k] <= TOUCH:
                break
            touched = True
            body, box = self._body(movers, i), int(near[k])
            wall = solid.shapes.take(slice(box, box + 1)).corners()[:, 0].tolist()
            point = contact_point(own.corners()[:, 0].tolist(), wall)
            impulse = collide(body, Body(complex(solid.shapes.centre[box]), 0j), point, complex(normal[k]))
            body.position -= complex(normal[k]) * float(depth[k])
            self._take(movers, i, body)
            if impulse:
                label = solid.boxes[box].label
                self._world.events.append((actor, None, label, [impulse.real, impulse.imag, 0.0]))
        return touched


def _solid(actor: Actor) -> bool:
    """Whether cars feel a walker or a prop.

    A client's navigation switches the collisions of its walkers off; cars feel them all the same.
    """
    kind = actor.type_id
    if not kind.startswith(("walker.", "static.prop.")) or actor.parent is not None:
        return False
    return min(actor.box.extent) > 0.0 and (actor.collides or kind.startswith("walker."))


def _label(actor: Actor) -> int:
    """CityObjectLabel."""
    return actor.tags[0] if actor.tags else 0
