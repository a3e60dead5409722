"""The file with the mesh for walkers, read back by its layout."""

import struct
from types import SimpleNamespace

import numpy as np
import pytest

from sims.carla.maps.town import load_town
from sims.carla.maps.walkways import Walkways
from sims.carla.server.methods.navigation import required_files
from sims.carla.server.navmesh import DETAIL, HEADER, MOST, POLY, SET, TILE, mesh_set, navigation_file
from sims.carla.server.server import ServerCfg
from tests.sims.carla.server.towns import ring

SQUARES = Walkways(
    np.array([[0, 0, 1], [2, 0, 1], [2, 2, 1], [0, 2, 1], [4, 0, 1], [4, 2, 1]], float),
    ((3, 2, 1, 0), (2, 5, 4, 1)),
    (False, True),
)
"""Two squares of 2 m side by side, at a height of 1 m; the second is a crosswalk."""


def test_sizes_are_those_of_detours_structures() -> None:
    assert (SET.size, TILE.size, HEADER.size, POLY.itemsize, DETAIL.itemsize) == (40, 8, 100, 32, 12)


def test_the_file_is_made_as_recast_saves_it() -> None:
    data = mesh_set(SQUARES)
    magic, version, tiles, x, y, z, width, depth, most_tiles, most = SET.unpack_from(data)
    assert struct.unpack("<I", magic)[0] == int.from_bytes(b"MSET", "big")
    assert (version, tiles, most_tiles) == (1, 1, 1)
    assert (x, y, z, width, depth) == pytest.approx((-1.0, 0.08, -1.0, 6.0, 4.0))
    reference, size = TILE.unpack_from(data, SET.size)
    assert reference == most  # the salt 1 above the bits of the polygon's index
    assert SET.size + TILE.size + size == len(data)
    head = HEADER.unpack_from(data, SET.size + TILE.size)
    assert struct.unpack("<I", head[0])[0] == int.from_bytes(b"DNAV", "big")
    assert head[1:15] == (7, 0, 0, 0, 0, 2, 6, 8, 2, 0, 4, 0, 0, 0)


def test_vertices_neighbours_and_areas() -> None:
    data = mesh_set(SQUARES)[SET.size + TILE.size + HEADER.size :]
    vertices = np.frombuffer(data, "<f4", 18).reshape(6, 3)
    assert vertices[5] == pytest.approx([4.0, 1.08, 2.0])  # x, height, y
    polygons = np.frombuffer(data, POLY, 2, 72)
    assert polygons["vertices"][:, :4].tolist() == [[3, 2, 1, 0], [2, 5, 4, 1]]
    assert polygons["neighbours"].tolist() == [[0, 2, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0]]
    assert polygons["area"].tolist() == [1, 2]
    assert polygons["flags"].tolist() == [2, 4]
    assert polygons["count"].tolist() == [4, 4]
    details = np.frombuffer(data, DETAIL, 2, 72 + 64 + 8 * 12)
    assert details["triangles"].tolist() == [0, 2]
    assert details["triangle_count"].tolist() == [2, 2]
    assert list(data[-8:]) == [0, 1, 2, 5, 0, 2, 3, 20]


def test_what_does_not_fit_a_tile_is_refused() -> None:
    with pytest.raises(ValueError, match=f"1 to {MOST} are possible"):
        mesh_set(Walkways(np.zeros((0, 3)), (), ()))
    with pytest.raises(ValueError, match="a mesh of 1 polygons and 70000 corners"):
        mesh_set(Walkways(np.zeros((70_000, 3)), ((0, 1, 2),), (False,)))


def test_a_town_without_pavements_asks_for_no_file() -> None:
    server = SimpleNamespace(world=SimpleNamespace(town=ring()), cfg=ServerCfg())
    assert navigation_file(ring()) == ""
    assert required_files(server, "Nav") == []  # type: ignore[arg-type]


def test_the_mesh_is_given_away_only_where_it_is_wanted() -> None:
    world = SimpleNamespace(town=load_town("Roundabout"))
    server = SimpleNamespace(world=world, cfg=ServerCfg(walker_navigation=False))
    assert required_files(server, "Nav") == []  # type: ignore[arg-type]
    server.cfg = ServerCfg()
    assert required_files(server, "Nav") == [navigation_file(world.town)]  # type: ignore[arg-type]
    assert required_files(server, "") == required_files(server, "TM") == []  # type: ignore[arg-type]
