"""The static world of towns and of other OpenDRIVE files."""

import math
from pathlib import Path

import numpy as np
import pytest

from sims.carla.maps.scenery import BUILDINGS, TRAFFIC_LIGHT
from sims.carla.maps.town import UnknownMapError, load_town
from tests.sims.carla.maps.networks import driving, town
from tests.sims.carla.server.towns import RING, ring

carla = pytest.importorskip("carla")
NAMES = ("Highway", "Roundabout", "Town_Small")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "Town99",
            "there is no map 'Town99': give Highway, Roundabout, Town_Small or the path of an OpenDRIVE",
        ),
        ("<OpenDRIVE><road/>", "OpenDriveMap is no XML"),
        ("<note/>", "no OpenDRIVE file with roads: its root is <note>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><OpenDRIVE/>', "declares a document type or entities"),
        (RING.replace('type="driving"', 'type="none"'), "has no lane to drive on"),
        (
            RING.replace("<lanes>", "<no>").replace("</lanes>", "</no>"),
            "OpenDriveMap is malformed OpenDRIVE",
        ),
        (RING.replace('length="', 'length="9999999', 1), "has roads of .* m: 0 to 1e.06 m are possible"),
        (RING.replace('length="', 'length="x', 1), "has a road without a proper length"),
    ],
)
def test_what_is_no_map_is_told(source: str, message: str) -> None:
    with pytest.raises(UnknownMapError, match=message):
        load_town(source)


def test_a_file_is_called_by_its_stem(tmp_path: Path) -> None:
    path = tmp_path / "Mine.xodr"
    path.write_text(RING, encoding="utf-8")
    assert load_town(path).name == "Mine"
    assert load_town(str(path), name="Yours").name == "Yours"


@pytest.mark.parametrize("name", NAMES)
def test_road_meshes_cover_the_middle_of_every_lane_and_no_house(name: str) -> None:
    roads = next(mesh for mesh in town(name).meshes if mesh.label == 1)
    corners = roads.vertices[roads.triangles][..., :2].astype(float)
    middles = np.array([strip.centre[len(strip.s) // 2, :2] for strip in driving(town(name))])
    assert covered(corners, middles).all()
    houses = [item.box.location[:2] for item in town(name).boxes if item.label == BUILDINGS]
    assert not covered(corners, np.array(houses).reshape(-1, 2)).any()


def covered(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n,) Whether a triangle (t, 3, 2) is under each point (n, 2)."""
    a, b, c = (triangles[:, i] for i in range(3))

    def side(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        edge, offset = q - p, points[:, None] - p
        return edge[:, 0] * offset[..., 1] - edge[:, 1] * offset[..., 0]

    sides = np.stack([side(a, b), side(b, c), side(c, a)])
    return ((sides >= -1e-6).all(0) | (sides <= 1e-6).all(0)).any(1)


@pytest.mark.parametrize("name", NAMES)
def test_meshes_and_boxes_are_sound(name: str) -> None:
    for mesh in town(name).meshes:
        assert mesh.vertices.dtype == np.float32 and mesh.triangles.dtype == np.int32
        assert mesh.triangles.min() >= 0 and mesh.triangles.max() < len(mesh.vertices)
        assert np.isfinite(mesh.vertices).all()
    ids = [item.id for item in town(name).boxes]
    assert sorted(ids) == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_solid_stands_on_a_lane_below_the_height_of_a_lorry(name: str) -> None:
    low = [b.box for b in town(name).boxes if b.box.location[2] - b.box.extent[2] < 4.0]
    for box in low:
        waypoint = town(name).map.get_waypoint(carla.Location(*box.location), project_to_road=False)
        assert waypoint is None, f"{box} is on road {waypoint.road_id} lane {waypoint.lane_id}"


def test_every_light_has_a_head_over_each_lane() -> None:
    for signal in town("Town_Small").signals:
        heads = [b for b in town("Town_Small").boxes if b.signal == signal.id and b.label == TRAFFIC_LIGHT]
        assert len(heads) == (len(signal.stops) if signal.kind == "light" else 0)


def test_dashes_of_the_ring_are_three_metres_and_gaps_six() -> None:
    """Half circles of 40 m radius: 13 dashes in 125.66 m each, from 3 m on; the two edges are solid."""
    lines = [mesh for mesh in ring().meshes if mesh.label == 24]
    assert len(lines) == 1
    areas = area(lines[0].vertices[lines[0].triangles])
    edges = 2 * math.pi * (40 - 3.5 + 40 + 3.5) * 0.12
    assert areas.sum() == pytest.approx(edges + 2 * 14 * 3 * 0.12, rel=0.01)


def area(triangles: np.ndarray) -> np.ndarray:
    a, b, c = (triangles[:, i].astype(float) for i in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def test_limits_are_those_of_the_road_and_unknown_off_it() -> None:
    limits = ring().limits(np.array([[41.75, 0.0], [-38.25, 0.0], [0.0, 0.0]]))
    assert limits.tolist() == [48, 48, 0]  # 30 mph
    small = town("Town_Small")
    assert small.limits(np.array([[210.0, -128.25], [131.75, -200.0]])).tolist() == [50, 30]


def test_flat_ground_is_flat() -> None:
    assert ring().ground(np.zeros((3, 2))).tolist() == [0.0, 0.0, 0.0]


def test_ground_follows_hills() -> None:
    """A road that rises 5 % from s = 0 on; the second half of the ring falls again."""
    rise = '<elevation s="0.0" a="0.0" b="0.05" c="0.0" d="0.0"/>'
    fall = '<elevation s="0.0" a="6.283185" b="-0.05" c="0.0" d="0.0"/>'
    flat = '<elevation s="0.0" a="0.0" b="0.0" c="0.0" d="0.0"/>'
    hilly = load_town(RING.replace(flat, rise, 1).replace(flat, fall, 1), name="Hills")
    top, quarter, bottom = hilly.ground(np.array([[-40.0, 0.0], [0.0, -40.0], [40.0, 0.0]]))
    assert (top, quarter, bottom) == pytest.approx((2 * math.pi, math.pi, 0.0), abs=0.1)
    slopes = hilly.spawn_points[:, 3]
    assert np.abs(slopes).max() == pytest.approx(math.degrees(math.atan(0.05)), abs=0.3)
    assert slopes.min() < 0 < slopes.max()
