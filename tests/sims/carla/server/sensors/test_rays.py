import numpy as np
import pytest

from sims.carla.server.actor import Description
from sims.carla.server.geometry import pose
from sims.carla.server.scene.labels import BUILDINGS, ROAD_LINES, ROADS, TERRAIN
from sims.carla.server.sensors.rays import GROUND, Boxes, entries, first_hits, incidence
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring

TURNED = np.array([[np.sqrt(0.5), -np.sqrt(0.5), 0.0], [np.sqrt(0.5), np.sqrt(0.5), 0.0], [0.0, 0.0, 1.0]])
BOXES = Boxes(
    np.array([[10.0, 0.0, 0.0], [0.0, 20.0, 0.0], [20.0, 0.0, 0.0]]),
    np.array([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [1.0, 50.0, 3.0]]),
    np.array([np.eye(3), TURNED, np.eye(3)]),
    np.array([BUILDINGS, BUILDINGS, BUILDINGS], np.uint8),
    np.array([0, 7, 0]),
)
HOME = np.zeros(3)


def unit(*rows: tuple[float, float, float]) -> np.ndarray:
    rays = np.array(rows)
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def test_rays_end_where_worked_out_by_hand() -> None:
    """The second box is turned by 45 degrees: its edge is 20 - 2 sqrt(2) m away, its side's slope 1."""
    rays = unit((1, 0, 0), (0, 1, 0), (-1, 0, 0), (9, 1.9, 0), (9, 2.1, 0), (9, 0, 3.1))
    hits = first_hits(HOME, rays, BOXES)
    expected = [
        9.0,
        20.0 - 2.0 * np.sqrt(2.0),
        np.inf,
        np.hypot(9.0, 1.9),
        19.0 * np.hypot(1, 2.1 / 9),
        np.inf,
    ]
    assert hits.distance == pytest.approx(expected)
    assert hits.index.tolist() == [0, 1, GROUND, 0, 2, GROUND]


def test_a_box_around_the_origin_is_not_hit() -> None:
    inside = np.array([10.5, 0.5, 0.0])
    hits = first_hits(inside, unit((1, 0, 0)), BOXES)
    assert hits.index.tolist() == [2]
    assert hits.distance == pytest.approx([8.5])


def test_many_rays_agree_with_the_slab_method_alone() -> None:
    random = np.random.default_rng(0)
    rays = unit(*random.normal(size=(500, 3)).tolist())
    every = np.stack([entries(HOME, rays, BOXES, np.full(500, box)) for box in range(3)], axis=1)
    hits = first_hits(HOME, rays, BOXES)
    assert hits.distance == pytest.approx(every.min(axis=1))
    assert np.isfinite(hits.distance).sum() > 10


def test_incidence_is_the_cosine_to_the_side_that_is_hit() -> None:
    rays = unit((1, 0, 0), (9, 1.9, 0), (0, 1, 0))
    hits = first_hits(HOME, rays, BOXES)
    assert incidence(rays, hits, BOXES, HOME)[:2] == pytest.approx([1.0, 9.0 / np.hypot(9.0, 1.9)])
    assert incidence(rays, hits, BOXES, HOME)[2] == pytest.approx(np.sqrt(0.5))


def test_the_world_is_hit_where_it_is() -> None:
    world = World(ring())
    car = world.spawn(Description(0, "vehicle.tesla.model3"), pose(40.0, 0.0, 0.3, 90.0))
    caster = world.sensors.caster
    above = np.array([40.0, 0.0, 10.0])
    down = np.array([[0.0, 0.0, -1.0], [0.0, np.sqrt(0.5), -np.sqrt(0.5)]])
    boxes = caster.near(above, 50.0)
    hits = caster.cast(above, down, 50.0, boxes)
    top = car.pose[2] + car.box.location[2] + car.box.extent[2]
    assert hits.distance[0] == pytest.approx(10.0 - top)
    assert boxes.ids[hits.index[0]] == car.id
    assert hits.distance[1] == pytest.approx(10.0 * np.sqrt(2.0))
    assert hits.index[1] == GROUND
    without = caster.cast(above, down, 50.0, caster.near(above, 50.0, without=car.id))
    assert without.distance[0] == pytest.approx(10.0)
    assert np.isinf(caster.cast(above, down, 5.0, boxes).distance).all()


def test_the_ground_has_the_labels_of_the_town() -> None:
    """The ring's lanes lie 3.5 m to both sides of the radius of 40 m; the outer lines are 12 cm wide."""
    surface = World(ring()).sensors.caster.surface
    at = np.array([[38.0, 0.0], [42.0, 0.0], [0.0, 0.0], [50.0, 0.0], [1e6, 0.0]])
    assert surface.labels(at).tolist() == [ROADS, ROADS, TERRAIN, TERRAIN, TERRAIN]
    turn = np.linspace(0.0, 2.0 * np.pi, 200)
    edge = 43.5 * np.column_stack([np.cos(turn), np.sin(turn)])
    assert (surface.labels(edge) == ROAD_LINES).mean() > 0.5
