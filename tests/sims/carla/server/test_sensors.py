"""What the real client receives from every sensor."""

import queue
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

carla = pytest.importorskip("carla")
pytestmark = pytest.mark.carla
PATIENCE = 10.0
Listen = Callable[..., "queue.SimpleQueue[Any]"]


@pytest.fixture
def car(world: Any) -> Any:
    """A car at rest on the ring, on the ground."""
    blueprint = world.get_blueprint_library().find("vehicle.tesla.model3")
    blueprint.set_attribute("color", "200,10,10")
    car = world.spawn_actor(blueprint, world.get_map().get_spawn_points()[0])
    for _ in range(40):
        world.tick()
    return car


@pytest.fixture
def listen(world: Any) -> Any:
    """Spawn a sensor and collect what it sends; ended with the test."""
    sensors = []

    def start(name: str, place: Any, parent: Any = None, **attributes: Any) -> "queue.SimpleQueue[Any]":
        blueprint = world.get_blueprint_library().find(f"sensor.{name}")
        for key, value in attributes.items():
            blueprint.set_attribute(key, str(value))
        sensor = world.spawn_actor(blueprint, place, attach_to=parent)
        received: queue.SimpleQueue[Any] = queue.SimpleQueue()
        sensor.listen(received.put)
        sensors.append(sensor)
        return received

    yield start
    for sensor in sensors:
        sensor.stop()
        sensor.destroy()


def take(world: Any, *queues: "queue.SimpleQueue[Any]") -> list[Any]:
    """The data of each queue of the next frame that all have (a subscription takes effect when it may)."""
    for _ in range(100):
        frame = world.tick()
        found = []
        for received in queues:
            try:
                while (data := received.get(timeout=1.0)).frame < frame:
                    pass
            except queue.Empty:
                break
            found.append(data)
        if len(found) == len(queues):
            return found
    raise AssertionError("no frame has the data of all sensors")


def behind(car: Any, metres: float, height: float) -> Any:
    """A place on the straight line behind a car, looking at it."""
    pose = car.get_transform()
    back = pose.location - metres * pose.get_forward_vector()
    return carla.Transform(carla.Location(back.x, back.y, pose.location.z + height), pose.rotation)


def pixels(image: Any) -> np.ndarray:
    """(h, w, 4) blue, green, red, alpha."""
    return np.frombuffer(image.raw_data, np.uint8).reshape(image.height, image.width, 4)


def test_pictures_show_the_car(world: Any, car: Any, listen: Listen) -> None:
    place = behind(car, 8.0, 1.0)
    size = {"image_size_x": 120, "image_size_y": 90, "fov": 70}
    names = ("rgb", "depth", "semantic_segmentation", "instance_segmentation")
    rgb, depth, labels, ids = take(world, *(listen(f"camera.{name}", place, **size) for name in names))
    assert (rgb.width, rgb.height, rgb.fov) == (120, 90, 70.0)
    assert rgb.transform.location.x == pytest.approx(place.location.x, abs=1e-4)
    assert rgb.timestamp == pytest.approx(world.get_snapshot().timestamp.elapsed_seconds)
    label = pixels(labels)[..., 2]
    assert (label[0] == int(carla.CityObjectLabel.Sky)).mean() > 0.3
    assert label[85, 60] == int(carla.CityObjectLabel.Roads)
    on_car = label == int(carla.CityObjectLabel.Car)
    assert 200 < on_car.sum() < 4000
    assert {tuple(p) for p in pixels(ids)[on_car][:, :3].tolist()} == {(car.id >> 8, car.id & 255, 14)}
    red, green = (pixels(rgb)[on_car][:, c].astype(int) for c in (2, 1))
    assert (red - green > 60).mean() > 0.2
    code = pixels(depth)[..., :3].astype(np.int64) @ [65536, 256, 1]
    metres = code * 1000.0 / (2**24 - 1)
    back = 8.0 + car.bounding_box.location.x - car.bounding_box.extent.x
    assert metres[on_car].min() == pytest.approx(back, abs=0.1)
    assert metres[label == int(carla.CityObjectLabel.Sky)].min() == pytest.approx(1000.0)
    depth.convert(carla.ColorConverter.LogarithmicDepth)
    labels.convert(carla.ColorConverter.CityScapesPalette)
    assert tuple(pixels(labels)[on_car][0, :3]) == (142, 0, 0)


