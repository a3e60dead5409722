"""The samples of one topic by time, so that a policy can be fed a measurement of a given age."""

from __future__ import annotations

from collections import deque
from typing import Protocol


class Stamped(Protocol):
    """Anything measured at a moment."""

    @property
    def stamp(self) -> float:
        """ROS time of the measurement [s]."""
        ...


class SampleBuffer[Sample: Stamped]:
    """Samples with rising stamps, back to the oldest one that can still be asked for."""

    def __init__(self, topic: str, reach: float, ahead: float) -> None:
        """Begin empty.

        Args:
            topic: for messages to people.
            reach: how far before the newest sample `at` is asked to look [s].
            ahead: how far a stamp may lie after the present moment: clocks of two computers differ a
                little, and under simulated time a sample may arrive before its /clock [s].
        """
        self.topic = topic
        self.refused = ""
        """Why the latest message that was not taken was refused; empty where none was."""
        self.refusals = 0
        """How many messages were refused."""
        self._reach, self._ahead = reach, ahead
        self._samples: deque[Sample] = deque()

    @property
    def newest(self) -> Sample | None:
        """The newest sample; None before the first."""
        return self._samples[-1] if self._samples else None

    def push(self, sample: Sample, now: float) -> bool:
        """Take a sample, unless it is not newer than the newest, or from the future.

        Args:
            sample: what arrived.
            now: ROS time [s].
        """
        samples = self._samples
        if sample.stamp > now + self._ahead:
            self.refuse(
                f"a stamp {sample.stamp - now:.3f} s in the future; do both sides use the same clock?"
            )
            return False
        if samples and sample.stamp <= samples[-1].stamp:
            self.refuse(f"out of order: a stamp {samples[-1].stamp - sample.stamp:.3f} s before the newest")
            return False
        samples.append(sample)
        horizon = sample.stamp - self._reach
        while len(samples) > 1 and samples[1].stamp <= horizon:
            samples.popleft()
        return True

    def refuse(self, why: str) -> None:
        """Remember that a message could not be taken."""
        self.refused = why
        self.refusals += 1

    def at(self, moment: float) -> Sample | None:
        """The newest sample that is not after a moment [s]; None where all are."""
        for sample in reversed(self._samples):
            if sample.stamp <= moment:
                return sample
        return None

    def clear(self) -> None:
        """Forget everything, as after a jump of the clock."""
        self._samples.clear()
        self.refused = ""
