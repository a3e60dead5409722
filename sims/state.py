"""The named robot state that tasks and constraints read and every engine fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Array = Any


class RobotState(Mapping[str, Array]):
    """Named batched arrays, readable as attributes or by key.

    Engines fill these (N environments, J joints in the robot's order, F feet, B other contact bodies):

    ===================== ========== =======================================================================
    root_pos_w            (N, 3)     base position, world frame [m]
    root_quat_w           (N, 4)     base orientation (w, x, y, z), body to world
    root_lin_vel_b        (N, 3)     linear velocity of the base origin, base frame [m/s]
    root_ang_vel_b        (N, 3)     angular velocity, base frame [rad/s]
    projected_gravity_b   (N, 3)     unit gravity direction in the base frame; (0, 0, -1) when upright
    joint_pos, joint_vel  (N, J)     [rad], [rad/s]
    joint_acc             (N, J)     acceleration in the last physics step [rad/s^2]
    joint_torque          (N, J)     torque the actuators applied in the last physics step [N m]
    foot_pos_w            (N, F, 3)  centre of the foot, world frame [m]
    foot_height           (N, F)     sole above the ground below it [m]
    foot_contact          (N, F)     bool
    foot_force            (N, F)     contact force magnitude [N]
    body_force            (N, B)     contact force magnitude on the other watched bodies [N]
    ===================== ========== =======================================================================

    A task adds its own entries (commands, gates, timers) so that constraints can read them by name.
    """

    def __init__(self, entries: Mapping[str, Array] | None = None) -> None:
        self.__dict__["_entries"] = dict(entries or {})

    def __getitem__(self, name: str) -> Array:
        try:
            return self._entries[name]
        except KeyError:
            raise KeyError(
                f"the robot state has no {name!r}; it has {', '.join(sorted(self._entries))}"
            ) from None

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __setattr__(self, name: str, value: Array) -> None:
        self._entries[name] = value

    def __setitem__(self, name: str, value: Array) -> None:
        self._entries[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
