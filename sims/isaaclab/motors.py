"""Explicit actuators on tensors: torques computed here once a physics step, so that their gains are in force.

PhysX ignores the gains of an implicit actuator on some joints while it reports them; a torque that is handed
over is applied by every backend.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from landward.array import constant
from robots import Robot
from sims.physics import PhysicsCfg
from sims.warp.delay import CommandDelay

_TOLERANCE = 1e-3
"""[physics steps] A latency is a whole number of steps when it is this close to one."""


class Motors:
    """PD control of all joints; gains, strength and command delay differ between environments.

    `actuator="pd"` clips the torque at the effort limit, `dc_motor` at the torque-speed line as well. Both
    hold it for a physics step, where the MuJoCo engine integrates `pd` implicitly.
    """

    def __init__(self, robot: Robot, physics: PhysicsCfg, num_envs: int, device: torch.device) -> None:
        self._physics = physics
        names = ("stiffness", "damping", "effort_limit", "saturation_effort")
        self._nominal = {name: constant(getattr(robot, name), torch, device) for name in names}
        self._no_load = constant(robot.velocity_limit, torch, device)
        self._inforce = {name: value.repeat(num_envs, 1) for name, value in self._nominal.items()}
        default = constant(robot.default_joint_pos, torch, device)
        self.plan = torch.zeros((physics.substeps, num_envs, len(default)), device=device)
        """(S, N, J) target of each physics step of the present control step [rad]."""
        most = math.ceil(physics.max_latency / physics.timestep - 1e-9)
        self.delay = CommandDelay(self.plan, default, most)

    def torque(self, substep: int, position: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        """Torques (N, J) [N m] of one physics step, from joint positions and velocities (N, J)."""
        gain = self._inforce
        wanted = gain["stiffness"] * (self.plan[substep] - position) - gain["damping"] * velocity
        limit = gain["effort_limit"]
        if self._physics.actuator == "pd":
            return torch.clamp(wanted, -limit, limit)
        return dc_motor_torque(wanted, velocity, gain["saturation_effort"], self._no_load, limit)

    def set(self, ids: torch.Tensor, values: Mapping[str, torch.Tensor]) -> None:
        """Take over gains, strength and latency of the environments `ids` from the parameters in force."""
        strength = values["strength"][ids, None]
        for name, table in self._inforce.items():
            factor = values[name][ids] if name in values else 1.0
            table[ids] = self._nominal[name] * factor * strength
        steps = values["latency"] / self._physics.timestep
        # As the MuJoCo engine rounds: its delay line up, its DC motor to the nearest.
        pd = self._physics.actuator == "pd"
        whole = torch.ceil(steps - _TOLERANCE) if pd else torch.round(steps)
        self.delay.set_steps(whole.to(torch.int64))


def dc_motor_torque(
    torque: torch.Tensor,
    velocity: torch.Tensor,
    stall: torch.Tensor,
    no_load: torch.Tensor,
    limit: torch.Tensor,
) -> torch.Tensor:
    """Clip a wanted torque to what a DC motor can give at its speed; see sims.mujoco.actuators.

    Args:
        torque: (N, J) wanted [N m].
        velocity: (N, J) joint speed [rad/s].
        stall: (N, J) stall torque [N m].
        no_load: (J,) no-load speed [rad/s].
        limit: (N, J) continuous limit [N m].
    """
    ratio, zero = velocity / no_load, torch.zeros_like(limit)
    highest = torch.clamp(stall * (1.0 - ratio), zero, limit)
    lowest = torch.clamp(stall * (-1.0 - ratio), -limit, zero)
    return torch.clamp(torque, lowest, highest)
