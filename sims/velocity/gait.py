"""Per-foot clocks: time in the air, peak of the swing, touchdowns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landward.array import array_namespace, convert, copy

Array = Any


class GaitTracker:
    """Follows N x F feet; after `update`, its arrays describe the step just taken."""

    NAMES = ("air_time", "peak_height", "touchdown", "last_air_time", "last_peak")

    def __init__(self, contact: Array, period: float, diagonals: tuple[tuple[int, int], ...] = ()) -> None:
        """Start with all feet down.

        Args:
            contact: (N, F) bool, gives shape and array kind.
            period: control period [s].
            diagonals: two pairs of feet that swing together in a trot, or none.
        """
        xp = array_namespace(contact)
        self._diagonals = diagonals
        self._period = period
        self._where = xp, getattr(contact, "device", "cpu")
        zeros = xp.zeros_like(contact, dtype=xp.float32)
        self.air_time = zeros
        """(N, F) time since the foot left the ground, 0 on the ground [s]."""
        self.peak_height = xp.zeros_like(zeros)
        """(N, F) highest point of the present swing above the ground [m]."""
        self.touchdown = xp.zeros_like(contact)
        """(N, F) the foot landed in this step."""
        self.last_air_time = xp.zeros_like(zeros)
        """(N, F) duration of the swing that ended in this step, else of the present one [s]."""
        self.last_peak = xp.zeros_like(zeros)
        """(N, F) peak of the swing that ended in this step, else of the present one [m]."""

    def trotting(self, contact: Array) -> Array:
        """(N,) bool: exactly one diagonal pair of feet is on the ground."""
        if len(self._diagonals) != 2:
            return contact[:, 0] & ~contact[:, 0]
        (a, b), (c, d) = self._diagonals
        return (
            (contact[:, a] == contact[:, b])
            & (contact[:, c] == contact[:, d])
            & (contact[:, a] != contact[:, c])
        )

    def update(self, contact: Array, height: Array) -> None:
        """Advance by one control step: contact (N, F) bool, sole above ground (N, F) [m]."""
        xp = array_namespace(height)
        self.touchdown = contact & (self.air_time > 0)
        self.last_air_time = self.air_time
        self.last_peak = xp.maximum(self.peak_height, height)
        flying = xp.astype(~contact, height.dtype)
        self.air_time = (self.air_time + self._period) * flying
        self.peak_height = self.last_peak * flying

    def reset(self, env_ids: Array) -> None:
        """All feet of `env_ids` down."""
        for name in self.NAMES:
            getattr(self, name)[env_ids] = 0

    def state_dict(self) -> dict[str, Any]:
        """All clocks."""
        return {name: copy(getattr(self, name)) for name in self.NAMES}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore `state_dict()`."""
        for name in self.NAMES:
            setattr(self, name, copy(convert(state[name], *self._where)))
