"""The bird's-eye view: what is where."""

import numpy as np
import pytest

from sims.carla.drive.bev import BirdEyeView
from sims.carla.drive.cfg import BevCfg
from sims.carla.drive.picture import COLOURS, EGO, mark_ego, paint
from sims.carla.drive.raster import draw_mask, draw_town, off_road_share
from sims.carla.drive.signals import GREEN, RED, STOP, YELLOW
from sims.carla.drive.terms import CHANNELS
from tests.sims.carla.drive.scenes import car, ego_at, road_users, scene, stop_lines, straight, walker

CFG = BevCfg(size=64, pixels_per_metre=1.0, behind=16.0, route_width=3.0)
ROW, COLUMN = 48, 32


@pytest.fixture(scope="module")
def street():
    """One lane of 4 m along +x from (0, 0) to (100, 0), as `draw_town` wants it."""
    s = np.arange(101.0)
    lane = type("Segment", (), {})()
    lane.points = np.stack((s, 0 * s, 0 * s), axis=-1)
    lane.yaw, lane.width, lane.junction = 0 * s, 0 * s + 4.0, -1
    lane.marks = ("Solid", "Broken")
    graph = type("Graph", (), {})()
    graph.segments = (lane,)
    return graph


def draw(street, lines=None, **changes):
    lines = stop_lines() if lines is None else lines
    view = BirdEyeView(draw_town(street, CFG.pixels_per_metre), lines, CFG).draw(
        scene(lines=lines, **changes)
    )
    return {name: view[..., i] for i, name in enumerate(CHANNELS)}


def where(layer):
    """Mean row and column of what is drawn."""
    rows, columns = np.nonzero(layer > 127)
    return rows.mean(), columns.mean()


def test_shape(street):
    view = BirdEyeView(draw_town(street, 1.0), stop_lines(), CFG).draw(scene())
    assert view.shape == (64, 64, len(CHANNELS))
    assert view.dtype == np.uint8
    assert view.flags.c_contiguous


@pytest.mark.parametrize("yaw", [0.0, 0.7, -2.0])
def test_cars_ahead_are_up_and_on_the_left_are_left(street, yaw):
    forward, left = np.array([np.cos(yaw), np.sin(yaw)]), np.array([np.sin(yaw), -np.cos(yaw)])
    ahead, beside = 20.0 * forward, 12.0 * left
    ego = ego_at(yaw=yaw)
    route = straight(yaw=yaw)
    one = draw(street, ego=ego, route=route, others=road_users(car(*ahead, yaw)))["vehicles"]
    assert where(one) == pytest.approx((ROW - 20, COLUMN), abs=0.7)
    assert np.ptp(np.nonzero(one)[0]) >= np.ptp(np.nonzero(one)[1]) + 1, "longer than wide"
    two = draw(street, ego=ego, route=route, others=road_users(car(*beside, yaw)))["vehicles"]
    assert where(two) == pytest.approx((ROW, COLUMN - 12), abs=0.7)


def test_motion_reaches_where_they_will_be(street):
    layers = draw(street, others=road_users(car(10.0, 0.0, vx=10.0)))
    rows = np.nonzero(layers["motion"])[0]
    assert rows.min() == pytest.approx(ROW - 25, abs=1.5)
    assert rows.max() == pytest.approx(ROW - 10, abs=1.5)


def test_walkers_have_a_channel_of_their_own(street):
    layers = draw(street, others=road_users(walker(10.0, -4.0)))
    assert where(layers["walkers"]) == pytest.approx((ROW - 10, COLUMN - 4), abs=0.7)
    assert not layers["vehicles"].any()


def test_route_goes_up_from_the_ego(street):
    layer = draw(street)["route"]
    assert where(layer)[1] == pytest.approx(COLUMN, abs=0.6)
    assert (layer[:ROW, COLUMN] == 255).all()
    assert not layer[ROW + 6 :].any()


def test_road_and_marks_turn_with_the_ego(street):
    ahead = draw(street, ego=ego_at(x=30.0))
    assert (ahead["road"][:, COLUMN] == 255).all()
    assert not ahead["road"][:, COLUMN + 6].any()
    # The solid mark is on the left in driving direction; the broken one is grey.
    assert ahead["lane_marks"][10, COLUMN - 3 : COLUMN].max() == 255
    assert ahead["lane_marks"][10, COLUMN + 1 : COLUMN + 4].max() == 128
    across = draw(street, ego=ego_at(x=30.0, yaw=np.pi / 2))
    assert (across["road"][ROW, 2:60] == 255).all()
    assert not across["road"][ROW - 6].any()


@pytest.mark.parametrize(("state", "value"), [(RED, 255), (YELLOW, 170), (STOP, 90), (GREEN, 0)])
def test_stop_lines_that_hold_the_ego(street, state, value):
    layer = draw(street, lines=stop_lines((20.0, 0.0, 0.0, state)))["stop_lines"]
    assert layer.max() == value
    if value:
        rows, columns = np.nonzero(layer)
        assert rows.mean() == pytest.approx(ROW - 20, abs=1.0)
        assert np.ptp(columns) >= 3


def test_lines_off_the_route_are_not_drawn(street):
    assert not draw(street, lines=stop_lines((20.0, 3.5, 0.0, RED)))["stop_lines"].any()


def test_off_road_share(street):
    mask, extent = draw_mask(street), np.array([2.4, 1.0])
    assert off_road_share(mask, np.array([50.0, 0.0]), 0.0, extent) == 0.0
    assert off_road_share(mask, np.array([50.0, 1.9]), 0.0, extent) == pytest.approx(1 / 3)
    assert off_road_share(mask, np.array([50.0, 8.0]), 0.0, extent) == 1.0
    assert off_road_share(mask, np.array([900.0, 900.0]), 0.0, extent) == 1.0


def test_town_has_roads_where_its_lanes_are(graph):
    mask = draw_mask(graph)
    for lane in graph.segments:
        middle = len(lane.s) // 2
        assert off_road_share(mask, lane.points[middle, :2], float(lane.yaw[middle]), np.full(2, 0.5)) == 0.0


def test_painting():
    view = np.zeros((8, 8, len(CHANNELS)), np.uint8)
    view[2, 3, CHANNELS.index("vehicles")] = 255
    image = paint(view)
    assert tuple(image[2, 3]) == COLOURS["vehicles"]
    mark_ego(image, 6.0, 4.0, 1.0, 0.0)
    assert tuple(image[6, 4]) == EGO
    assert tuple(image[2, 3]) == COLOURS["vehicles"]
