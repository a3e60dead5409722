"""Optical flow against numbers worked out by hand, and in a world with both renderers."""

import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sims.carla.server.actor import Actor, Description
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import compose, pose
from sims.carla.server.scene.labels import CAR, MOTORCYCLE, RIDER, SKY
from sims.carla.server.scene.view import View, pixels, view_of
from sims.carla.server.sensors.flow import Moment, apparent, moved, nearness, scenery_move, slopes
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring

FLOW = 8
SIZE = {"image_size_x": 80, "image_size_y": 60}
EYE = view_of(pose(), 80, 60, 90.0)
"""Its focal length is 40 px, half its width 40 px and half its height 30 px."""
Sent = list[tuple[int, int, bytes]]


def seen(now: View, before: View, depth: float) -> NDArray[np.float64]:
    """(h, w, 2) flow where everything stands still at one depth; an infinite one is the sky."""
    return apparent(now, scenery_move(now, before), *slopes(now), np.full((now.height, now.width), 1 / depth))


def test_a_step_to_the_right_moves_a_wall_to_the_left() -> None:
    """0.5 m at 10 m: 40 px * 0.5 / 10 = 2 px, and 2 / 40 half widths."""
    flow = seen(replace(EYE, pose=(0.0, 0.5, 0.0, 0.0, 0.0, 0.0)), EYE, 10.0)
    assert flow[..., 0] == pytest.approx(np.full((60, 80), -0.05))
    assert flow[..., 1] == pytest.approx(np.zeros((60, 80)))


def test_a_step_up_moves_it_down_which_is_negative() -> None:
    """0.5 m at 10 m: 2 px of 30 in half the height."""
    flow = seen(replace(EYE, pose=(0.0, 0.0, 0.5, 0.0, 0.0, 0.0)), EYE, 10.0)
    assert flow[..., 1] == pytest.approx(np.full((60, 80), -2.0 / 30.0))


def test_a_step_ahead_widens_the_picture() -> None:
    """At 10 m what was at 11 m: a pixel 39.5 px to the right of the middle was there at 39.5 * 10 / 11."""
    flow = seen(replace(EYE, pose=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)), EYE, 10.0)
    assert flow[30, 79, 0] == pytest.approx((39.5 - 39.5 * 10.0 / 11.0) / 40.0)
    assert flow[30, 0, 0] == pytest.approx(-flow[30, 79, 0])
    assert flow[0, 40, 1] == pytest.approx(29.5 / 11.0 / 30.0)


@pytest.mark.parametrize("depth", [1.0, 40.0, np.inf])
def test_a_turn_moves_everything_alike_however_far_it_is(depth: float) -> None:
    """3 degrees to the right: what is at the angle a was at a + 3 degrees."""
    flow = seen(replace(EYE, pose=(0.0, 0.0, 0.0, 0.0, 3.0, 0.0)), EYE, depth)
    angle = np.arctan((np.arange(80) + 0.5 - 40.0) / 40.0)
    assert flow[30, :, 0] == pytest.approx(np.tan(angle) - np.tan(angle + np.radians(3.0)))


def test_the_sky_turns_and_does_not_shift() -> None:
    assert not seen(replace(EYE, pose=(5.0, 1.0, 2.0, 0.0, 0.0, 0.0)), EYE, np.inf).any()


def test_what_stands_still_has_no_flow_at_all() -> None:
    turned = view_of(np.array([3.0, 4.0, 1.0, 7.0, 33.0, 2.0]), 80, 60, 77.0)
    assert not seen(turned, turned, 3.7).any()


def test_flow_ends_at_two() -> None:
    """A step to the right by 10 m at 1 m is 10 half pictures; a step back shows what was behind."""
    assert (seen(replace(EYE, pose=(0.0, 10.0, 0.0, 0.0, 0.0, 0.0)), EYE, 1.0)[..., 0] == -2.0).all()
    back = seen(replace(EYE, pose=(-5.0, 0.0, 0.0, 0.0, 0.0, 0.0)), EYE, 1.0)
    assert np.isfinite(back).all()
    assert back[30, 79, 0] == -2.0


