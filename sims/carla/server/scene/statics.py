"""The town as triangles in tiles, so that what a camera cannot see costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.geometry import rotation_matrix
from sims.carla.server.scene.labels import (
    LAYERS,
    POLES,
    ROAD_LINES,
    SIDEWALKS,
    TERRAIN,
    TRAFFIC_LIGHT,
    TRAFFIC_SIGNS,
    VEGETATION,
)
from sims.carla.server.scene.shapes import shapes
from sims.carla.server.scene.vertices import Triangles, hull, quads, triangles

if TYPE_CHECKING:
    from sims.carla.maps.meshes import Mesh
    from sims.carla.maps.town import StaticBox, Town

TILE, WIDE_TILE = 32.0, 256.0
"""[m] Sizes of tiles; triangles larger than the small ones, which are ground, have tiles of their own."""
LAWN = (104, 128, 74)
CROWN = 0.5
"""[m] Plants of a larger half size are crowns of trees, others trunks and hedges."""
MARGIN = 200.0
"""[m] Ground beyond the outermost thing."""
FLAT_CELL, FLAT_DROP, HILL_CELL, HILL_DROP = 64.0, 0.03, 8.0, 0.3
"""[m] How fine the ground is where it is flat and where not, and how far it lies below the roads. Depths of
triangles without limit would not be exact enough to tell it from them."""
NARROW, THIN = (SIDEWALKS,), (ROAD_LINES, POLES, TRAFFIC_SIGNS)
"""Labels of what is about two metres and what is about a decimetre wide; far away it is not drawn."""


@dataclass(frozen=True)
class Statics:
    """All triangles, sorted by tile."""

    vertices: Triangles
    """The shapes of actors come first, then the tiles."""
    shapes: NDArray[np.uint32]
    """(n, 2) first vertex and number of vertices of each of SHAPES."""
    begin: int
    """First vertex of the tiles."""
    tiles: NDArray[np.float64]
    """(t, 4) [m] centre and radius of each tile's bounding sphere."""
    first: NDArray[np.intp]
    """(t + 1,) first triangle of each tile, and the number of triangles."""
    spheres: NDArray[np.float64]
    """(m, 4) [m] centre and radius of each triangle's bounding sphere."""
    normals: NDArray[np.float64]
    """(m, 3)"""
    sizes: NDArray[np.int64]
    """(m,) 0 large, 1 narrow, 2 thin."""


def statics_of(town: Town) -> Statics:
    """What stands still in a town, with ground under it where it brings none of its own."""
    parts = [mesh_triangles(mesh) for mesh in town.meshes] + [
        box_triangles(box) for box in town.boxes if not is_head(box)
    ]
    if not any(
        mesh.label == TERRAIN and np.ptp(mesh.vertices[:, :2], axis=0).min() > MARGIN for mesh in town.meshes
    ):
        parts.append(ground_triangles(town, np.concatenate([part["position"] for part in parts])))
    return tiled(np.concatenate(parts))


class _Last:
    """The town that was asked for last; episodes of one town follow each other."""

    town: Town | None = None
    statics: Statics | None = None


def statics_for(town: Town) -> Statics:
    """`statics_of`, made once for episodes in a row on one town."""
    if _Last.town is not town or _Last.statics is None:
        _Last.town, _Last.statics = town, statics_of(town)
    return _Last.statics


def is_head(box: StaticBox) -> bool:
    """Whether it is the head of a traffic light, which is drawn with the light's state."""
    return bool(box.signal) and box.label == TRAFFIC_LIGHT


