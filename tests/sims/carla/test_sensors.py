import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from landward.errors import LandwardError, SimulationError
from sims.carla import sensors
from sims.carla.sensors import Collision, LaneInvasion, SensorStream


class Sensor:
    """Sends what a test gives it, from wherever it is given."""

    def __init__(self, type_id: str) -> None:
        self.type_id, self.is_listening = type_id, False

    def listen(self, callback) -> None:
        self.send, self.is_listening = callback, True

    def stop(self) -> None:
        assert self.is_listening, "the client warns where a sensor is stopped twice"
        self.is_listening = False


def image(pixels) -> SimpleNamespace:
    """A picture of B, G, R, A pixels (H, W, 4)."""
    array = np.array(pixels, np.uint8)
    return SimpleNamespace(raw_data=array.tobytes(), height=array.shape[0], width=array.shape[1], frame=0)


def reading(frame: int, latitude: float = 0.0) -> SimpleNamespace:
    return SimpleNamespace(frame=frame, latitude=latitude, longitude=2.0, altitude=3.0)


def vector(x: float, y: float, z: float) -> SimpleNamespace:
    return SimpleNamespace(x=x, y=y, z=z)


def touch(frame: int, other: int = 7) -> SimpleNamespace:
    actor = SimpleNamespace(id=other, type_id="vehicle.audi.tt")
    return SimpleNamespace(frame=frame, other_actor=actor, normal_impulse=vector(1.0, 2.0, 3.0))


def test_colours_are_turned_to_rgb() -> None:
    picture = sensors.rgb(image([[[1, 2, 3, 255], [4, 5, 6, 255]]]))
    assert picture.tolist() == [[[3, 2, 1], [6, 5, 4]]]
    assert picture.flags.c_contiguous


def test_depth_is_in_metres() -> None:
    far, near = [255, 255, 255, 255], [0, 1, 2, 255]
    metres = sensors.depth(image([[far, near]]))
    np.testing.assert_allclose(metres, [[1000.0, 1000.0 * (2 + 256) / (2**24 - 1)]], rtol=1e-6)
    assert metres.dtype == np.float32


def test_labels_are_in_the_red_channel() -> None:
    assert sensors.semantic(image([[[9, 8, 24, 255]]])).tolist() == [[24]]


def test_points_inertia_and_places_are_arrays() -> None:
    points = np.arange(8, dtype=np.float32)
    np.testing.assert_array_equal(
        sensors.lidar(SimpleNamespace(raw_data=points.tobytes())), points.reshape(2, 4)
    )
    inertia = SimpleNamespace(accelerometer=vector(1, 2, 9.81), gyroscope=vector(4, 5, 6), compass=0.5)
    assert sensors.imu(inertia).tolist() == [1, 2, 9.81, 4, 5, 6, 0.5]
    assert sensors.gnss(reading(0, 49.0)).tolist() == [49.0, 2.0, 3.0]


def test_events_say_what_was_touched_and_crossed() -> None:
    assert sensors.collision(touch(4)) == Collision(4, 7, "vehicle.audi.tt", (1.0, 2.0, 3.0))
    marks = [SimpleNamespace(type="Broken"), SimpleNamespace(type="Solid")]
    crossed = SimpleNamespace(frame=5, crossed_lane_markings=marks)
    assert sensors.lane_invasion(crossed) == LaneInvasion(5, ("Broken", "Solid"))


def test_a_frame_is_waited_for_and_older_ones_are_dropped() -> None:
    sensor = Sensor("sensor.other.gnss")
    stream = SensorStream(sensor, patience=5.0)
    sensor.send(reading(1, 1.0))
    later = threading.Timer(0.05, lambda: (sensor.send(reading(2, 2.0)), sensor.send(reading(3, 3.0))))
    later.start()
    assert stream.take(2)[0] == 2.0
    later.join()
    assert stream.take(3)[0] == 3.0


def test_a_frame_that_does_not_come_is_an_error_in_time() -> None:
    sensor = Sensor("sensor.other.gnss")
    stream = SensorStream(sensor, patience=0.05)
    start = time.monotonic()
    with pytest.raises(SimulationError, match=r"gnss gave nothing for frame 2 \(nothing came\)"):
        stream.take(2)
    assert time.monotonic() - start < 2.0
    sensor.send(reading(3))
    with pytest.raises(SimulationError, match="the next that came is of frame 3"):
        stream.take(2)


def test_what_nobody_takes_is_bounded() -> None:
    sensor = Sensor("sensor.other.gnss")
    stream = SensorStream(sensor, patience=0.05)
    for frame in range(100):
        sensor.send(reading(frame))
    with pytest.raises(SimulationError, match=f"of frame {100 - sensors.KEPT}"):
        stream.take(3)


def test_events_are_given_once_and_up_to_a_frame() -> None:
    sensor = Sensor("sensor.other.collision")
    stream = SensorStream(sensor, patience=1.0)
    for frame in (4, 3, 4, 5):
        sensor.send(touch(frame))
    assert [event.frame for event in stream.events(4)] == [3, 4, 4]
    assert stream.events(4) == []
    assert [event.frame for event in stream.events(9)] == [5]


def test_a_sensor_is_stopped_once() -> None:
    sensor = Sensor("sensor.other.imu")
    stream = SensorStream(sensor, patience=1.0)
    stream.stop()
    stream.stop()
    assert not sensor.is_listening


def test_an_unknown_sensor_is_named() -> None:
    with pytest.raises(
        LandwardError, match=r"sensor.other.v2x is not read here; known are sensor.camera.rgb"
    ):
        SensorStream(Sensor("sensor.other.v2x"), patience=1.0)
