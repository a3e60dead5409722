"""Per-environment physics on a MuJoCo batch: friction, payload, gains, strength, armature, latency."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from robots import Robot
from sims.parameters import ParameterValues
from sims.physics import PhysicsCfg


class BatchParameters(ParameterValues):
    """Writes the parameters in force into the batch's per-environment model fields."""

    def __init__(self, batch: Any, model: Any, robot: Robot, physics: PhysicsCfg, num_envs: int) -> None:
        self._batch, self._model = batch, model
        self._base = model.body(robot.base).id
        self._feet = np.array([model.geom(name).id for name in robot.foot_names])
        self._actuators = np.array([model.actuator(name).id for name in robot.joint_names])
        self._dofs = np.array([model.joint(name).dofadr[0] for name in robot.joint_names])
        friction, mass = float(model.geom_friction[self._feet[0], 0]), float(model.body_mass[self._base])
        super().__init__(robot, physics, num_envs, friction, mass, np, "cpu", np.float64)
        self._has_delay = physics.actuator == "pd" and physics.max_latency > 0

    def apply(self, ids: NDArray[np.int64]) -> None:
        """Write the values of environments `ids` into the model fields."""
        batch, model, v = self._batch, self._model, self.values
        batch.expand("geom_friction")[np.ix_(ids, self._feet, [0])] = v["friction"][ids, None, None]
        factor = 1 + v["payload"][ids] / self._base_mass
        batch.expand("body_mass")[ids, self._base] = self._base_mass * factor
        batch.expand("body_inertia")[ids, self._base] = model.body_inertia[self._base] * factor[:, None]
        batch.expand("dof_armature")[np.ix_(ids, self._dofs)] = (
            model.dof_armature[self._dofs] * v["armature"][ids, None]
        )
        if self._physics.actuator == "pd":
            self._apply_gains(ids)
        if self._has_delay:
            batch.expand("actuator_delay")[np.ix_(ids, self._actuators)] = v["latency"][ids, None]
        batch.set_const(ids=ids)

    def _apply_gains(self, ids: NDArray[np.int64]) -> None:
        batch, model, v = self._batch, self._model, self.values
        strength, a = v["strength"][ids, None], self._actuators
        gain, bias = batch.expand("actuator_gainprm"), batch.expand("actuator_biasprm")
        stiffness = model.actuator_gainprm[a, 0] * v["stiffness"][ids] * strength
        gain[ids[:, None], a, 0] = stiffness
        bias[ids[:, None], a, 1] = -stiffness
        bias[ids[:, None], a, 2] = model.actuator_biasprm[a, 2] * v["damping"][ids] * strength
        limits = model.actuator_forcerange[a] * strength[:, :, None]
        batch.expand("actuator_forcerange")[ids[:, None], a] = limits
