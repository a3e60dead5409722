"""CARLA's sensors as NumPy arrays, matched to the frame of a tick."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import LandwardError, SimulationError

KEPT = 16
"""Frames of a sensor that are kept while nobody takes them."""
DEPTH_RANGE = 1000.0
"""[m] What the largest value of a depth picture stands for."""


@dataclass(frozen=True)
class Collision:
    """Something that the sensor's parent touched."""

    frame: int
    other_id: int
    """Actor; 0 for what is none, such as a building."""
    other_type: str
    """Such as vehicle.audi.tt, walker.pedestrian.0001 or static.building."""
    impulse: tuple[float, float, float]
    """[N s] World axes."""


@dataclass(frozen=True)
class LaneInvasion:
    """Lane marks that the sensor's parent crossed."""

    frame: int
    marks: tuple[str, ...]
    """Their types, such as Solid, Broken or SolidSolid."""


def rgb(image: Any) -> NDArray[np.uint8]:
    """(H, W, 3) red, green, blue of a colour picture; any camera's, as it is encoded."""
    return _bgra(image)[:, :, 2::-1].copy()


def depth(image: Any) -> NDArray[np.float32]:
    """(H, W) [m] along the optical axis; 1000 (R + 256 G + 65536 B) / (2^24 - 1), as CARLA documents it."""
    blue, green, red = (_bgra(image)[:, :, channel].astype(np.float32) for channel in range(3))
    return ((red + 256.0 * green + 65536.0 * blue) * (DEPTH_RANGE / (2**24 - 1))).astype(np.float32)


def semantic(image: Any) -> NDArray[np.uint8]:
    """(H, W) CityObjectLabel of every pixel."""
    return _bgra(image)[:, :, 2].copy()


def lidar(scan: Any) -> NDArray[np.float32]:
    """(P, 4) x forward, y right, z up [m] in the sensor's frame, intensity."""
    return np.frombuffer(scan.raw_data, np.float32).reshape(-1, 4).copy()


def imu(reading: Any) -> NDArray[np.float64]:
    """(7,) accelerometer [m/s2], gyroscope [rad/s], both in the sensor's frame, compass [rad] from north."""
    accelerometer, gyroscope = reading.accelerometer, reading.gyroscope
    return np.array([*_xyz(accelerometer), *_xyz(gyroscope), reading.compass])


def gnss(reading: Any) -> NDArray[np.float64]:
    """(3,) latitude, longitude [deg], altitude [m]."""
    return np.array([reading.latitude, reading.longitude, reading.altitude])


def collision(event: Any) -> Collision:
    """One collision."""
    other = event.other_actor
    return Collision(event.frame, other.id, other.type_id, _xyz(event.normal_impulse))


def lane_invasion(event: Any) -> LaneInvasion:
    """One lane invasion."""
    return LaneInvasion(event.frame, tuple(str(mark.type) for mark in event.crossed_lane_markings))


MEASUREMENTS: dict[str, Callable[[Any], NDArray[Any]]] = {
    "sensor.camera.rgb": rgb,
    "sensor.camera.depth": depth,
    "sensor.camera.semantic_segmentation": semantic,
    "sensor.lidar.ray_cast": lidar,
    "sensor.other.imu": imu,
    "sensor.other.gnss": gnss,
}
"""Sensors that give something in every frame, or in every one that their sensor_tick allows."""
EVENTS: dict[str, Callable[[Any], Any]] = {
    "sensor.other.collision": collision,
    "sensor.other.lane_invasion": lane_invasion,
}
"""Sensors that give something when it happens."""


class SensorStream:
    """What one sensor sends, decoded when it is asked for.

    The client calls back from threads of its own; they only put the data down here.
    """

    def __init__(self, sensor: Any, patience: float) -> None:
        """Listen to a sensor.

        Args:
            sensor: a carla.Sensor that nobody listens to.
            patience: [s] for data of a frame to arrive.

        Raises:
            LandwardError: a kind of sensor that is not known here.
        """
        self._sensor, self._patience, self.name = sensor, patience, str(sensor.type_id)
        known = MEASUREMENTS | EVENTS
        if self.name not in known:
            raise LandwardError(f"the sensor {self.name} is not read here; known are {', '.join(known)}")
        self._decode = known[self.name]
        self._waiting: deque[Any] = deque(maxlen=KEPT if self.name in MEASUREMENTS else None)
        self._arrived = threading.Condition()
        self.open = self.name in EVENTS
        """Whether it has sent something. The stream of a new sensor takes some milliseconds to open, and what
        it measures until then is lost; of one that sends events nothing can be said."""
        sensor.listen(self._receive)

    def _receive(self, data: Any) -> None:
        with self._arrived:
            self.open = True
            self._waiting.append(data)
            self._arrived.notify()

    def take(self, frame: int, patience: float | None = None) -> NDArray[Any]:
        """What the sensor measured in a frame; what it sent before is dropped.

        Args:
            frame: as `tick()` returned it.
            patience: [s] to wait; that of the stream when None.

        Raises:
            SimulationError: it does not come in time, or later frames have come without it.
        """
        end = time.monotonic() + (self._patience if patience is None else patience)
        with self._arrived:
            while True:
                while self._waiting and self._waiting[0].frame < frame:
                    self._waiting.popleft()
                if self._waiting or not self._arrived.wait(max(0.0, end - time.monotonic())):
                    break
            data = self._waiting.popleft() if self._waiting else None
        if data is None or data.frame != frame:
            came = "nothing came" if data is None else f"the next that came is of frame {data.frame}"
            raise SimulationError(
                f"{self.name} gave nothing for frame {frame} ({came}): call Simulator.warm_up() after a new "
                "sensor; or is its sensor_tick longer than a tick, or the server stuck?"
            )
        return self._decode(data)

    def events(self, frame: int) -> list[Any]:
        """Events up to a frame that have come and were not asked for yet, the oldest first; never waits."""
        with self._arrived:
            ready = [event for event in self._waiting if event.frame <= frame]
            left = [event for event in self._waiting if event.frame > frame]
            self._waiting.clear()
            self._waiting.extend(left)
        return [self._decode(event) for event in sorted(ready, key=lambda event: event.frame)]

    def stop(self) -> None:
        """Stop listening. The sensor stays in the world."""
        if self._sensor.is_listening:
            self._sensor.stop()


def _bgra(image: Any) -> NDArray[np.uint8]:
    return np.frombuffer(image.raw_data, np.uint8).reshape(image.height, image.width, 4)


def _xyz(vector: Any) -> tuple[float, float, float]:
    return (vector.x, vector.y, vector.z)
