"""Per-environment physics on a MuJoCo batch: friction, payload, gains, strength, armature, latency."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import SimulationError
from robots import Robot
from sims.physics import PhysicsCfg, PhysicsParameters

Floats = NDArray[np.float64]


class BatchParameters:
    """Keeps the parameters in force and writes them into the batch's per-environment model fields."""

    def __init__(self, batch: Any, model: Any, robot: Robot, physics: PhysicsCfg, num_envs: int) -> None:
        self._batch, self._model, self._robot, self._physics = batch, model, robot, physics
        joints = len(robot.joint_names)
        self._base = model.body(robot.base).id
        self._feet = np.array([model.geom(name).id for name in robot.foot_names])
        self._actuators = np.array([model.actuator(name).id for name in robot.joint_names])
        self._dofs = np.array([model.joint(name).dofadr[0] for name in robot.joint_names])
        self.values: dict[str, Floats] = {
            "friction": np.full(num_envs, float(model.geom_friction[self._feet[0], 0])),
            "payload": np.zeros(num_envs),
            "strength": np.ones(num_envs),
            "stiffness": np.ones((num_envs, joints)),
            "damping": np.ones((num_envs, joints)),
            "armature": np.ones(num_envs),
            "latency": np.full(num_envs, robot.latency[0]),
        }
        self._has_delay = physics.actuator == "pd" and physics.max_latency > 0

    def set(self, ids: NDArray[np.int64], parameters: PhysicsParameters) -> None:
        """Change what is not None in environments `ids`.

        Raises:
            SimulationError: a value that physics does not allow, or a latency beyond `physics.max_latency`.
        """
        changed = {
            n: getattr(parameters, n) for n in PhysicsParameters.NAMES if getattr(parameters, n) is not None
        }
        for name, value in changed.items():
            value = np.asarray(value, np.float64)
            if not np.isfinite(value).all() or (name != "payload" and (value < 0).any()):
                raise SimulationError(f"{name} must be finite and not negative, got {value.ravel()[:4]} ...")
            self.values[name][ids] = value
        longest = self.values["latency"].max(initial=0.0)
        if longest > self._physics.max_latency + 1e-9:
            raise SimulationError(
                f"a latency of {longest:.3f} s was asked for, but the delay line holds "
                f"{self._physics.max_latency:.3f} s: raise physics.max_latency"
            )
        self.apply(ids)

    def apply(self, ids: NDArray[np.int64]) -> None:
        """Write the values of environments `ids` into the model fields."""
        batch, model, v = self._batch, self._model, self.values
        batch.expand("geom_friction")[np.ix_(ids, self._feet, [0])] = v["friction"][ids, None, None]
        mass = model.body_mass[self._base]
        factor = 1 + v["payload"][ids] / mass
        if (factor <= 0).any():
            raise SimulationError(
                f"a payload of {v['payload'][ids].min():.2f} kg outweighs the base ({mass:.2f} kg)"
            )
        batch.expand("body_mass")[ids, self._base] = mass * factor
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
