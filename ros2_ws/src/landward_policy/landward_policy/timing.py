"""When a tick happens inside its slot."""

from __future__ import annotations

from collections.abc import Callable

from landward_ros.samples import NS


class SlotTimer:
    """Chooses the moment of a tick inside its slot: on a fresh measurement, so that the command is young.

    A slot opens at a fixed rate. The tick follows when every awaited topic has brought a message (at once
    where all have just done so), at the latest one sensor period after the opening. Slots open half a sensor
    period before the measurement: their phase follows the sensors slowly, so neither jitter nor a drift of
    their clock makes a tick take now this measurement, now the next.
    """

    GAIN = 0.02
    """Part of the phase's error that is corrected at every tick: settles in a second at 50 Hz."""

    def __init__(self, topics: tuple[str, ...], sensor_period: float) -> None:
        """Begin with a closed slot.

        Args:
            topics: that every tick awaits.
            sensor_period: time between two messages of each [s].
        """
        self._topics, self._grace = topics, sensor_period
        self._awaited: set[str] = set()
        self._opened: int | None = None

    @property
    def open(self) -> bool:
        """Whether a tick is due and waits for measurements."""
        return self._opened is not None

    def begin(self, now: int, age: Callable[[str], float]) -> None:
        """Open a slot.

        Args:
            now: time of the ticker's clock [ns].
            age: of the newest message of a topic [s].
        """
        self._opened = now
        self._awaited.update(topic for topic in self._topics if age(topic) > self._grace / 4)

    def arrived(self, topic: str) -> None:
        """A message came."""
        self._awaited.discard(topic)

    def complete(self, now: int) -> bool:
        """Whether a tick need not wait any longer: all measurements are there, or a sensor period is over.

        Args:
            now: time of the ticker's clock [ns].
        """
        return self._opened is None or not self._awaited or not self._inside(now)

    def end(self, now: int, shift: Callable[[float], None]) -> bool:
        """Whether to tick now; closes the slot then, and lets the phase follow the sensors.

        Args:
            now: time of the ticker's clock [ns].
            shift: moves the ticker's phase [s].
        """
        if self._opened is None or not self.complete(now):
            return False
        if self._inside(now):
            shift(self.GAIN * ((now - self._opened) / NS - self._grace / 2))
        self._opened = None
        return True

    def _inside(self, now: int) -> bool:
        """Whether the open slot is younger than a sensor period; a clock that went back makes it over."""
        return self._opened is not None and 0.0 <= (now - self._opened) / NS < self._grace