def test_a_passing_car_has_a_flow_and_events(world: Any, car: Any, listen: Listen) -> None:
    """Read as CARLA's manual_control.py reads them."""
    place = behind(car, 8.0, 1.0)
    size = {"image_size_x": 120, "image_size_y": 90, "fov": 70}
    flow, events = listen("camera.optical_flow", place, **size), listen("camera.dvs", place, **size)
    (still,) = take(world, flow)
    assert not np.frombuffer(still.raw_data, np.float32).any()
    assert events.empty()
    car.set_target_velocity(8.0 * car.get_transform().get_forward_vector())
    car.set_transform(behind(car, 0.0, 0.0))
    moving, fired = take(world, flow, events)
    for message in (moving, fired):
        assert (message.width, message.height, message.fov) == (120, 90, 70)
    pixel = moving[45 * 120 + 60]
    field = np.frombuffer(moving.raw_data, np.float32).reshape(90, 120, 2)
    assert (pixel.x, pixel.y) == tuple(field[45, 60])
    assert (np.abs(field) > 1e-4).any(axis=-1).sum() > 100
    assert not field[0].any()
    coded = moving.get_color_coded_flow()
    colours = np.frombuffer(coded.raw_data, np.uint8).reshape(coded.height, coded.width, 4)
    assert colours[..., :3].any(axis=-1).sum() > 100
    assert not colours[0, :, :3].any()
    kinds = [("x", np.uint16), ("y", np.uint16), ("t", np.int64), ("pol", np.bool_)]
    array = np.frombuffer(fired.raw_data, np.dtype(kinds))
    assert len(array) == len(fired) > 20
    first = fired[0]
    assert (first.x, first.y, first.t, first.pol) == tuple(array[0].tolist())
    assert (np.diff(array["t"]) >= 0).all()
    now = fired.timestamp * 1e9
    assert now - 0.06e9 < array["t"].min() <= array["t"].max() <= now
    columns = fired.to_array_x(), fired.to_array_y(), fired.to_array_t()
    assert [list(column) for column in columns] == [array[name].tolist() for name in ("x", "y", "t")]
    assert fired.to_array_pol() == np.where(array["pol"], 1, -1).tolist()
    picture = fired.to_image()
    assert len(picture) == 90 * 120
    assert any((dot.r, dot.g, dot.b) != (0, 0, 0) for dot in picture)


def test_lidars_hit_the_back_of_the_car(world: Any, car: Any, listen: Listen) -> None:
    place = behind(car, 10.0, 0.6)
    beams = {
        "channels": 3, "range": 60, "upper_fov": 0.5, "lower_fov": -0.5, "points_per_second": 60000,
        "rotation_frequency": 20,
    }  # fmt: skip
    plain, semantic = take(
        world,
        listen("lidar.ray_cast", place, dropoff_general_rate=0, **beams),
        listen("lidar.ray_cast_semantic", place, **beams),
    )
    back = 10.0 + car.bounding_box.location.x - car.bounding_box.extent.x
    assert plain.channels == semantic.channels == 3
    assert sum(plain.get_point_count(channel) for channel in range(3)) == len(plain)
    points = np.frombuffer(plain.raw_data, np.float32).reshape(-1, 4)
    ahead = points[(points[:, 0] > 0) & (np.abs(points[:, 1]) < 0.3) & (points[:, 0] < 15.0)]
    assert len(ahead) > 10
    assert ahead[:, 0] == pytest.approx(back, abs=0.02)
    assert ahead[:, 3] == pytest.approx(np.exp(-0.004 * back), abs=0.01)
    seen = [hit for hit in semantic if hit.object_idx == car.id]
    assert seen and {int(hit.object_tag) for hit in seen} == {int(carla.CityObjectLabel.Car)}
    assert min(hit.point.x for hit in seen) == pytest.approx(back, abs=0.02)


