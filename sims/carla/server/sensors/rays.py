"""Rays against the town's ground, its boxes and the actors' bounding boxes, many at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.geometry import rotation_matrices
from sims.carla.server.scene.actors import Actors
from sims.carla.server.scene.statics import is_head
from sims.carla.server.sensors.surface import Surface

if TYPE_CHECKING:
    from sims.carla.maps.town import StaticBox, Town

PAIRS = 2_000_000
"""Rays times boxes that are looked at together, which bounds the memory."""
TINY = 1e-12
GROUND = -1
"""Index of the ground among what rays hit."""


@dataclass(frozen=True)
class Boxes:
    """Oriented boxes as arrays."""

    centres: NDArray[np.float64]
    """(n, 3) [m]"""
    extents: NDArray[np.float64]
    """(n, 3) [m] Half sizes."""
    turns: NDArray[np.float64]
    """(n, 3, 3) Columns are the boxes' axes."""
    labels: NDArray[np.uint8]
    ids: NDArray[np.int64]
    """(n,) Actor ids; 0 for what is no actor."""

    def take(self, some: NDArray[np.intp]) -> Boxes:
        """Some of them."""
        return Boxes(
            self.centres[some], self.extents[some], self.turns[some], self.labels[some], self.ids[some]
        )

    def grown(self, radius: float) -> Boxes:
        """Larger by a radius on all sides; where a ball's centre may not be."""
        return Boxes(self.centres, self.extents + radius, self.turns, self.labels, self.ids)


@dataclass(frozen=True)
class Hits:
    """Where rays end."""

    distance: NDArray[np.float64]
    """(r,) [m] Infinite where nothing is hit."""
    index: NDArray[np.intp]
    """(r,) Of the box; GROUND for the ground or nothing."""


def static_boxes(boxes: Iterable[StaticBox]) -> Boxes:
    """The town's."""
    boxes = tuple(boxes)
    rotations = np.array([item.box.rotation for item in boxes], dtype=np.float64).reshape(-1, 3)
    return Boxes(
        np.array([item.box.location for item in boxes], dtype=np.float64).reshape(-1, 3),
        np.array([item.box.extent for item in boxes], dtype=np.float64).reshape(-1, 3),
        rotation_matrices(rotations) if boxes else np.zeros((0, 3, 3)),
        np.array([item.label for item in boxes], dtype=np.uint8),
        np.zeros(len(boxes), np.int64),
    )


def actor_boxes(actors: Actors) -> Boxes:
    """Those of the actors that are there, except what does not collide; `actors` is up to date."""
    return Boxes(actors.centres, actors.boxes[1], actors.turns, actors.labels, actors.ids)


def joined(first: Boxes, second: Boxes) -> Boxes:
    """Both."""
    return Boxes(
        np.concatenate([first.centres, second.centres]),
        np.concatenate([first.extents, second.extents]),
        np.concatenate([first.turns, second.turns]),
        np.concatenate([first.labels, second.labels]),
        np.concatenate([first.ids, second.ids]),
    )


