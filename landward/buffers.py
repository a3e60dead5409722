"""Buffers over a batch of environments: a delay line with fractional lags, and a window of past frames."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from landward.array import Array, copy, place


class DelayBuffer:
    """A delay line for (N, D) float32 rows; every element has its own lag, fractional lags are interpolated.

    With a lag of k + f steps (k whole, 0 <= f < 1) the output is (1 - f) x[t - k] + f x[t - k - 1].

    The frames lie twice in a ring of 2 L slots, so that the last L frames are always one contiguous block,
    oldest first; the places to read are then fixed at reset and a step needs no index arithmetic.
    """

    def __init__(self, num_envs: int, width: int, max_lag: float, xp: Any, device: Any) -> None:
        """Make a line that is empty until `fill`.

        Args:
            num_envs: N.
            width: D.
            max_lag: the largest lag [steps] that will be set.
            xp: array namespace.
            device: device of the arrays; ignored for NumPy.
        """
        self.xp = xp
        self.max_lag = max_lag
        self._slots = math.ceil(max_lag) + 1
        on_device = place(xp, device)
        self._ring = xp.zeros((2 * self._slots, num_envs, width), dtype=xp.float32, **on_device)
        self._cell = xp.reshape(xp.arange(num_envs * width, dtype=xp.int64, **on_device), (num_envs, width))
        self._newer = xp.zeros((num_envs, width), dtype=xp.int64, **on_device)
        self._older = xp.zeros((num_envs, width), dtype=xp.int64, **on_device)
        self._fraction = xp.zeros((num_envs, width), dtype=xp.float32, **on_device)
        self._cursor = 0

    def fill(self, env_ids: Array | slice, rows: Array, lags: Array) -> None:
        """Forget the past of some environments: all their frames become `rows`, and their lags `lags`.

        Args:
            env_ids: indices of n environments.
            rows: (n, D).
            lags: (n, D) [steps], in [0, max_lag].
        """
        xp = self.xp
        whole = xp.floor(lags)
        age = xp.asarray(whole, dtype=xp.int64)
        last = self._slots - 1
        stride = self._cell.shape[0] * self._cell.shape[1]
        cell = self._cell[env_ids]
        self._ring[:, env_ids] = rows
        self._fraction[env_ids] = lags - whole
        self._newer[env_ids] = cell + (last - xp.clip(age, 0, last)) * stride
        self._older[env_ids] = cell + (last - xp.clip(age + 1, 0, last)) * stride

    def push(self, frame: Array) -> Array:
        """Append the present (N, D) frame and return the delayed one, a new (N, D) array."""
        xp = self.xp
        self._ring[self._cursor] = frame
        self._ring[self._cursor + self._slots] = frame
        self._cursor = (self._cursor + 1) % self._slots
        window = xp.reshape(self._ring[self._cursor : self._cursor + self._slots], (-1,))
        newer = xp.take(window, xp.reshape(self._newer, (-1,)), axis=0)
        older = xp.take(window, xp.reshape(self._older, (-1,)), axis=0)
        older -= newer
        older *= xp.reshape(self._fraction, (-1,))
        newer += older
        return xp.reshape(newer, frame.shape)

    def state_dict(self) -> dict[str, Any]:
        """Copies of all that a later step depends on."""
        arrays = {"ring": self._ring, "newer": self._newer, "older": self._older, "fraction": self._fraction}
        return {name: copy(array) for name, array in arrays.items()} | {"cursor": self._cursor}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from the state of a line with the same sizes."""
        self._ring[...] = state["ring"]
        self._newer[...] = state["newer"]
        self._older[...] = state["older"]
        self._fraction[...] = state["fraction"]
        self._cursor = int(state["cursor"])


class HistoryBuffer:
    """The last frames of a batch of rows that consist of blocks, each block with its own length of history.

    A window row holds, block after block, the block's frames oldest first.
    """

    def __init__(
        self, num_envs: int, widths: Sequence[int], lengths: Sequence[int], xp: Any, device: Any
    ) -> None:
        """Make a window of zeros; `fill` gives it a first frame.

        Args:
            num_envs: N.
            widths: number of columns of every block.
            lengths: number of frames of every block, at least 1.
            xp: array namespace.
            device: device of the arrays; ignored for NumPy.
        """
        self.xp = xp
        on_device = place(xp, device)
        self._blocks: list[tuple[slice, slice, slice, slice]] = []
        columns: list[int] = []
        source = 0
        for width, length in zip(widths, lengths, strict=True):
            start, stop = len(columns), len(columns) + width * length
            kept = slice(start, stop - width), slice(start + width, stop)
            self._blocks.append((*kept, slice(stop - width, stop), slice(source, source + width)))
            columns += list(range(source, source + width)) * length
            source += width
        self._columns = xp.asarray(columns, dtype=xp.int64, **on_device)
        self._window = xp.zeros((num_envs, len(columns)), dtype=xp.float32, **on_device)

    @property
    def window(self) -> Array:
        """A copy of the (N, sum of width * length) window."""
        return copy(self._window)

    def fill(self, env_ids: Array | slice, rows: Array) -> None:
        """Every frame of the environments `env_ids` becomes their row of `rows` (n, D)."""
        self._window[env_ids] = self.xp.take(rows, self._columns, axis=1)

    def push(self, frame: Array) -> Array:
        """Append the present (N, D) frame, drop the oldest, and return a copy of the window."""
        shifted = self.xp.empty_like(self._window)
        for to, kept, newest, columns in self._blocks:
            shifted[:, to] = self._window[:, kept]
            shifted[:, newest] = frame[:, columns]
        self._window = shifted
        return self.window

    def state_dict(self) -> dict[str, Any]:
        """A copy of the window."""
        return {"window": self.window}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from the state of a buffer with the same sizes."""
        self._window[...] = state["window"]
