"""The per-environment physics in force: what every engine keeps, checks and writes into its model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from landward.array import convert, place
from landward.errors import SimulationError
from robots import Robot
from sims.physics import PhysicsCfg, PhysicsParameters

Array = Any


class ParameterValues(ABC):
    """Keeps the values of PhysicsParameters for N environments; an engine's subclass applies them."""

    def __init__(
        self,
        robot: Robot,
        physics: PhysicsCfg,
        num_envs: int,
        friction: float,
        base_mass: float,
        xp: Any,
        device: Any,
        dtype: Any,
    ) -> None:
        """Begin with the nominal robot.

        Args:
            robot: the robot.
            physics: numerical settings; its max_latency bounds the latency.
            num_envs: N.
            friction: nominal sliding friction of the feet.
            base_mass: mass of the unloaded base [kg].
            xp: array namespace of the values.
            device: device of the values.
            dtype: type of the values.
        """
        self._robot, self._physics, self._base_mass = robot, physics, base_mass
        self._xp, self._device, self._dtype = xp, device, dtype
        joints = len(robot.joint_names)
        nominal = {
            "friction": ((num_envs,), friction),
            "payload": ((num_envs,), 0.0),
            "strength": ((num_envs,), 1.0),
            "stiffness": ((num_envs, joints), 1.0),
            "damping": ((num_envs, joints), 1.0),
            "armature": ((num_envs,), 1.0),
            "latency": ((num_envs,), nominal_latency(robot, physics)),
        }
        where = place(xp, device)
        self.values: dict[str, Array] = {
            name: xp.full(shape, value, dtype=dtype, **where) for name, (shape, value) in nominal.items()
        }

    @abstractmethod
    def apply(self, ids: Array) -> None:
        """Write the values of the environments `ids` into the engine's model."""

    def set(self, ids: Array, parameters: PhysicsParameters) -> None:
        """Change what is not None in environments `ids`.

        Raises:
            SimulationError: a value that physics does not allow, or a latency beyond `physics.max_latency`.
        """
        xp = self._xp
        for name in PhysicsParameters.NAMES:
            given = getattr(parameters, name)
            if given is None:
                continue
            value = convert(given, xp, self._device, self._dtype)
            if not bool(xp.all(xp.isfinite(value))) or (name != "payload" and bool(xp.any(value < 0))):
                shown = xp.reshape(value, (-1,))[:4].tolist()
                raise SimulationError(f"{name} must be finite and not negative, got {shown} ...")
            self.values[name][ids] = value
        self._check()
        self.apply(ids)

    def _check(self) -> None:
        longest = float(self._xp.max(self.values["latency"]))
        if longest > self._physics.max_latency + 1e-8:  # single precision rounds 0.1 s up by 1.5e-9 s
            raise SimulationError(
                f"a latency of {longest:.3f} s was asked for, but the delay line holds "
                f"{self._physics.max_latency:.3f} s: raise physics.max_latency"
            )
        lightest = float(self._xp.min(self.values["payload"]))
        if lightest + self._base_mass <= 0:
            raise SimulationError(
                f"a payload of {lightest:.2f} kg outweighs the base ({self._base_mass:.2f} kg)"
            )


def nominal_latency(robot: Robot, physics: PhysicsCfg) -> float:
    """The delay that is in force before one is set [s].

    A delay line in a MuJoCo model delays by one physics step, see sims.mujoco.model.
    """
    has_line = physics.actuator == "pd" and physics.max_latency > 0
    return physics.timestep if has_line else robot.latency[0]
