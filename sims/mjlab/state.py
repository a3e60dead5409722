"""The named state of the robot of a task of mjlab, which constraints read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from sims.manager_based.state import NamedState
from sims.mjlab.scene import main_robot

Tensor = torch.Tensor

FIELDS = {
    "root_pos_w": "root_link_pos_w",
    "root_quat_w": "root_link_quat_w",
    "root_lin_vel_b": "root_link_lin_vel_b",
    "root_ang_vel_b": "root_link_ang_vel_b",
    "projected_gravity_b": "projected_gravity_b",
    "joint_pos": "joint_pos",
    "joint_vel": "joint_vel",
    "joint_acc": "joint_acc",
    "joint_torque": "qfrc_actuator",
    "default_joint_pos": "default_joint_pos",
}
"""State entry -> attribute of mjlab's EntityData."""


class MjlabState(NamedState):
    """Named batched tensors, computed when they are asked for.

    For the main robot (J joints in MuJoCo's order), and, with its name in the scene in front (as in
    "cube_root_pos_w"), for everything else that the scene holds:

    ==================== ======= ================================================================
    root_pos_w           (N, 3)  base position, world frame [m]
    root_quat_w          (N, 4)  base orientation (w, x, y, z), body to world
    root_lin_vel_b       (N, 3)  velocity of the base's origin, base frame [m/s]
    root_ang_vel_b       (N, 3)  angular velocity, base frame [rad/s]
    projected_gravity_b  (N, 3)  unit gravity direction, base frame
    joint_pos, joint_vel (N, J)  [rad or m], [rad/s or m/s]
    joint_acc            (N, J)  [rad/s^2 or m/s^2]
    joint_torque         (N, J)  what the actuators do to the joints [N m or N]
    default_joint_pos    (N, J)  [rad or m]
    ==================== ======= ================================================================

    Besides, `SENSOR_force` (N, B) [N] for every contact sensor that measures forces, B its contacts;
    `command_NAME` for every command; `action` and `previous_action` (N, A), raw.
    """

    def __init__(self, env: Any, actions: Callable[[], tuple[Tensor, Tensor]]) -> None:
        """Name what there is.

        Args:
            env: mjlab's environment.
            actions: gives the raw action of this step and of the one before.
        """
        super().__init__(env.command_manager, actions)
        main, _ = main_robot(env)
        for name, entity in env.scene.entities.items():
            self._add_entity("" if name == main else f"{name}_", entity)
        for name, sensor in env.scene.sensors.items():
            if "force" in getattr(sensor.cfg, "fields", ()):
                self._entries[f"{name}_force"] = _force(sensor)
                if sensor.cfg.num_slots == 1:
                    self.names[f"{name}_force"] = tuple(sensor.primary_names)

    def _add_entity(self, prefix: str, entity: Any) -> None:
        joints = tuple(entity.joint_names)
        for name, field in FIELDS.items():
            if "joint" in name and not joints:
                continue
            self._entries[prefix + name] = lambda field=field: getattr(entity.data, field)
            if "joint" in name:
                self.names[prefix + name] = joints


def _force(sensor: Any) -> Callable[[], Tensor]:
    """The magnitude of every contact force of a sensor."""
    return lambda: torch.linalg.vector_norm(sensor.data.force, dim=-1)
