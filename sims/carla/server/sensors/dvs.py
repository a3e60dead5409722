"""Event camera (DVS): what gets brighter or darker, pixel by pixel, with the time at which it does.

Between two pictures a pixel's brightness goes on a straight line, and an event is where it passes the next
multiple of the threshold from its reference: H. Rebecq, D. Gehrig, D. Scaramuzza, "ESIM: an Open Event Camera
Simulator", CoRL 2018, which CARLA's camera follows too
(https://carla.readthedocs.io/en/latest/ref_sensors/#dvs-camera).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload
from sims.carla.server.sensors.camera import LARGEST_PICTURE, Camera

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors

EVENT = np.dtype([("x", "<u2"), ("y", "<u2"), ("t", "<i8"), ("polarity", "u1")])
"""13 bytes; t [ns] (PROTOCOL: DVS payload)."""
MOST_EVENTS = LARGEST_PICTURE // EVENT.itemsize
"""In a message."""
GREY = (0.114, 0.587, 0.2989)
"""Blue, green, red, as CARLA documents them."""
LEAST_THRESHOLD, LARGEST_THRESHOLD = 0.01, 1e3
"""The first also with noise, as in CARLA."""
STILL = 1e-6
"""Changes up to this are none, as in CARLA."""
ROUNDING = 1e-9
"""Of quotients of times."""


@dataclass(frozen=True)
class Thresholds:
    """When a pixel fires."""

    brighter: float
    """Change of brightness: of its logarithm with use_log, else of grey values from 0 to 255."""
    darker: float
    sigma_brighter: float = 0.0
    """Standard deviation of each pixel's threshold, drawn anew for each picture."""
    sigma_darker: float = 0.0
    refractory: float = 0.0
    """[ns] From an event to the pixel's next one; those between are lost."""


class DvsCamera(Camera):
    """sensor.camera.dvs; of a picture without events there is no message."""

    kind, outputs = 3, ("rgb",)

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        bounds = LEAST_THRESHOLD, LARGEST_THRESHOLD
        self.thresholds = Thresholds(
            read.real("positive_threshold", *bounds),
            read.real("negative_threshold", *bounds),
            read.real("sigma_positive_threshold", 0.0, LARGEST_THRESHOLD),
            read.real("sigma_negative_threshold", 0.0, LARGEST_THRESHOLD),
            read.whole("refractory_period_ns", 0, 1 << 53),
        )
        self.logarithmic = read.flag("use_log")
        self.epsilon = read.real("log_eps", 1e-6, 1.0)
        self.retina: Retina | None = None

    def missed(self) -> None:
        """Begin anew: the next picture has no events."""
        self.retina = None

    def measure(self, dt: float) -> Iterable[Payload]:
        """The events since the last picture, in the order of their times; the first has none."""
        self.sensors.studio.take(self)
        seen = brightness(self.pixels("rgb"), self.epsilon if self.logarithmic else None)
        now = int(self.world.elapsed * 1e9)
        if self.retina is None:
            self.retina = Retina(seen, now)
            return
        events = self.retina.see(seen, now, self.thresholds, self.random)
        if len(events):
            yield self.head + events.tobytes()


def brightness(picture: NDArray[np.uint8], epsilon: float | None) -> NDArray[np.float64]:
    """(h, w) log(epsilon + grey / 255) of an (h, w, 4) picture; where epsilon is None, grey: 0 to 255."""
    blue, green, red = (weight * picture[..., i] for i, weight in enumerate(GREY))
    grey = blue + green + red
    return grey if epsilon is None else np.log(epsilon + grey / 255.0)


