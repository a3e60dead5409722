"""The navigation mesh of a town as CARLA's client reads it: Detour's, of one tile, in RecastDemo's file.

The client lets walkers with a controller walk on it; it never asks the server for a way. Layout of the
file: RecastDemo's NavMeshSetHeader and NavMeshTileHeader, and Detour's DetourNavMesh.h (dtMeshHeader
version 7, 32-bit references). Areas and flags: CARLA's carla/nav/Navigation.h.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.town import Town
from sims.carla.maps.walkways import CORNERS, Walkways, walkways

SET = struct.Struct("<4sii3fffii")
"""Magic, version, number of tiles; dtNavMeshParams: origin, width and height of a tile, most tiles and
polygons."""
TILE = struct.Struct("<Ii")
"""dtTileRef, size of the data."""
HEADER = struct.Struct("<4siiiiIiiiiiiiii3f3f3ff")
"""dtMeshHeader: magic, version, x, y, layer, user; numbers of polygons, vertices, links, detail meshes, their
vertices and triangles, nodes, off-mesh connections and their base; walkable height, radius and climb, lower
and upper bound, quantisation."""
POLY = np.dtype(
    [
        ("first_link", "<u4"),
        ("vertices", "<u2", CORNERS),
        ("neighbours", "<u2", CORNERS),
        ("flags", "<u2"),
        ("count", "u1"),
        ("area", "u1"),
    ]
)
DETAIL = np.dtype(
    [("vertices", "<u4"), ("triangles", "<u4"), ("vertex_count", "u1"), ("triangle_count", "u1"), ("", "<u2")]
)
LINK_BYTES = 12
REVISION = 1
"""Of the making of meshes: clients keep files, and must not take an old one for a new one."""
SET_VERSION, TILE_VERSION = 1, 7
POLY_BITS = 16
MOST = (1 << POLY_BITS) - 2
"""Polygons, and vertices: their indices have 16 bits."""
SIDEWALK, CROSSWALK = (1, 0x02), (2, 0x04)
"""Area and flags."""
HEIGHT, RADIUS, CLIMB = 1.8, 0.3, 0.5
"""[m] Of a walker."""
KERB = 0.08
"""[m] Pavements and crosswalks are drawn so much above the road."""


def navigation_file(town: Town) -> str:
    """The name under which clients keep the town's mesh: another map gives another name.

    Returns:
        A relative path; "" where the town has no pavements.
    """
    if not town.sidewalks:
        return ""
    return f"Carla/Maps/Nav/{town.name}-{zlib.crc32(town.opendrive.encode(), REVISION):08x}.bin"


def navigation_mesh(town: Town) -> bytes:
    """The file.

    Args:
        town: with pavements.

    Raises:
        ValueError: the town has none, or too many for one tile.
    """
    return mesh_set(walkways(town.strips, town.crosswalks))


def mesh_set(ways: Walkways) -> bytes:
    """A file of one tile.

    Raises:
        ValueError: there is nothing to walk on, or more than one tile holds.
    """
    count, corners = len(ways.polygons), len(ways.vertices)
    if not 0 < count <= MOST or corners > MOST:
        raise ValueError(f"a mesh of {count} polygons and {corners} corners: 1 to {MOST} are possible")
    # Detour's second axis is the height.
    vertices = (ways.vertices + [0.0, 0.0, KERB])[:, [0, 2, 1]].astype("<f4")
    low, high = vertices.min(0) - 1.0, vertices.max(0) + 1.0
    data = _tile(ways, vertices, low, high)
    width, depth = float(high[0] - low[0]), float(high[2] - low[2])
    head = SET.pack(_magic("MSET"), SET_VERSION, 1, *low, width, depth, 1, 1 << POLY_BITS)
    return head + TILE.pack(1 << POLY_BITS, len(data)) + data


def _tile(
    ways: Walkways, vertices: NDArray[np.float32], low: NDArray[np.floating], high: NDArray[np.floating]
) -> bytes:
    """dtMeshHeader, vertices, polygons, room for links, detail meshes and their triangles."""
    edges = sum(map(len, ways.polygons))
    details, triangles = _details(ways.polygons)
    numbers = (len(ways.polygons), len(vertices), edges, len(details), 0, len(triangles) // 4, 0, 0, 0)
    head = HEADER.pack(
        _magic("DNAV"), TILE_VERSION, 0, 0, 0, 0, *numbers, HEIGHT, RADIUS, CLIMB, *low, *high, 1.0 / RADIUS
    )
    parts = (head, vertices.tobytes(), _polygons(ways).tobytes(), bytes(LINK_BYTES * edges))
    return b"".join((*parts, details.tobytes(), triangles))


def _polygons(ways: Walkways) -> NDArray[np.void]:
    """DtPoly of each: 0 is the border of the mesh, n the neighbour n - 1."""
    polygons = np.zeros(len(ways.polygons), POLY)
    owners: dict[frozenset[int], tuple[int, int]] = {}
    for i, ring in enumerate(ways.polygons):
        area, flags = CROSSWALK if ways.crossing[i] else SIDEWALK
        polygons["vertices"][i, : len(ring)] = ring
        polygons["count"][i], polygons["area"][i], polygons["flags"][i] = len(ring), area, flags
        for k, corner in enumerate(ring):
            edge = frozenset((corner, ring[(k + 1) % len(ring)]))
            if edge in owners:
                other, place = owners.pop(edge)
                polygons["neighbours"][i, k] = other + 1
                polygons["neighbours"][other, place] = i + 1
            else:
                owners[edge] = (i, k)
    return polygons


def _details(polygons: tuple[tuple[int, ...], ...]) -> tuple[NDArray[np.void], bytes]:
    """DtPolyDetail of each, and the fans of triangles that they are made of, with flags of outer edges."""
    details, triangles = np.zeros(len(polygons), DETAIL), bytearray()
    for i, ring in enumerate(polygons):
        details["triangles"][i], details["triangle_count"][i] = len(triangles) // 4, len(ring) - 2
        for k in range(2, len(ring)):
            outer = (1 << 2) | (k == 2) | (k == len(ring) - 1) << 4
            triangles += bytes((0, k - 1, k, outer))
    return details, bytes(triangles)


def _magic(letters: str) -> bytes:
    """Four letters as an integer with the first one highest, little-endian."""
    return letters[::-1].encode()
