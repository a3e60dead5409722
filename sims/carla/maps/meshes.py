"""Triangles of roads, pavements and lane marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.ground import Ground
from sims.carla.maps.lanes import Strip

ROADS, SIDEWALKS, TERRAIN = 1, 2, 10
"""CityObjectLabels."""
LABELS = {"sidewalk": SIDEWALKS, "median": TERRAIN, "restricted": TERRAIN, "none": TERRAIN}
"""Label of a lane type; all others are roads."""
KERB = 0.08
"""[m] Height of pavements above the road; meshes alone have it, `Town.ground` has no steps."""
DEPTH, DEPTH_UNEVEN, LAND_CELL = 0.05, 0.5, 10.0
"""[m] How far the land lies below flat and uneven roads, and its mesh on uneven maps."""
UP = np.array([0.0, 0.0, 1.0])
Part = tuple[NDArray[np.float64], NDArray[np.int32]]
"""Vertices and triangles."""
COLOURS = {ROADS: (78, 78, 82), SIDEWALKS: (150, 146, 140), TERRAIN: (96, 118, 70)}


@dataclass(frozen=True)
class Mesh:
    """Triangles of one label and colour."""

    vertices: NDArray[np.float32]
    """(V, 3) [m] CARLA's frame."""
    triangles: NDArray[np.int32]
    """(T, 3) indices of vertices."""
    label: int
    """CityObjectLabel."""
    colour: tuple[int, int, int]
    """Red, green, blue."""


def ribbon(
    left: NDArray[np.float64], right: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Vertices (2n, 3) and triangles (2n - 2, 3) between two rows of points (n, 3)."""
    n = len(left)
    first = np.arange(n - 1, dtype=np.int32)
    one = np.column_stack([first, first + 1, first + n])
    two = np.column_stack([first + 1, first + n + 1, first + n])
    return np.concatenate([left, right]), np.concatenate([one, two]).astype(np.int32)


def merged(
    parts: Iterable[tuple[NDArray[np.float64], NDArray[np.int32]]], label: int, colour: tuple[int, int, int]
) -> Mesh:
    """One mesh of several."""
    parts = list(parts)
    offsets = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    vertices = np.concatenate([vertices for vertices, _ in parts]).astype(np.float32)
    triangles = np.concatenate([t + offset for (_, t), offset in zip(parts, offsets, strict=False)])
    return Mesh(vertices, triangles.astype(np.int32), label, colour)


def surfaces(strips: tuple[Strip, ...]) -> tuple[Mesh, ...]:
    """All lanes, one mesh a label; pavements lie `KERB` above the road, with a step towards it."""
    parts: dict[int, list[Part]] = {}
    for strip in strips:
        label = LABELS.get(strip.kind, ROADS)
        left, right = strip.border(-1), strip.border(1)
        if label == SIDEWALKS:
            parts.setdefault(label, []).append(ribbon(left + UP * KERB, right + UP * KERB))
            kerb = left if strip.lane < 0 else right
            parts[label].append(ribbon(kerb, kerb + UP * KERB))
        else:
            parts.setdefault(label, []).append(ribbon(left, right))
    parts.setdefault(ROADS, []).extend(_middles(strips))
    return tuple(merged(parts[label], label, COLOURS[label]) for label in sorted(parts))


def _middles(strips: Iterable[Strip]) -> Iterator[Part]:
    """Fans from the middle of each junction to its lanes: lanes alone leave holes between diverging turns."""
    lanes: dict[int, list[Strip]] = {}
    for strip in strips:
        if strip.junction >= 0 and strip.kind == "driving":
            lanes.setdefault(strip.junction, []).append(strip)
    for of_junction in lanes.values():
        middle = np.mean([strip.centre[[0, -1]].mean(0) for strip in of_junction], axis=0)
        for strip in of_junction:
            yield ribbon(np.broadcast_to(middle, strip.centre.shape), strip.centre)


def terrain(ground: Ground, low: NDArray[np.float64], high: NDArray[np.float64]) -> Mesh:
    """The land around the roads, a little below them.

    Args:
        ground: Its height.
        low: (2,) [m] Corner of the land.
        high: (2,) [m] The other corner.
    """
    counts = [2, 2] if ground.flat else np.ceil((high - low) / LAND_CELL).astype(int) + 1
    xs, ys = (np.linspace(a, b, n) for a, b, n in zip(low, high, counts, strict=True))
    rows = [np.column_stack([np.full(len(ys), x), ys]) for x in xs]
    depth = DEPTH if ground.flat else DEPTH_UNEVEN
    lines = [np.column_stack([row, ground(row) - depth]) for row in rows]
    return merged([ribbon(a, b) for a, b in pairwise(lines)], TERRAIN, COLOURS[TERRAIN])
