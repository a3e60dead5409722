"""What the sensors measure in a world without clients."""

import struct
from typing import Any

import msgpack
import numpy as np
import pytest

from sims.carla.server.actor import Actor, Description
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import pose
from sims.carla.server.scene.labels import CAR, ROADS
from sims.carla.server.sensors.lidar import SEMANTIC_POINT
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring

CAR_TYPE = "vehicle.tesla.model3"
Sent = list[tuple[int, int, bytes]]


@pytest.fixture
def sent() -> Sent:
    """(stream, sensor type, payload) of every message."""
    return []


@pytest.fixture
def world(sent: Sent) -> World:
    def publish(stream: int, kind: int, payload: bytes | memoryview, at: Any) -> None:
        sent.append((stream, kind, bytes(payload)))

    return World(ring(), seed=3, publish=publish, subscribed=lambda stream: True)


@pytest.fixture
def car(world: World) -> Actor:
    """A car at rest, looking along +y."""
    return world.spawn(Description(0, CAR_TYPE), pose(38.0, 0.0, 0.0, 90.0))


def sensor(world: World, name: str, parent: Actor | None, at: Any, **attributes: Any) -> Actor:
    """Spawn one."""
    words = tuple((key, 3, str(value)) for key, value in attributes.items())
    return world.spawn(Description(0, f"sensor.{name}", words), at, parent)


def observe(world: World, dt: float = 0.05) -> None:
    """A frame in which nothing moves."""
    world.frame += 1
    world.elapsed += dt
    world.delta = dt
    world.observe()


