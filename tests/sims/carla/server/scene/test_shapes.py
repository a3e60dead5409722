import numpy as np
import pytest

from sims.carla.server.scene.labels import RIDER
from sims.carla.server.scene.shapes import BRAKE_LAMP, GREEN_LAMP, RED_LAMP, SHAPES, YELLOW_LAMP, shapes
from sims.carla.server.scene.vertices import VERTEX, hull, quads, triangles

BY_NAME = dict(zip(SHAPES, shapes(), strict=True))


def test_a_vertex_has_the_bytes_that_the_shader_reads() -> None:
    assert VERTEX.itemsize == 24
    offsets = [VERTEX.fields[name][1] for name in ("normal", "layer", "colour", "label", "identity", "lamp")]  # type: ignore[index]
    assert offsets == [12, 15, 16, 20, 21, 23]


def test_the_faces_of_a_box_point_outwards() -> None:
    faces = triangles(quads(hull((-1.0,) * 3, (1.0,) * 3)), (1, 2, 3))
    middles = faces["position"].reshape(-1, 3, 3).mean(axis=1)
    normals = faces["normal"][::3] / 127.0
    assert len(middles) == 12
    assert (normals * middles).sum(axis=1) == pytest.approx(np.ones(12))


def test_triangles_without_a_face_are_left_out() -> None:
    assert len(triangles(np.zeros((3, 3, 3)), (0, 0, 0))) == 0


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_fills_its_box_and_no_more(name: str) -> None:
    corners = BY_NAME[name]["position"]
    assert np.abs(corners).max() <= 1.03
    assert (np.abs(corners).max(axis=0) > [0.5, 0.75, 0.97]).all()


def test_lamps_and_riders_are_where_they_should_be() -> None:
    car = BY_NAME["car"]
    assert (car["position"][car["lamp"] == BRAKE_LAMP][:, 0] < -0.9).all()
    lights = BY_NAME["lights"]
    heights = [
        lights["position"][lights["lamp"] == lamp][:, 2].mean()
        for lamp in (RED_LAMP, YELLOW_LAMP, GREEN_LAMP)
    ]
    assert heights == sorted(heights, reverse=True)
    assert RIDER in BY_NAME["bike"]["label"]
    assert not BY_NAME["car"]["label"].any()
