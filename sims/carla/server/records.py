"""The state of every actor as the client is sent it: one row of 119 bytes each, in one array.

The array is both the server's state and, byte for byte, the world observer's message (PROTOCOL: world
observer payload), so a snapshot costs one copy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RECORD = np.dtype(
    [
        ("id", "<u4"),
        ("state", "u1"),
        ("location", "<f4", 3),
        ("rotation", "<f4", 3),
        ("velocity", "<f4", 3),
        ("angular_velocity", "<f4", 3),
        ("acceleration", "<f4", 3),
        ("detail", "V54"),
    ]
)
"""location [m], rotation pitch, yaw, roll [deg], velocity [m/s], angular velocity [deg/s], acceleration
[m/s2], all in the world's axes; `detail` depends on the kind of actor."""
VEHICLE = np.dtype(
    [
        ("throttle", "<f4"),
        ("steer", "<f4"),
        ("brake", "<f4"),
        ("hand_brake", "u1"),
        ("reverse", "u1"),
        ("manual_gear_shift", "u1"),
        ("gear", "<i4"),
        ("speed_limit", "<f4"),
        ("traffic_light_state", "u1"),
        ("has_traffic_light", "u1"),
        ("traffic_light_id", "<u4"),
        ("failure_state", "u1"),
        ("unused", "V24"),
    ]
)
"""`detail` of a vehicle; speed limit [km/h]."""
WALKER = np.dtype([("direction", "<f4", 3), ("speed", "<f4"), ("jump", "u1"), ("unused", "V37")])
"""`detail` of a walker; speed [m/s]."""
TRAFFIC_LIGHT = np.dtype(
    [
        ("sign_id", "S32"),
        ("green_time", "<f4"),
        ("yellow_time", "<f4"),
        ("red_time", "<f4"),
        ("elapsed_time", "<f4"),
        ("pole_index", "<u4"),
        ("time_is_frozen", "u1"),
        ("light_state", "u1"),
    ]
)
"""`detail` of a traffic light; times [s]."""
TRAFFIC_SIGN = np.dtype([("sign_id", "S32"), ("unused", "V22")])
"""`detail` of a traffic sign."""
ACTIVE = 1


class Records:
    """Rows in ascending order of actor ids; rows of removed actors close up."""

    def __init__(self) -> None:
        self._store = np.zeros(64, RECORD)
        self._poses = np.zeros((64, 6))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> NDArray[np.void]:
        """(n,) view of all rows; invalid after `add`."""
        return self._store[: self._count]

    @property
    def poses(self) -> NDArray[np.float64]:
        """(n, 6) view of the world poses of all rows, at full precision; invalid after `add`."""
        return self._poses[: self._count]

    def view(self, detail: np.dtype) -> NDArray[np.void]:
        """(n,) view of the details of all rows as one kind of actor; invalid after `add`."""
        return self.rows["detail"].view(detail)

    def add(self, actor_id: int) -> int:
        """Append an active row of zeros; returns its index. `actor_id` is above all ids before it."""
        if self._count == len(self._store):
            self._store = np.concatenate([self._store, np.zeros_like(self._store)])
            self._poses = np.concatenate([self._poses, np.zeros_like(self._poses)])
        row = self._count
        self._store[row] = np.zeros((), RECORD)
        self._store[row]["id"], self._store[row]["state"] = actor_id, ACTIVE
        self._poses[row] = 0.0
        self._count += 1
        return row

    def remove(self, row: int) -> None:
        """Drop a row; the indices of all rows behind it fall by one."""
        self._store[row : self._count - 1] = self._store[row + 1 : self._count]
        self._poses[row : self._count - 1] = self._poses[row + 1 : self._count]
        self._count -= 1

    def tobytes(self) -> bytes:
        """All rows as the wire has them, with the locations and rotations of `poses`."""
        rows = self.rows
        rows["location"], rows["rotation"] = self.poses[:, :3], self.poses[:, 3:]
        return rows.tobytes()
