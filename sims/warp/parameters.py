"""Per-environment physics on a Warp batch: friction, payload, gains, strength, armature, latency."""

from __future__ import annotations

from typing import Any

import torch

from landward.array import constant
from robots import Robot
from sims.parameters import ParameterValues
from sims.physics import PhysicsCfg
from sims.warp.batch import WarpBatch, warp_modules
from sims.warp.delay import CommandDelay

SET = (
    "geom_friction",
    "body_mass",
    "body_inertia",
    "dof_armature",
    "actuator_gainprm",
    "actuator_biasprm",
    "actuator_forcerange",
)
DERIVED = ("body_subtreemass", "dof_invweight0", "body_invweight0", "actuator_acc0")
VARIED = SET + DERIVED
"""Model fields that each environment has for itself: those that are set, and those that follow from them."""
_TOLERANCE = 1e-3
"""[physics steps] A latency is a whole number of steps when it is this close to one."""


class WarpParameters(ParameterValues):
    """Writes the parameters in force into the batch's model fields, on its device."""

    def __init__(
        self,
        batch: WarpBatch,
        model: Any,
        robot: Robot,
        physics: PhysicsCfg,
        num_envs: int,
        delay: CommandDelay,
    ) -> None:
        self._batch, self._delay = batch, delay
        self._base = int(model.body(robot.base).id)
        self._feet = self._index([int(model.geom(name).id) for name in robot.foot_names])
        self._dofs = self._index([int(model.joint(name).dofadr[0]) for name in robot.joint_names])
        self._fields = {name: batch.view(name) for name in SET}
        nominal = {name: constant(getattr(model, name), torch, batch.torch_device) for name in SET}
        self._nominal = nominal
        self.motor = {
            name: constant(values, torch, batch.torch_device).repeat(num_envs, 1)
            for name, values in (
                ("stiffness", robot.stiffness),
                ("damping", robot.damping),
                ("stall", robot.saturation_effort),
                ("limit", robot.effort_limit),
            )
        }
        """(N, J) gains and limits of a DC motor in force."""
        self._nominal_motor = {name: value[0].clone() for name, value in self.motor.items()}
        friction, mass = float(model.geom_friction[int(self._feet[0]), 0]), float(model.body_mass[self._base])
        device = batch.torch_device
        super().__init__(robot, physics, num_envs, friction, mass, torch, device, torch.float32)
        delay.set_steps(self._delay_steps())

    def _index(self, numbers: list[int]) -> torch.Tensor:
        return torch.tensor(numbers, device=self._batch.torch_device)

    def apply(self, ids: torch.Tensor) -> None:
        """Write the values of environments `ids` into the model fields, and what follows from them."""
        v, fields, nominal, rows = self.values, self._fields, self._nominal, ids[:, None]
        fields["geom_friction"][rows, self._feet, 0] = v["friction"][rows]
        factor = 1 + v["payload"][ids] / self._base_mass
        fields["body_mass"][ids, self._base] = nominal["body_mass"][self._base] * factor
        fields["body_inertia"][ids, self._base] = nominal["body_inertia"][self._base] * factor[:, None]
        fields["dof_armature"][rows, self._dofs] = nominal["dof_armature"][self._dofs] * v["armature"][rows]
        if self._physics.actuator == "pd":
            self._apply_gains(ids)
        else:
            self._apply_motor(ids)
        self._delay.set_steps(self._delay_steps())
        wp, mjw = warp_modules()
        with self._batch.ordered():
            groups = mjw.SetConstGroup.FIXED | mjw.SetConstGroup.INERT0
            mjw.set_const(self._batch.model, self._batch.data, groups=groups, restore=False)

    def _apply_gains(self, ids: torch.Tensor) -> None:
        v, fields, nominal = self.values, self._fields, self._nominal
        strength = v["strength"][ids, None]
        stiffness = nominal["actuator_gainprm"][:, 0] * v["stiffness"][ids] * strength
        damping = nominal["actuator_biasprm"][:, 2] * v["damping"][ids] * strength
        fields["actuator_gainprm"][ids, :, 0] = stiffness
        fields["actuator_biasprm"][ids, :, 1] = -stiffness
        fields["actuator_biasprm"][ids, :, 2] = damping
        fields["actuator_forcerange"][ids] = nominal["actuator_forcerange"] * strength[:, :, None]

    def _apply_motor(self, ids: torch.Tensor) -> None:
        strength = self.values["strength"][ids, None]
        for name, value in self.motor.items():
            factor = self.values[name][ids] * strength if name in self.values else strength
            value[ids] = self._nominal_motor[name] * factor

    def _delay_steps(self) -> torch.Tensor:
        """(N,) int64 [physics steps], as the MuJoCo engine rounds: up with pd, else to the nearest."""
        steps = self.values["latency"] / self._physics.timestep
        whole = torch.ceil(steps - _TOLERANCE) if self._physics.actuator == "pd" else torch.round(steps)
        return whole.to(torch.int64)