def test_depths_are_read_from_the_pictures() -> None:
    """Code 167772 is 167772 * 1000 / (2^24 - 1) m, in red, green, blue from the low byte."""
    depth, instance = np.full((1, 2, 4), 255, np.uint8), np.zeros((1, 2, 4), np.uint8)
    depth[0, 0, :3] = 167772 >> 16, 167772 >> 8 & 255, 167772 & 255
    instance[0, :, 2] = CAR, SKY
    assert nearness(depth, instance)[0] == pytest.approx([(2**24 - 1) / 167772e3, 0.0])


def moment(*actors: tuple[int, int, float]) -> Moment:
    """Actors with id, label and place on the y axis, as the camera at the origin has them."""
    ids, labels, places = (np.array(column) for column in zip(*actors, strict=True))
    centres = np.column_stack([np.full(len(places), 10.0), places, np.zeros(len(places))])
    return Moment(EYE, ids, labels, centres, np.broadcast_to(np.eye(3), (len(places), 3, 3)))


def test_only_who_has_moved_is_told_apart_and_riders_move_with_their_bikes() -> None:
    before = moment((3, CAR, 0.0), (0x1234, MOTORCYCLE, 2.0), (9, CAR, 5.0))
    now = moment((3, CAR, 0.0), (0x1234, MOTORCYCLE, 3.0), (10, CAR, 5.0))
    movers = moved(now, before)
    assert len(movers.moves) == 1
    assert movers.keys.tolist() == [RIDER << 16 | 0x1234, MOTORCYCLE << 16 | 0x1234]
    picture = np.zeros((2, 2, 4), np.uint8)
    picture[0, 1, :3], picture[1, 0, :3] = (0x12, 0x34, RIDER), (0x12, 0x34, MOTORCYCLE)
    picture[1, 1, :3] = 0x12, 0x34, CAR  # another thing of the same number
    assert [array.tolist() for array in movers.find(picture)] == [[0, 1], [1, 0], [0, 0]]
    turn, shift = movers.moves[0]
    assert turn == pytest.approx(np.eye(3))
    assert shift == pytest.approx([0.0, -1.0, 0.0])


@pytest.fixture
def sent() -> Sent:
    """(stream, sensor type, payload) of every message."""
    return []


@pytest.fixture
def quiet() -> set[int]:
    """Streams that nobody listens to."""
    return set()


@pytest.fixture(params=["egl", "cv2"])
def world(request: pytest.FixtureRequest, sent: Sent, quiet: set[int]) -> Any:
    def publish(stream: int, kind: int, payload: bytes | memoryview, at: Any) -> None:
        sent.append((stream, kind, bytes(payload)))

    world = World(
        ring(), publish=publish, subscribed=lambda stream: stream not in quiet, renderer=request.param
    )
    yield world
    world.close()


def camera(
    world: World, at: Any, name: str = "optical_flow", parent: Actor | None = None, **attributes: Any
) -> Actor:
    words = tuple((key, 3, str(value)) for key, value in {**SIZE, **attributes}.items())
    return world.spawn(Description(0, f"sensor.camera.{name}", words), at, parent)


def observe(world: World) -> None:
    """A frame in which nothing moves."""
    world.frame += 1
    world.elapsed += 0.05
    world.delta = 0.05
    world.observe()


def flow_of(payload: bytes) -> NDArray[np.float32]:
    width, height, _ = struct.unpack_from("<IIf", payload)
    return np.frombuffer(payload, "<f4", offset=12).reshape(height, width, 2)


