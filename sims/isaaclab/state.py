"""The named state of an Isaac Lab task's robot, which constraints read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from sims.isaaclab.scene import main_robot
from sims.manager_based.state import NamedState

Tensor = torch.Tensor


class LabState(NamedState):
    """Named batched tensors, computed when they are asked for.

    For the main robot (J joints in the backend's order), and, with its name in the scene in front (as in
    "gripper_joint_pos"), for every other articulation:

    ==================== ======= ================================================================
    root_pos_w           (N, 3)  base position, world frame [m]
    root_quat_w          (N, 4)  base orientation (w, x, y, z), body to world
    root_lin_vel_b       (N, 3)  velocity of the base's origin, base frame [m/s]
    root_ang_vel_b       (N, 3)  angular velocity, base frame [rad/s]
    projected_gravity_b  (N, 3)  unit gravity direction, base frame
    joint_pos, joint_vel (N, J)  [rad or m], [rad/s or m/s]
    joint_acc            (N, J)  as Isaac Lab differentiates it [rad/s^2 or m/s^2]
    joint_torque         (N, J)  effort that the actuators applied [N m or N]
    default_joint_pos    (N, J)  [rad or m]
    ==================== ======= ================================================================

    Besides, `SENSOR_force` (N, B) [N] for every contact sensor of the scene, B its bodies; `command_NAME` for
    every command; `action` and `previous_action` (N, A), raw.
    """

    def __init__(self, env: Any, actions: Callable[[], tuple[Tensor, Tensor]]) -> None:
        """Name what there is.

        Args:
            env: Isaac Lab's environment.
            actions: gives the raw action of this step and of the one before.
        """
        super().__init__(getattr(env, "command_manager", None), actions)
        main, _ = main_robot(env)
        for name, robot in env.scene.articulations.items():
            self._add_robot("" if name == main else f"{name}_", robot)
        for name, sensor in env.scene.sensors.items():
            if hasattr(sensor.data, "net_forces_w"):
                self._entries[f"{name}_force"] = _force(sensor)
                # Newton's sensor calls its rows sensor_names; PhysX's has body_names alone
                self.names[f"{name}_force"] = tuple(
                    getattr(sensor, "sensor_names", None) or sensor.body_names
                )

    def _add_robot(self, prefix: str, robot: Any) -> None:
        data = robot.data
        fields = {
            "root_pos_w": "root_link_pos_w",
            "root_lin_vel_b": "root_link_lin_vel_b",
            "root_ang_vel_b": "root_link_ang_vel_b",
            "projected_gravity_b": "projected_gravity_b",
            "joint_pos": "joint_pos",
            "joint_vel": "joint_vel",
            "joint_acc": "joint_acc",
            "default_joint_pos": "default_joint_pos",
        }
        for name, field in fields.items():
            self._entries[prefix + name] = lambda field=field: getattr(data, field).torch
        # Isaac Lab 3 has (x, y, z, w)
        self._entries[f"{prefix}root_quat_w"] = lambda: data.root_link_quat_w.torch[:, [3, 0, 1, 2]]
        self._entries[f"{prefix}joint_torque"] = lambda: robot.actuators.applied_effort.torch
        for name in ("joint_pos", "joint_vel", "joint_acc", "joint_torque", "default_joint_pos"):
            self.names[prefix + name] = tuple(robot.joint_names)


def _force(sensor: Any) -> Callable[[], Tensor]:
    """The magnitude of the net contact force on each body of a sensor."""
    return lambda: torch.linalg.vector_norm(sensor.data.net_forces_w.torch, dim=-1)
