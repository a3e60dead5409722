"""Triangles of roads, pavements and lane marks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.lanes import Strip

ROADS, SIDEWALKS, TERRAIN = 1, 2, 10
"""CityObjectLabels."""
LABELS = {"sidewalk": SIDEWALKS, "median": TERRAIN, "restricted": TERRAIN, "none": TERRAIN}
"""Label of a lane type; all others are roads."""
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


def road_meshes(strips: Iterable[Strip]) -> tuple[Mesh, ...]:
    """The surfaces of all lanes, one mesh a label."""
    parts: dict[int, list] = {}
    for strip in strips:
        parts.setdefault(LABELS.get(strip.kind, ROADS), []).append(ribbon(strip.border(-1), strip.border(1)))
    return tuple(merged(parts[label], label, COLOURS[label]) for label in sorted(parts))