def test_the_road_passes_by_below_a_camera_that_moves(world: World, sent: Sent) -> None:
    """From the height h row v shows the road at f h / (v + 1/2 - H / 2); the sky above stands still."""
    eye = camera(world, pose(38.0, 0.0, 2.0, 90.0))
    observe(world)
    assert not flow_of(sent[-1][2]).any()
    assert struct.unpack_from("<IIf", sent[-1][2]) == (80, 60, 90.0)
    world.place(eye, compose(eye.pose, pose(0.0, 0.25)))
    observe(world)
    assert sent[-1][1] == FLOW
    flow = flow_of(sent[-1][2])
    for row in (45, 50, 59):
        depth = 40.0 * 2.0 / (row + 0.5 - 30.0)
        assert flow[row, 40] == pytest.approx([-40.0 * 0.25 / depth / 40.0, 0.0], abs=2e-4)
    assert not flow[0].any()
    observe(world)
    assert not flow_of(sent[-1][2]).any()


def test_a_car_that_passes_a_camera_at_rest_moves_alone(world: World, sent: Sent) -> None:
    """0.4 m along its way, seen from the side: 40 px * 0.4 / depth of its flank, to the right."""
    car = world.spawn(Description(0, "vehicle.tesla.model3"), pose(38.0, 0.0, 0.0, 90.0))
    place = pose(38.0 - 6.0 - car.box.extent[1], 0.0, 0.5)
    camera(world, place)
    camera(world, place, "semantic_segmentation")
    observe(world)
    world.place(car, compose(car.pose, pose(0.4)))
    observe(world)
    flow = flow_of(sent[-2][2])
    label = np.frombuffer(sent[-1][2], np.uint8, offset=12).reshape(60, 80, 4)[..., 2]
    assert (label == CAR).sum() > 100
    assert not flow[label != CAR].any()
    assert (flow[label == CAR, 0] > 0.0).all()
    assert flow[30, 40] == pytest.approx([40.0 * 0.4 / 6.0 / 40.0, 0.0], abs=2e-3)


def test_a_turning_car_and_camera_are_followed_point_by_point(world: World, sent: Sent) -> None:
    """A place of the road seen from two poses, and the camera's own carrier, which stands still."""
    car = world.spawn(Description(0, "vehicle.tesla.model3"), pose(38.0, 0.0, 0.0, 90.0))
    place = np.array([-6.0, 0.0, 3.0, -15.0, 0.0, 0.0])
    camera(world, place, parent=car)
    observe(world)
    views = [view_of(compose(car.pose, place), 80, 60, 90.0)]
    world.place(car, compose(car.pose, pose(0.5, 0.1, 0.0, 4.0)))
    world.attachments.step(0.0)
    observe(world)
    flow = flow_of(sent[-1][2])
    views.append(view_of(compose(car.pose, place), 80, 60, 90.0))
    assert flow[30, 40] == pytest.approx([0.0, 0.0], abs=1e-4)
    right, up = slopes(views[1])
    row, column = 55, 5
    ray = np.array([1.0, right[0, column], up[row, 0]]) @ views[1].axes
    point = np.array(views[1].pose[:3]) - views[1].pose[2] / ray[2] * ray  # on the ground
    (u, v, _), (u0, v0, _) = (pixels(view, point[None])[0] for view in reversed(views))
    assert (u, v) == pytest.approx((column + 0.5, row + 0.5))
    assert flow[row, column] == pytest.approx([(u - u0) / 40.0, (v0 - v) / 30.0], abs=5e-3)


def test_a_picture_that_nobody_saw_is_not_compared_with(world: World, sent: Sent, quiet: set[int]) -> None:
    eye = camera(world, pose(38.0, 0.0, 2.0, 90.0))
    observe(world)
    quiet.add(eye.stream)
    observe(world)
    quiet.clear()
    world.place(eye, pose(38.0, 5.0, 2.0, 90.0))
    observe(world)
    assert len(sent) == 2
    assert not flow_of(sent[-1][2]).any()


def test_a_picture_whose_message_would_be_too_large_is_refused(world: World) -> None:
    with pytest.raises(RpcError, match="4096 x 4096 has more than 8388608 pixels"):
        camera(world, pose(), image_size_x=4096, image_size_y=4096)
