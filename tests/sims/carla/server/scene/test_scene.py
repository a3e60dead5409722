"""What is drawn for a camera, and that both renderers draw the same."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sims.carla.server.actor import Description
from sims.carla.server.geometry import compose, pose, rotation_matrices
from sims.carla.server.records import VEHICLE
from sims.carla.server.scene.actors import Actors, turn_matrices
from sims.carla.server.scene.egl import EglRenderer
from sims.carla.server.scene.labels import CAR, ROADS, SKY, TERRAIN
from sims.carla.server.scene.raster import RasterRenderer
from sims.carla.server.scene.renderer import Renderer
from sims.carla.server.scene.scene import Scene
from sims.carla.server.scene.shapes import BRAKE_LAMP, SHAPES
from sims.carla.server.scene.statics import statics_of
from sims.carla.server.scene.tiles import Tiles
from sims.carla.server.scene.view import NEAR, View, pixels, view_of
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring

RED = (("color", 5, "200,10,10"),)
STATICS = statics_of(ring())


@pytest.fixture
def world() -> World:
    """A red car 12 m before another place on the ring."""
    world = World(ring())
    start = world.town.spawn_points[0]
    world.spawn(Description(0, "vehicle.tesla.model3", RED), compose(start, pose(12.0)))
    return world


def camera(world: World, width: int = 84, height: int = 84) -> View:
    return view_of(compose(world.town.spawn_points[0], pose(0.0, 0.0, 1.2)), width, height, 90.0)


def draw(renderer: Renderer, scene: Scene, view: View, *outputs: str) -> list[NDArray[np.uint8]]:
    buffers = [bytearray(4 * view.width * view.height + 12) for _ in outputs]
    renderer.render(scene.look(view), outputs, buffers, 12)
    return [np.frombuffer(b, np.uint8, offset=12).reshape(view.height, view.width, 4) for b in buffers]


@pytest.fixture(params=["egl", "cv2"])
def renderer(request: pytest.FixtureRequest) -> Renderer:
    return EglRenderer(STATICS) if request.param == "egl" else RasterRenderer(STATICS)


def test_a_picture_has_sky_above_road_below_and_the_car_in_between(world: World, renderer: Renderer) -> None:
    rgb, labels, ids = draw(renderer, Scene(world, STATICS), camera(world), "rgb", "semantic", "instance")
    label = labels[..., 2]
    assert (label[0] == SKY).all()
    assert label[70, 42] == ROADS
    assert TERRAIN in label
    assert not labels[..., :2].any()
    car = label == CAR
    assert 30 < car.sum() < 600
    rows, columns = np.nonzero(car)
    assert 36 < columns.mean() < 50
    assert 38 < rows.mean() < 55
    blue, green, red = rgb[car][:, :3].astype(int).T
    assert (red > green + 50).any()
    assert (blue[red > green + 50] < 80).all()
    vehicle = next(a for a in world.actors.values() if a.type_id.startswith("vehicle"))
    assert {tuple(pixel[:3]) for pixel in ids[car]} == {(vehicle.id >> 8, vehicle.id & 255, CAR)}
    assert (rgb[..., 3] == 255).all()


def test_depth_is_the_distance_along_the_axis(world: World, renderer: Renderer) -> None:
    """A level camera at height h sees the ground in row v at the depth f h / (v + 1/2 - H / 2)."""
    view = camera(world)
    depth, labels = draw(renderer, Scene(world, STATICS), view, "depth", "semantic")
    code = depth[..., :3].astype(np.int64)
    metres = (code[..., 2] + 256 * code[..., 1] + 65536 * code[..., 0]) * 1000.0 / (2**24 - 1)
    height = view.pose[2] - float(world.town.ground(np.array([view.pose[:2]]))[0])
    for row in (60, 70, 83):
        assert labels[row, 42, 2] == ROADS
        assert metres[row, 42] == pytest.approx(42.0 * height / (row + 0.5 - 42.0), rel=0.002)
    assert metres[0, 0] == pytest.approx(1000.0)
    vehicle = next(a for a in world.actors.values() if a.type_id.startswith("vehicle"))
    back = np.array([compose(vehicle.pose, pose(-vehicle.box.extent[0], 0.0, 0.5))[:3]])
    column, row, distance = pixels(view, back)[0]
    assert metres[int(row), int(column)] == pytest.approx(distance, abs=0.7)


def test_both_renderers_agree(world: World) -> None:
    scene, view = Scene(world, STATICS), camera(world, 200, 150)
    outputs = ("rgb", "depth", "semantic", "instance", "normals")
    one, two = (draw(r, scene, view, *outputs) for r in (EglRenderer(STATICS), RasterRenderer(STATICS)))
    for a, b in zip(one[2:], two[2:], strict=True):
        assert (np.abs(a.astype(int) - b) <= 1).all(axis=-1).mean() > 0.95
    assert (np.abs(one[0].astype(int) - two[0]) <= 3).all(axis=-1).mean() > 0.95


def test_outputs_of_one_drawing_are_those_of_drawings_of_their_own(world: World, renderer: Renderer) -> None:
    scene, view = Scene(world, STATICS), camera(world)
    together = draw(renderer, scene, view, "depth", "rgb")
    alone = [draw(renderer, scene, view, name)[0] for name in ("depth", "rgb")]
    for a, b in zip(together, alone, strict=True):
        assert np.array_equal(a, b)


def test_pictures_of_several_sizes_do_not_mix(world: World) -> None:
    """State of OpenGL that one size sets must not hold for the next."""
    scene, renderer = Scene(world, STATICS), EglRenderer(STATICS)
    small, large = camera(world, 20, 30), camera(world, 120, 90)
    outputs = ("rgb", "semantic", "depth")
    fresh = [draw(EglRenderer(STATICS), Scene(world, STATICS), view, *outputs) for view in (small, large)]
    for _ in range(2):
        for view, expected in zip((small, large), fresh, strict=True):
            for a, b in zip(draw(renderer, scene, view, *outputs), expected, strict=True):
                assert np.array_equal(a, b)


def test_pictures_do_not_depend_on_earlier_ones(world: World) -> None:
    view, away = camera(world), view_of(pose(100.0, 50.0, 5.0, 77.0), 84, 84, 70.0)
    fresh = draw(EglRenderer(STATICS), Scene(world, STATICS), view, "rgb")[0].copy()
    scene, renderer = Scene(world, STATICS), EglRenderer(STATICS)
    draw(renderer, scene, away, "rgb")
    assert np.array_equal(draw(renderer, scene, view, "rgb")[0], fresh)


def test_every_triangle_that_shows_is_drawn() -> None:
    """Whatever of the town has a corner in the picture and faces the camera is drawn, thin things apart."""
    tiles, random = Tiles(STATICS), np.random.default_rng(0)
    faces = STATICS.vertices[STATICS.begin :].reshape(-1, 3)
    large = np.isin(faces["label"][:, 0], (ROADS, TERRAIN))
    corners = faces["position"].astype(np.float64)
    count = 0
    for _ in range(30):
        place = np.array(
            [*random.uniform(-60, 60, 2), random.uniform(1, 20), *random.uniform(-40, 40, 2), 5.0]
        )
        view = view_of(place, 84, 60, float(random.uniform(40, 110)))
        drawn = {face.tobytes() for face in tiles.seen(view).vertices.reshape(-1, 3)}
        column, row, depth = pixels(view, corners.reshape(-1, 3)).T.reshape(3, -1, 3)
        inside = (depth > 0.2) & (depth < 150) & (column > 0) & (column < 84) & (row > 0) & (row < 60)
        facing = ((place[:3] - corners[:, 0]) * faces["normal"][:, 0]).sum(axis=1) > 0.0
        shown = faces[large & facing & inside.any(axis=1)]
        count += len(shown)
        assert all(face.tobytes() in drawn for face in shown)
    assert count > 100


def test_triangles_that_may_reach_the_near_plane_are_told_apart() -> None:
    """For every camera of the same cell, which has its pictures drawn from the same list."""
    tiles, random = Tiles(STATICS), np.random.default_rng(1)
    base = np.array([40.0, 0.0, 2.0, 0.0, 84.0, 0.0])
    seen = tiles.seen(view_of(base, 84, 84, 90.0))
    assert 0 < seen.clear < len(seen.vertices)
    clear = seen.vertices["position"][: seen.clear].astype(np.float64)
    for _ in range(50):
        shift = np.array(
            [*random.uniform(-3.9, 3.9, 2), *random.uniform(-1.9, 1.9, 1), *random.uniform(-5.9, 5.9, 3)]
        )
        view = view_of(base + shift, 84, 84, 90.0)
        if tiles.seen(view) is seen:
            assert pixels(view, clear)[:, 2].min() > NEAR


def test_actors_are_where_their_records_say_and_brake_lamps_light(world: World) -> None:
    actors = Actors(world)
    actors.update()
    car = next(a for a in world.actors.values() if a.type_id.startswith("vehicle"))
    assert actors.ids.tolist() == [car.id]
    assert actors.centres[0] == pytest.approx(compose(car.pose, np.array([*car.box.location, 0, 0, 0]))[:3])
    assert actors.instances["paint"][0].tolist() == [200, 10, 10]
    assert not actors.instances["state"][0] & BRAKE_LAMP
    world.records.view(VEHICLE)["brake"][car.row] = 1.0
    world.frame += 1
    actors.update()
    assert actors.instances["state"][0] & BRAKE_LAMP
    world.destroy(car.id)
    actors.update()
    assert not len(actors.ids)


def test_far_cars_are_simple_and_those_behind_are_not_drawn(world: World) -> None:
    scene, view = Scene(world, STATICS), camera(world)
    car, far = (STATICS.shapes[SHAPES.index(name), 0] for name in ("car", "far_car"))
    assert car in scene.look(view).commands[:, 2]
    back = view_of(compose(np.array(view.pose), pose(-40.0)), 84, 84, 90.0)
    assert far in scene.look(back).commands[:, 2]
    turned = view_of(compose(np.array(view.pose), pose(yaw=180.0)), 84, 84, 90.0)
    assert len(scene.look(turned).instances) == 1


def test_turn_matrices_are_those_of_the_geometry() -> None:
    angles = np.random.default_rng(1).uniform(-180, 180, (20, 3))
    assert turn_matrices(angles) == pytest.approx(rotation_matrices(angles))
