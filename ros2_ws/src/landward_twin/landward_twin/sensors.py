"""What real sensors do to a perfect reading: noise, steps of the encoders, delay, samples that get lost."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from landward.errors import LandwardError
from landward_twin.robot import Reading

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SensorsCfg:
    """Half widths of uniform noise, the numbers of `sims.velocity.cfg.SensorCfg`, delay and losses.

    Joint torque and acceleration, which no policy reads, have no noise.
    """

    noise: bool = True
    """False: perfect readings."""
    angular_velocity: float = 0.2
    """Gyroscope, each axis [rad/s]."""
    attitude: float = 0.05
    """Orientation, turned about each axis of the base [rad]: upright, this is 0.05 in projected gravity."""
    joint_position: float = 0.01
    """Encoders [rad]."""
    joint_velocity: float = 1.5
    """Differentiated encoders [rad/s]."""
    encoder_step: float = 0.0
    """Joint positions are rounded to multiples of this [rad]; 0: not."""
    latency: float = 0.0
    """From measurement, which the stamp tells, to publication [s]."""
    dropout: float = 0.0
    """Probability that a sample is not published, for joints and IMU apart."""


class Sensors:
    """Turns perfect readings into measured ones; the same seed gives the same noise."""

    def __init__(self, cfg: SensorsCfg, seed: int) -> None:
        """See `SensorsCfg`.

        Raises:
            LandwardError: settings that make no sense.
        """
        _check(cfg)
        self.cfg = cfg
        self._random = np.random.default_rng(seed)

    def measure(self, reading: Reading) -> Reading:
        """The same reading with noise and encoder steps."""
        cfg = self.cfg
        position = reading.joint_position
        if cfg.noise:
            position = position + self._uniform(cfg.joint_position, len(position))
            reading = replace(
                reading,
                joint_velocity=reading.joint_velocity + self._uniform(cfg.joint_velocity, len(position)),
                orientation=_turned(reading.orientation, self._uniform(cfg.attitude, 3)),
                angular_velocity=reading.angular_velocity + self._uniform(cfg.angular_velocity, 3),
            )
        if cfg.encoder_step > 0:
            position = np.round(position / cfg.encoder_step) * cfg.encoder_step
        return replace(reading, joint_position=position)

    def lost(self) -> bool:
        """Draw whether the next message is lost."""
        return self.cfg.dropout > 0 and bool(self._random.random() < self.cfg.dropout)

    def _uniform(self, half_width: float, size: int) -> Floats:
        return self._random.uniform(-half_width, half_width, size)


class DelayLine[Item]:
    """Holds items back for a fixed number of physics steps; they come out in order."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._items: deque[tuple[int, Item]] = deque()

    def push(self, step: int, item: Item) -> None:
        """Put an item in at physics step `step`."""
        self._items.append((step + self._steps, item))

    def pop(self, step: int) -> list[Item]:
        """Take out what is due at physics step `step`."""
        due = []
        while self._items and self._items[0][0] <= step:
            due.append(self._items.popleft()[1])
        return due

    @property
    def next_step(self) -> int | None:
        """Physics step at which the next item is due; None where there is none."""
        return self._items[0][0] if self._items else None


def _turned(quat: Floats, angles: Floats) -> Floats:
    """Orientation (w, x, y, z), turned by small angles about its own axes [rad]."""
    w, x, y, z = quat
    a, b, c = 0.5 * angles
    product = np.array(
        [
            w - x * a - y * b - z * c,
            x + w * a + y * c - z * b,
            y + w * b + z * a - x * c,
            z + w * c + x * b - y * a,
        ]
    )
    return product / math.sqrt(product @ product)


def _check(cfg: SensorsCfg) -> None:
    for name in ("angular_velocity", "attitude", "joint_position", "joint_velocity", "encoder_step"):
        value = getattr(cfg, name)
        if not (math.isfinite(value) and value >= 0):
            raise LandwardError(f"sensor setting {name} is {value}: it must be finite and not negative")
    if not (math.isfinite(cfg.latency) and 0 <= cfg.latency <= 1):
        raise LandwardError(f"sensor_latency is {cfg.latency} s: use 0 to 1")
    if not 0 <= cfg.dropout <= 1:
        raise LandwardError(f"dropout is {cfg.dropout}: it is a probability, 0 to 1")
