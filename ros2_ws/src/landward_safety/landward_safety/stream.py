"""Order and age of the messages of one topic."""

from __future__ import annotations

from landward_ros.samples import NS
from landward_safety.reasons import Finding


class Stream:
    """Remembers the newest stamp of a topic and tells what is wrong with the next.

    Args:
        topic: for messages to people.
        max_age: largest age of a stamp, and largest lead before the own clock [s].
        stale: reason for a stamp that is too old.
        out_of_order: reason for a stamp that goes back.
    """

    def __init__(self, topic: str, max_age: float, stale: str, out_of_order: str) -> None:
        self.topic, self.max_age = topic, max_age
        self._stale, self._out_of_order = stale, out_of_order
        self.forget()

    def forget(self) -> None:
        """As before the first message."""
        self._newest: int | None = None

    def age(self, now: float) -> float:
        """Age of the newest stamp [s]; infinite before the first."""
        return float("inf") if self._newest is None else now - self._newest / NS

    def arrive(self, stamp_ns: int, now: float, backlog: bool = False) -> Finding | None:
        """Take the stamp of a message that came, and say what is wrong with it.

        The stamp becomes the reference whatever is found: a driver that restarted with an earlier clock is
        reported once. A stamp that repeats is no progress and no fault; its age will be.

        Args:
            stamp_ns: [ns].
            now: the own clock [s].
            backlog: newer messages wait behind this one: its order counts, its age does not.
        """
        before, self._newest = self._newest, stamp_ns
        if before is not None and stamp_ns < before:
            back = (before - stamp_ns) / NS
            return Finding(
                self._out_of_order,
                f"{self.topic}: a stamp {back * 1e3:.1f} ms before the previous one",
            )
        age = now - stamp_ns / NS
        if backlog or -self.max_age <= age <= self.max_age:
            return None
        what = f"{age * 1e3:.1f} ms old" if age > 0.0 else f"{-age * 1e3:.1f} ms in the future"
        return Finding(self._stale, f"{self.topic}: a stamp {what}, the bound is {self.max_age * 1e3:.1f} ms")