def test_radar_measures_distance_and_approach(world: Any, car: Any, listen: Listen) -> None:
    received = listen("other.radar", behind(car, 20.0, 0.6), horizontal_fov=2, vertical_fov=1)
    (scan,) = take(world, received)
    back = 20.0 + car.bounding_box.location.x - car.bounding_box.extent.x
    depths = [detection.depth for detection in scan]
    assert len(depths) == 75
    assert depths == pytest.approx([back] * 75, abs=0.05)
    assert [detection.velocity for detection in scan] == pytest.approx([0.0] * 75, abs=0.05)


def test_a_resting_and_a_turning_car_feel_what_they_should(world: Any, car: Any, listen: Listen) -> None:
    received = listen("other.imu", carla.Transform(), car)
    (rest,) = take(world, received)
    felt = rest.accelerometer
    assert (felt.x, felt.y, felt.z) == pytest.approx((0.0, 0.0, 9.81), abs=0.05)
    assert rest.gyroscope.length() == pytest.approx(0.0, abs=0.01)
    heading = np.radians(car.get_transform().rotation.yaw)
    compass = np.arctan2(np.cos(heading), -np.sin(heading)) % (2.0 * np.pi)
    assert rest.compass == pytest.approx(compass, abs=1e-3)
    car.apply_control(carla.VehicleControl(throttle=0.5, steer=0.4))
    turning = [take(world, received)[0] for _ in range(60)][-1]
    assert turning.gyroscope.z > 0.1
    velocity = car.get_velocity().length()
    assert turning.accelerometer.y == pytest.approx(velocity * turning.gyroscope.z, rel=0.3)


def test_gnss_is_where_the_map_says(world: Any, car: Any, listen: Listen) -> None:
    (fix,) = take(world, listen("other.gnss", carla.Transform(carla.Location(z=2.0)), car))
    place = car.get_transform().transform(carla.Location(z=2.0))
    expected = world.get_map().transform_to_geolocation(place)
    assert fix.latitude == pytest.approx(expected.latitude, abs=1e-7)
    assert fix.longitude == pytest.approx(expected.longitude, abs=1e-7)
    assert fix.altitude == pytest.approx(expected.altitude, abs=1e-3)


def test_a_crash_is_felt_and_an_obstacle_is_seen_before(world: Any, car: Any, listen: Listen) -> None:
    pose = car.get_transform()
    blueprint = world.get_blueprint_library().find("vehicle.audi.tt")
    other = world.spawn_actor(blueprint, behind(car, -9.0, 0.3))
    crashes = listen("other.collision", carla.Transform(), car)
    warnings = listen("other.obstacle", carla.Transform(carla.Location(x=2.0, z=0.8)), car, distance=20,
                      only_dynamics=True)  # fmt: skip
    for _ in range(3):
        world.tick()
    warning = warnings.get(timeout=PATIENCE)
    assert (warning.actor.id, warning.other_actor.id) == (car.id, other.id)
    assert 1.0 < warning.distance < 8.0
    car.set_target_velocity(10.0 * pose.get_forward_vector())
    for _ in range(40):
        world.tick()
    crash = crashes.get(timeout=PATIENCE)
    assert (crash.actor.id, crash.other_actor.id) == (car.id, other.id)
    assert crash.normal_impulse.length() > 100.0


def test_rays_of_the_client_end_where_things_are(world: Any, car: Any) -> None:
    above = car.get_location() + carla.Location(z=10.0)
    hits = world.cast_ray(above, above - carla.Location(z=20.0))
    assert [hit.label for hit in hits] == [carla.CityObjectLabel.Car, carla.CityObjectLabel.Roads]
    top = car.get_location().z + car.bounding_box.location.z + car.bounding_box.extent.z
    assert hits[0].location.z == pytest.approx(top, abs=0.01)
    ground = world.ground_projection(above - 8.0 * car.get_transform().get_forward_vector(), 30.0)
    assert ground.location.z == pytest.approx(0.0, abs=0.01)
    assert world.ground_projection(above, 5.0) is None
    assert world.project_point(above, carla.Vector3D(0, 0, 1), 100.0) is None


def test_a_sensor_that_cannot_be_is_refused_in_words(world: Any) -> None:
    blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
    blueprint.set_attribute("image_size_x", "1000000")
    with pytest.raises(RuntimeError, match="image_size_x .* must be a number from 1 to 8192"):
        world.spawn_actor(blueprint, carla.Transform())