class Caster:
    """Casts rays into a town and its actors."""

    def __init__(self, town: Town, actors: Actors) -> None:
        self._town, self._actors = town, actors
        self._static = static_boxes(box for box in town.boxes if not is_head(box))
        self.surface = Surface(town)

    def near(self, point: NDArray[np.float64], reach: float, without: int = 0) -> Boxes:
        """All boxes that come within reach of a point.

        Args:
            point: (3,) [m]
            reach: [m]
            without: id of an actor that is left out.
        """
        self._actors.update()
        found = []
        for boxes in (self._static, actor_boxes(self._actors)):
            distance = np.linalg.norm(boxes.centres - point, axis=1) - np.linalg.norm(boxes.extents, axis=1)
            near = (distance < reach) & ((boxes.ids != without) | (boxes.ids == 0))
            found.append(boxes.take(np.flatnonzero(near)))
        return joined(*found)

    def cast(
        self, origin: NDArray[np.float64], directions: NDArray[np.float64], reach: float, boxes: Boxes
    ) -> Hits:
        """The first hit of each ray. Boxes in which the rays start are not hit.

        Args:
            origin: (3,) [m] where all rays start.
            directions: (r, 3) unit vectors.
            reach: [m]
            boxes: from `near`.
        """
        hits = first_hits(origin, directions, boxes)
        ground = self.ground(origin, directions)
        index = np.where(ground < hits.distance, GROUND, hits.index)
        distance = np.minimum(ground, hits.distance)
        return Hits(np.where(distance <= reach, distance, np.inf), index)

    def ground(self, origin: NDArray[np.float64], directions: NDArray[np.float64]) -> NDArray[np.float64]:
        """(r,) [m] distances to the ground; infinite where a ray does not go down to it."""
        down = directions[:, 2] < -1e-6
        slope = np.where(down, directions[:, 2], -1.0)
        height = self._town.ground(origin[None, :2])
        distance = (height - origin[2]) / slope
        if not self._town.ground.flat:
            for _ in range(8):
                there = origin[:2] + np.clip(distance, 0.0, 1e4)[:, None] * directions[:, :2]
                distance = 0.5 * distance + 0.5 * (self._town.ground(there) - origin[2]) / slope
        return np.where(down & (distance > 0.0), distance, np.inf)


def first_hits(origin: NDArray[np.float64], directions: NDArray[np.float64], boxes: Boxes) -> Hits:
    """The nearest box on each ray; see `Caster.cast`."""
    rays, number = len(directions), len(boxes.ids)
    distance, index = np.full(rays, np.inf), np.full(rays, GROUND, np.intp)
    if not number:
        return Hits(distance, index)
    towards = boxes.centres - origin
    length = np.linalg.norm(towards, axis=1)
    radius = np.linalg.norm(boxes.extents, axis=1)
    aside = np.sqrt(np.maximum(1.0 - (radius / np.maximum(length, radius + TINY)) ** 2, 0.0))
    threshold = np.where(length > radius, aside * length, -np.inf)
    step = max(1, PAIRS // number)
    for start in range(0, rays, step):
        some = directions[start : start + step]
        ray, box = np.nonzero(some @ towards.T >= threshold)
        entry = entries(origin, some[ray], boxes, box)
        order = np.lexsort((box, entry, ray))
        ray, box, entry = ray[order], box[order], entry[order]
        first = np.flatnonzero(np.r_[True, ray[1:] != ray[:-1]] & np.isfinite(entry)) if len(ray) else ray
        distance[start + ray[first]], index[start + ray[first]] = entry[first], box[first]
    return Hits(distance, index)


def entries(
    origin: NDArray[np.float64], directions: NDArray[np.float64], boxes: Boxes, box: NDArray[np.intp]
) -> NDArray[np.float64]:
    """(p,) [m] where ray i enters box[i] (slab method); infinite where it misses it or starts inside."""
    begin = np.matmul((origin - boxes.centres)[:, None, :], boxes.turns)[box, 0]
    along = np.matmul(directions[:, None, :], boxes.turns[box])[:, 0]
    along = np.where(np.abs(along) < TINY, TINY, along)
    one, two = (-boxes.extents[box] - begin) / along, (boxes.extents[box] - begin) / along
    enter, leave = np.minimum(one, two).max(axis=1), np.maximum(one, two).min(axis=1)
    return np.where((enter <= leave) & (enter >= 0.0), enter, np.inf)


def incidence(
    directions: NDArray[np.float64], hits: Hits, boxes: Boxes, origin: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(r,) cosines of the angles between rays and the normals of what they hit; the ground is level."""
    out = np.abs(directions[:, 2])
    some = np.flatnonzero((hits.index != GROUND) & np.isfinite(hits.distance))
    box = hits.index[some]
    point = origin + directions[some] * hits.distance[some, None] - boxes.centres[box]
    local = np.matmul(point[:, None, :], boxes.turns[box])[:, 0]
    side = np.argmin(np.abs(np.abs(local) - boxes.extents[box]), axis=1)
    normals = np.take_along_axis(boxes.turns[box], side[:, None, None], axis=2)[:, :, 0]
    out[some] = np.abs((normals * directions[some]).sum(axis=1))
    return out