def tiled(vertices: Triangles) -> Statics:
    """Sort triangles into tiles."""
    corners = vertices["position"].reshape(-1, 3, 3).astype(np.float64)
    wide = np.ptp(corners[:, :, :2], axis=1).max(axis=1) > TILE
    side = np.where(wide, WIDE_TILE, TILE)[:, None]
    tile = np.column_stack([np.floor(corners.mean(axis=1)[:, :2] / side).astype(np.int64), wide])
    order = np.lexsort(tile.T)
    tile, corners = tile[order], corners[order]
    vertices = vertices.reshape(-1, 3)[order].reshape(-1)
    first = np.flatnonzero(np.r_[True, (np.diff(tile, axis=0) != 0).any(axis=1)])
    low = np.minimum.reduceat(corners.min(axis=1), first)
    high = np.maximum.reduceat(corners.max(axis=1), first)
    models = shapes()
    lengths = np.array([len(model) for model in models])
    starts = np.cumsum(np.r_[0, lengths])
    middles = corners.mean(axis=1)
    return Statics(
        np.concatenate([*models, vertices]),
        np.column_stack([starts[:-1], lengths]).astype(np.uint32),
        int(starts[-1]),
        np.column_stack([(low + high) / 2.0, np.linalg.norm(high - low, axis=1) / 2.0]),
        np.r_[first, len(tile)],
        np.column_stack([middles, np.linalg.norm(corners - middles[:, None], axis=2).max(axis=1)]),
        vertices["normal"][::3] / 127.0,
        sizes(vertices),
    )


def sizes(vertices: Triangles) -> NDArray[np.int64]:
    """(t,) of each triangle: 0 large, 1 narrow, 2 thin."""
    label = vertices["label"][::3]
    corners = vertices["position"].reshape(-1, 3, 3)
    trunk = (label == VEGETATION) & (np.ptp(corners[:, :, :2], axis=1).max(axis=1) < CROWN)
    return np.where(np.isin(label, THIN) | trunk, 2, np.where(np.isin(label, NARROW), 1, 0))


def mesh_triangles(mesh: Mesh) -> Triangles:
    """A mesh as vertices; flat triangles are seen from above, steep ones from both sides."""
    corners = mesh.vertices[mesh.triangles].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    steep = np.abs(normals[:, 2]) < 0.2 * np.linalg.norm(normals, axis=1)
    turned = corners[:, ::-1]
    seen = np.where((normals[:, 2] < 0.0)[:, None, None], turned, corners)
    points = np.concatenate([seen[~steep], corners[steep], turned[steep]])
    return triangles(points, mesh.colour, label=mesh.label, layer=LAYERS.get(mesh.label, 0))


def box_triangles(box: StaticBox) -> Triangles:
    """A static box without its bottom; crowns of trees are drawn as two cones within it."""
    extent = np.array(box.box.extent)
    crown = box.label == VEGETATION and extent[:2].min() > CROWN
    corners = _CROWN if crown else _SIDES
    place = rotation_matrix(*box.box.rotation) * extent
    return triangles(
        corners @ place.T + np.array(box.box.location), box.colour, label=box.label, identity=box.id
    )


def _crown() -> NDArray[np.float64]:
    """(12, 3, 3) two six-sided cones in the box [-1, 1]^3."""
    turn = np.arange(6) * np.pi / 3.0
    ring = np.column_stack([np.cos(turn), np.sin(turn), np.full(6, -0.35)])
    after = np.roll(ring, -1, axis=0)
    top = np.stack([ring, after, np.broadcast_to([0.0, 0.0, 1.0], ring.shape)], axis=1)
    bottom = np.stack([after, ring, np.broadcast_to([0.0, 0.0, -1.0], ring.shape)], axis=1)
    return np.concatenate([top, bottom])


_CROWN, _SIDES = _crown(), quads(hull((-1.0,) * 3, (1.0,) * 3)[:5])


def ground_triangles(town: Town, points: NDArray[np.floating]) -> Triangles:
    """Grass around and under everything, as high as the town's ground."""
    low, high = points[:, :2].min(axis=0) - MARGIN, points[:, :2].max(axis=0) + MARGIN
    hilly = np.ptp(town.ground(points[:, :2].astype(np.float64))) > 0.01
    cell, drop = (HILL_CELL, HILL_DROP) if hilly else (FLAT_CELL, FLAT_DROP)
    counts = np.maximum((high - low) / cell, 1.0).astype(int)
    x, y = (np.linspace(a, b, count + 1) for a, b, count in zip(low, high, counts, strict=True))
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    z = town.ground(grid.reshape(-1, 2)).reshape(grid.shape[:2]) - drop
    grid = np.concatenate([grid, z[..., None]], axis=-1)
    corners = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=2)
    return triangles(quads(corners.reshape(-1, 4, 3)), LAWN, label=TERRAIN)