def lidar_points(payload: bytes, dtype: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """Angle, points of each channel, points."""
    angle, channels = struct.unpack_from("<fI", payload)
    counts = np.frombuffer(payload, "<u4", channels, 8)
    return angle, counts, np.frombuffer(payload, dtype, offset=8 + 4 * channels)


def test_a_lidar_sees_a_car_where_its_back_is(world: World, sent: Sent, car: Actor) -> None:
    """2,000 points/s over 2 channels at 20 Hz are 50 in each channel, here over a whole turn."""
    sensor(
        world, "lidar.ray_cast", None, pose(38.0, -20.0, 0.6, 90.0), channels=2, range=100, upper_fov=0,
        lower_fov=-10, points_per_second=2000, rotation_frequency=20, dropoff_general_rate=0,
    )  # fmt: skip
    observe(world)
    angle, counts, points = lidar_points(sent[-1][2], ("<f4", 4))
    assert angle == pytest.approx(0.0, abs=1e-5)
    assert counts[1] == 50
    ahead = points[
        np.argmin(np.abs(points[:, 1]) + 100 * (np.abs(points[:, 2]) > 0.01) + 100 * (points[:, 0] < 0))
    ]
    back = 20.0 + car.box.location[0] - car.box.extent[0]
    assert ahead[:3] == pytest.approx([back, 0.0, 0.0], abs=1e-3)
    assert ahead[3] == pytest.approx(np.exp(-0.004 * back), rel=1e-4)
    down = points[counts[0] :]
    ground = down[down[:, 2] < -0.59]
    assert np.linalg.norm(ground[:, :2], axis=1) == pytest.approx(0.6 / np.tan(np.radians(10.0)), rel=1e-3)


def test_a_semantic_lidar_tells_cars_from_the_road(world: World, sent: Sent, car: Actor) -> None:
    sensor(
        world, "lidar.ray_cast_semantic", None, pose(38.0, -20.0, 1.5, 90.0), channels=16, range=50,
        upper_fov=5, lower_fov=-25, points_per_second=200000, rotation_frequency=20,
    )  # fmt: skip
    observe(world)
    _, counts, points = lidar_points(sent[-1][2], SEMANTIC_POINT)
    assert counts.sum() == len(points)
    on_car = points[points["id"] == car.id]
    assert len(on_car) > 10
    assert (on_car["label"] == CAR).all()
    assert (on_car["cosine"].max() > 0.99) and (points["cosine"] <= 1.0 + 1e-6).all()
    below = points[(points["id"] == 0) & (np.abs(points["point"][:, 1]) < 1.0) & (points["point"][:, 0] > 0)]
    assert (below["label"] == ROADS).mean() > 0.8
    assert below["point"][:, 2] == pytest.approx(-1.5, abs=1e-3)


def test_a_lidar_does_not_see_its_carrier_and_turns_on(world: World, sent: Sent, car: Actor) -> None:
    sensor(world, "lidar.ray_cast", car, pose(0.0, 0.0, 1.7), range=60, dropoff_general_rate=0)
    for _ in range(2):
        observe(world)
    (first, _, points), (second, _, _) = (lidar_points(message[2], ("<f4", 4)) for message in sent)
    assert np.degrees(first) == pytest.approx(180.0, abs=1e-3)
    assert np.degrees(second) == pytest.approx(0.0, abs=1e-3)
    assert np.linalg.norm(points[:, :3], axis=1).min() > 3.3
    assert np.arctan2(points[:, 1], points[:, 0]).max() < 0.01


def test_weak_returns_are_lost_and_noise_follows_its_seed(world: World, sent: Sent, car: Actor) -> None:
    for seed in (1, 1, 2):
        sensor(world, "lidar.ray_cast", car, pose(0.0, 0.0, 1.7), range=60, noise_seed=seed, noise_stddev=0.1)
    sensor(world, "lidar.ray_cast", car, pose(0.0, 0.0, 1.7), range=60, dropoff_general_rate=0,
           dropoff_zero_intensity=0)  # fmt: skip
    observe(world)
    clouds = [lidar_points(message[2], ("<f4", 4))[2] for message in sent]
    assert len(clouds[0]) == pytest.approx(0.55 * len(clouds[3]), rel=0.1)
    again: Sent = []
    other = World(ring(), seed=3, publish=lambda s, k, p, at: again.append((s, k, bytes(p))),
                  subscribed=lambda stream: True)  # fmt: skip
    twin = other.spawn(Description(0, CAR_TYPE), pose(38.0, 0.0, 0.0, 90.0))
    sensor(other, "lidar.ray_cast", twin, pose(0.0, 0.0, 1.7), range=60, noise_seed=1, noise_stddev=0.1)
    observe(other)
    assert again[0][2] == sent[0][2]
    assert sent[0][2] != sent[2][2]
    assert np.std(clouds[0][:, 2] / clouds[0][:, 2].mean()) > 1e-3


def test_a_radar_gives_distance_and_closing_speed(world: World, sent: Sent, car: Actor) -> None:
    world.records.rows["velocity"][car.row] = (0.0, -5.0, 0.0)
    sensor(world, "other.radar", None, pose(38.0, -20.0, 0.6, 90.0), horizontal_fov=2, vertical_fov=0.5,
           points_per_second=2000)  # fmt: skip
    observe(world)
    points = np.frombuffer(sent[-1][2], "<f4").reshape(-1, 4)
    assert len(points) == 100
    velocity, azimuth, altitude, depth = points.T
    assert depth == pytest.approx(20.0 + car.box.location[0] - car.box.extent[0], abs=0.01)
    assert velocity == pytest.approx(-5.0, abs=0.01)
    assert np.abs(azimuth).max() <= np.radians(1.0) and np.abs(altitude).max() <= np.radians(0.25)
    assert np.abs(azimuth).max() > np.radians(0.5)


def imu(sent: Sent) -> tuple[np.ndarray, np.ndarray, float]:
    accelerometer, gyroscope, compass = msgpack.unpackb(sent[-1][2])
    return np.array(accelerometer), np.array(gyroscope), compass


def test_an_imu_at_rest_reads_gravity_and_its_heading(world: World, sent: Sent, car: Actor) -> None:
    """North is -y: facing +y is 180 degrees, +x 90 degrees."""
    sensor(world, "other.imu", car, pose())
    sensor(world, "other.imu", None, np.array([0.0, 0.0, 1.0, 90.0, 0.0, 0.0]))
    sensor(world, "other.imu", None, pose())
    for _ in range(2):
        observe(world)
    for index, up, compass in (
        (-3, (0, 0, 9.81), np.pi),
        (-2, (9.81, 0, 0), None),
        (-1, (0, 0, 9.81), np.pi / 2),
    ):
        acceleration, rate, heading = msgpack.unpackb(sent[index][2])
        assert acceleration == pytest.approx(up, abs=1e-6)
        assert rate == pytest.approx((0, 0, 0))
        assert compass is None or heading == pytest.approx(compass, abs=1e-6)


def test_an_imu_in_a_curve_reads_the_pull_to_the_side(world: World, sent: Sent, car: Actor) -> None:
    """10 m/s on 40 m radius to the right: 0.25 rad/s and 2.5 m/s2 to the right (+y of the sensor)."""
    sensor(world, "other.imu", car, pose())
    row = world.records.rows
    for heading in (0.0, 0.0125):
        row["velocity"][car.row] = (10.0 * np.cos(heading), 10.0 * np.sin(heading), 0.0)
        row["angular_velocity"][car.row] = (0.0, 0.0, np.degrees(0.25))
        world.records.poses[car.row, 4] = np.degrees(heading)
        world.attachments.step(0.0)
        observe(world)
    acceleration, rate, _ = imu(sent)
    assert acceleration == pytest.approx([0.0, 2.5, 9.81], abs=0.03)
    assert rate == pytest.approx([0.0, 0.0, 0.25], abs=1e-6)


def test_a_lever_adds_the_turning_to_the_velocity(world: World, sent: Sent, car: Actor) -> None:
    """1 rad/s, 2 m ahead of the centre of turning: the centripetal 2 m/s2 points back."""
    sensor(world, "other.imu", car, pose(2.0))
    for heading in (0.0, 0.001):
        world.records.rows["angular_velocity"][car.row] = (0.0, 0.0, np.degrees(1.0))
        world.records.poses[car.row, 4] = np.degrees(heading)
        world.attachments.step(0.0)
        observe(world, dt=0.001)
    assert imu(sent)[0] == pytest.approx([-2.0, 0.0, 9.81], abs=0.01)


def test_biases_and_noise_are_added(world: World, sent: Sent, car: Actor) -> None:
    sensor(world, "other.imu", car, pose(), noise_gyro_bias_y=0.5, noise_accel_stddev_x=2.0)
    readings = []
    for _ in range(200):
        observe(world)
        readings.append(np.concatenate(imu(sent)[:2]))
    spread, mean = np.std(readings, axis=0), np.mean(readings, axis=0)
    assert spread[0] == pytest.approx(2.0, rel=0.2)
    assert spread[1:] == pytest.approx(np.zeros(5), abs=1e-9)
    assert mean[4] == pytest.approx(0.5)


def test_a_gnss_stands_where_the_map_says(world: World, sent: Sent, car: Actor) -> None:
    carla = pytest.importorskip("carla")
    sensor(world, "other.gnss", car, pose(1.0, 0.0, 1.0))
    sensor(world, "other.gnss", car, pose(1.0, 0.0, 1.0), noise_lat_bias=0.25)
    observe(world)
    place = world.town.map.transform_to_geolocation(carla.Location(38.0, 1.0, 1.0))
    exact = (place.latitude, place.longitude, place.altitude)
    assert msgpack.unpackb(sent[0][2]) == pytest.approx(exact, abs=1e-9)
    assert msgpack.unpackb(sent[1][2]) == pytest.approx((exact[0] + 0.25, *exact[1:]), abs=1e-9)


def test_a_collision_names_both_and_the_impulse(world: World, sent: Sent, car: Actor) -> None:
    other = world.spawn(Description(0, CAR_TYPE), pose(38.0, 30.0, 0.0, 90.0))
    sensor(world, "other.collision", car, pose())
    world.events += [
        (car, other, CAR, [1.0, 2.0, 3.0]),
        (other, car, CAR, [-1.0, -2.0, -3.0]),
        (car, None, 3, [4, 0, 0]),
    ]
    observe(world)
    assert len(sent) == 2
    me, third, impulse = msgpack.unpackb(sent[0][2])
    assert (me[0], third[0], impulse) == (car.id, other.id, [1.0, 2.0, 3.0])
    _, wall, _ = msgpack.unpackb(sent[1][2])
    assert (wall[0], wall[2][1], wall[4]) == (0, "static.buildings", b"\x03")


def test_an_obstacle_is_met_by_a_ball(world: World, sent: Sent, car: Actor) -> None:
    eye = pose(38.0, -20.0, 0.6, 90.0)
    sensor(world, "other.obstacle", None, eye, distance=30, hit_radius=0.5, only_dynamics="true")
    sensor(world, "other.obstacle", None, eye, distance=10, only_dynamics="true")
    observe(world)
    assert len(sent) == 1
    _, third, distance = msgpack.unpackb(sent[0][2])
    assert third[0] == car.id
    assert distance == pytest.approx(20.0 + car.box.location[0] - car.box.extent[0] - 0.5)


@pytest.mark.parametrize(("period", "frames"), [(0.0, 8), (0.1, 4), (0.11, 4), (0.15, 3)])
def test_sensor_tick_thins_out_the_messages(world: World, sent: Sent, period: float, frames: int) -> None:
    sensor(world, "other.gnss", None, pose(), sensor_tick=period)
    for _ in range(8):
        observe(world)
    assert len(sent) == frames


def test_sensors_speak_in_the_order_of_their_ids_and_only_to_listeners(sent: Sent) -> None:
    quiet: set[int] = set()
    world = World(ring(), publish=lambda s, k, p, at: sent.append((s, k, bytes(p))),
                  subscribed=lambda stream: stream not in quiet)  # fmt: skip
    made = [sensor(world, name, None, pose()) for name in ("other.imu", "other.gnss", "other.imu")]
    quiet.add(made[1].stream)
    observe(world)
    assert [stream for stream, _, _ in sent] == [made[0].stream, made[2].stream]
    world.destroy(made[0].id)
    observe(world)
    assert [stream for stream, _, _ in sent[2:]] == [made[2].stream]


def test_cameras_at_one_place_share_a_drawing_and_differ_in_nothing(world: World, sent: Sent) -> None:
    size = {"image_size_x": 32, "image_size_y": 24}
    for name in ("rgb", "depth", "semantic_segmentation", "rgb", "optical_flow", "dvs"):
        sensor(world, f"camera.{name}", None, pose(38.0, -5.0, 2.0, 90.0), **size)
    observe(world)
    assert [kind for _, kind, _ in sent] == [13, 1, 14, 13, 8]
    assert sent[0][2] == sent[3][2]
    for _, _, payload in sent[:4]:
        assert struct.unpack_from("<IIf", payload) == (32, 24, 90.0)
        assert len(payload) == 12 + 4 * 32 * 24


def test_no_rendering_leaves_cameras_silent(world: World, sent: Sent) -> None:
    from dataclasses import replace

    world.change_settings(replace(world.settings, no_rendering_mode=True))
    sensor(world, "camera.rgb", None, pose())
    sensor(world, "other.imu", None, pose())
    observe(world)
    assert [kind for _, kind, _ in sent] == [5]


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("camera.rgb", {"image_size_x": 100_000}),
        ("camera.rgb", {"image_size_x": 8000, "image_size_y": 8000}),
        ("camera.depth", {"fov": "wide"}),
        ("lidar.ray_cast", {"channels": 0}),
        ("other.radar", {"range": "nan"}),
    ],
)
def test_attributes_out_of_bounds_are_refused(world: World, name: str, attributes: dict[str, Any]) -> None:
    before = set(world.actors)
    with pytest.raises(RpcError, match="invalid actor description"):
        sensor(world, name, None, pose(), **attributes)
    assert set(world.actors) == before
