"""What clients draw, and what cameras see of it."""

import numpy as np
import pytest

from sims.carla.server.arguments import WireError
from sims.carla.server.drawings import MOST, Drawings, drawing, project
from sims.carla.server.scene.view import View
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring

AHEAD = View((0.0, 0.0, 2.0, 0.0, 0.0, 0.0), 200, 100, 90.0)
"""From 2 m above the origin along x; a metre at 10 m is 10 px."""
RED = [255, 0, 0]


def line(begin: list[float], end: list[float], life: float = -1.0) -> list:
    return [[1, [begin, end, 0.1]], RED, life, True]


@pytest.fixture
def drawings() -> Drawings:
    return World(ring()).drawings


def test_shapes_stay_as_long_as_they_are_wanted(drawings: Drawings) -> None:
    drawings.draw(line([0.0] * 3, [1.0] * 3, 0.12))
    drawings.draw(line([0.0] * 3, [1.0] * 3))
    for _ in range(4):
        assert len(drawings.shapes) == 2
        drawings.world.step(0.05)
    assert [shape.until for shape in drawings.shapes] == [np.inf]
    drawings.draw([[4, [[0.0, 0.0, 0.0], "here", False]], RED, 0.0, True])
    drawings.clear(False)
    assert [shape.is_text for shape in drawings.shapes] == [True]
    drawings.clear(True)
    assert not drawings.shapes


def test_the_oldest_give_way(drawings: Drawings) -> None:
    for n in range(MOST + 5):
        drawings.draw(line([float(n), 0.0, 0.0], [1.0] * 3))
    assert len(drawings.shapes) == MOST
    assert drawings.shapes[0].lines[0, 0, 0] == 5.0


def test_a_line_is_where_the_camera_sees_it() -> None:
    lines = np.array([[[10.0, -1.0, 2.0], [10.0, 1.0, 3.0]], [[-5.0, 0.0, 2.0], [-6.0, 0.0, 2.0]]])
    ends, depths, which = project(AHEAD, lines)
    assert ends.tolist() == [[[90, 50], [110, 40]]]
    assert depths == pytest.approx([10.0])
    assert which.tolist() == [0]


def test_what_comes_from_behind_the_camera_is_cut() -> None:
    ends, depths, _ = project(AHEAD, np.array([[[-10.0, 0.0, 1.0], [10.0, 0.0, 1.0]]]))
    assert depths == pytest.approx([0.15])
    assert ends[0, 1].tolist() == [100, 60]
    assert ends[0, 0, 1] > 100


def test_a_picture_shows_points_lines_arrows_and_boxes(drawings: Drawings) -> None:
    pytest.importorskip("cv2")
    pixels = np.zeros((100, 200, 4), np.uint8)
    drawings.draw([[0, [[10.0, 5.0, 2.0], 0.3]], RED, 0.0, True])
    drawings.draw([[2, [[[10.0, -8.0, 2.0], [10.0, -6.0, 2.0], 0.1], 0.5]], [0, 255, 0], 0.0, True])
    drawings.draw(
        [[3, [[[10.0, 0.0, 2.0], [1.0, 1.0, 1.0], [0.0] * 3, 0], [0.0] * 3, 0.05]], [0, 0, 255], 0.0, True]
    )
    drawings.paint(AHEAD, pixels)
    assert pixels[50, 150].tolist() == [0, 0, 255, 255]
    assert pixels[50, 30].tolist() == [0, 255, 0, 255]
    # The near side of the box: a metre at 9 m is 11 px.
    assert pixels[50 + 11, 100].tolist() == [255, 0, 0, 255]
    assert pixels[5, 5].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", [5, 6, 7, 8])
def test_what_is_drawn_on_the_screen_no_camera_sees(kind: int) -> None:
    straight = [[0.0] * 3, [1.0] * 3, 0.1]
    bodies = {
        5: [[0.0] * 3, 0.1],
        6: straight,
        7: [straight, 0.1],
        8: [[[0.0] * 3, [1.0] * 3, [0.0] * 3, 0], [0.0] * 3, 0.1],
    }
    assert not len(drawing([[kind, bodies[kind]], RED, 1.0, True], 0.0).lines)


@pytest.mark.parametrize(
    "shape",
    [
        [],
        [[9, [[0.0] * 3]], RED, 1.0],
        [[1, [[0.0] * 3]], RED, 1.0],
        [[0, [[float("nan")] * 3, 1.0]], RED, 1.0],
    ],
)
def test_nonsense_is_refused(shape: list) -> None:
    with pytest.raises(WireError):
        drawing(shape, 0.0)