class Retina:
    """The pixels of an event camera.

    Args:
        seen: (h, w) brightness in the first picture.
        now: [ns] its time.
    """

    def __init__(self, seen: NDArray[np.float64], now: int) -> None:
        self._width = seen.shape[1]
        self._seen, self._time = seen.ravel(), now
        self._reference = self._seen.copy()
        """Brightness at the last threshold that was passed."""
        self._last = np.full(seen.size, -np.inf)
        """[ns] Of each pixel's last event."""

    def see(
        self, seen: NDArray[np.float64], now: int, thresholds: Thresholds, random: np.random.Generator
    ) -> NDArray[np.void]:
        """Take the next picture.

        Args:
            seen: (h, w) brightness.
            now: [ns] its time.
            thresholds: when pixels fire.
            random: of noise.

        Returns:
            (n,) of EVENT, the earliest first.
        """
        after, elapsed = seen.ravel(), max(now - self._time, 1)
        change = after - self._seen
        steps = _steps(change > 0.0, thresholds, random)
        some = np.flatnonzero(np.abs(change) > STILL)
        sign, step = np.sign(change[some]), steps[some]
        passed = np.maximum(np.floor(sign * (self._seen[some] - self._reference[some]) / step), 0.0)
        reached = np.floor(sign * (after[some] - self._reference[some]) / step)
        fires = reached > passed
        some, sign, step = some[fires], sign[fires], step[fires]
        passed, reached = passed[fires], reached[fires]
        levels = self._reference[some] + sign * (passed + 1.0) * step
        first = self._time + (levels - self._seen[some]) / change[some] * elapsed
        between = step / np.abs(change[some]) * elapsed
        owner, t = _times(first, between, reached - passed, self._last[some], thresholds.refractory)
        self._reference[some] += sign * reached * step
        self._last[some[owner]] = t  # where a pixel has several, the last one counts
        self._seen, self._time = after, now
        return self._events(some[owner], t, sign[owner] > 0.0)

    def _events(
        self, pixel: NDArray[np.intp], t: NDArray[np.float64], brighter: NDArray[np.bool_]
    ) -> NDArray[np.void]:
        """Sorted by time; of too many the earliest."""
        order = np.argsort(t, kind="stable")[:MOST_EVENTS]
        events = np.empty(len(order), EVENT)
        events["y"], events["x"] = np.divmod(pixel[order], self._width)
        events["t"], events["polarity"] = t[order], brighter[order]
        return events


def _steps(
    brighter: NDArray[np.bool_], thresholds: Thresholds, random: np.random.Generator
) -> NDArray[np.float64]:
    """(n,) thresholds of pixels that get brighter or darker."""
    step = np.where(brighter, thresholds.brighter, thresholds.darker)
    if thresholds.sigma_brighter or thresholds.sigma_darker:
        sigma = np.where(brighter, thresholds.sigma_brighter, thresholds.sigma_darker)
        step = step + sigma * random.standard_normal(len(step))
    return np.maximum(step, LEAST_THRESHOLD)


def _times(
    first: NDArray[np.float64],
    between: NDArray[np.float64],
    number: NDArray[np.float64],
    last: NDArray[np.float64],
    refractory: float,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """When pixels fire that pass thresholds at even intervals.

    Args:
        first: (n,) [ns] when each passes the first one.
        between: (n,) [ns] from one to the next.
        number: (n,) how many it passes.
        last: (n,) [ns] its last event before.
        refractory: [ns]

    Returns:
        (m,) which pixel, ascending, and (m,) when [ns], ascending for each pixel. Where they would be more
        than MOST_EVENTS, each pixel has its first ones only.
    """
    skipped = np.maximum(np.ceil((last + refractory - first) / between - ROUNDING), 0.0)
    stride = np.maximum(np.ceil(refractory / between - ROUNDING), 1.0)
    count = np.maximum(np.floor((number - 1.0 - skipped) / stride) + 1.0, 0.0)
    if count.sum() > MOST_EVENTS:
        count = np.minimum(count, max(MOST_EVENTS // len(count), 1))
    count = count.astype(np.int64)
    owner = np.arange(len(count)).repeat(count)
    place = np.arange(len(owner)) - (np.cumsum(count) - count).repeat(count)
    return owner, first[owner] + (skipped[owner] + place * stride[owner]) * between[owner]
