"""Where everybody was at any time of a recording."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import Pose
from sims.carla.server.recorder.file import Recording


@dataclass(frozen=True)
class Window:
    """The part of a recording that is shown."""

    start: float
    """[s] Since the recording's beginning."""
    end: float
    """[s]"""


def window(recording: Recording, start: float, duration: float) -> Window:
    """What a client asks for, within what there is.

    Args:
        recording: what is shown.
        start: [s] from the beginning; from the end where negative.
        duration: [s]; 0: all the rest.

    Raises:
        RpcError: the duration is negative.
    """
    if duration < 0.0:
        raise RpcError(f"a replay of {duration:g} s is impossible: give 0 for all the rest")
    whole = recording.duration
    first = min(max(start + whole if start < 0.0 else start, 0.0), whole)
    return Window(first, min(first + duration, whole) if duration else whole)


class Timeline:
    """A recording by time.

    Args:
        recording: what is shown.
    """

    def __init__(self, recording: Recording) -> None:
        self.frames = recording.frames
        self._times = [frame.time for frame in recording.frames]
        self._rows = lru_cache(maxsize=2)(lambda index: self.frames[index].rows())

    def index(self, time: float) -> int:
        """The last frame that is not after a time [s]."""
        return max(bisect_right(self._times, time + 1e-9) - 1, 0)

    def rows(self, time: float) -> tuple[NDArray[np.void], NDArray[np.float64]]:
        """The rows of the last frame, and (n, 6) poses of the same actors between it and the next one.

        Raises:
            RpcError: the recording is damaged.
        """
        index = self.index(time)
        rows = self._rows(index)
        poses = _poses(rows)
        share = self._share(index, time)
        if share > 0.0:
            following = self._rows(index + 1)
            _, now, then = np.intersect1d(rows["id"], following["id"], return_indices=True)
            poses[now] = _between(poses[now], _poses(following)[then], share)
        if not np.isfinite(poses).all():
            raise RpcError("the recording is damaged: it holds poses that are not finite")
        return rows, poses

    def _share(self, index: int, time: float) -> float:
        """How far a time is from a frame to the next."""
        if index + 1 >= len(self._times):
            return 0.0
        before, after = self._times[index], self._times[index + 1]
        return min(max((time - before) / (after - before), 0.0), 1.0) if after > before else 0.0


def _poses(rows: NDArray[np.void]) -> NDArray[np.float64]:
    return np.concatenate([rows["location"], rows["rotation"]], axis=1).astype(np.float64)


def _between(before: NDArray[np.float64], after: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Poses on the way; angles take the short one."""
    change = after - before
    change[:, 3:] = (change[:, 3:] + 180.0) % 360.0 - 180.0
    return before + share * change


def same_place(a: Pose, b: Pose) -> bool:
    """Whether two poses are the same to what a recording keeps of them."""
    return bool(np.abs(a - b).max() < 1e-4)
