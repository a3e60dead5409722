"""Actuators computed outside MuJoCo, once a physics step: PD control through a DC motor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robots import Robot

Floats = NDArray[np.float64]


def dc_motor_torque(
    torque: Floats, velocity: Floats, stall: Floats, no_load: Floats, limit: Floats
) -> Floats:
    """Clip a wanted torque to what a DC motor can give at its speed.

    The torque-speed line falls from the stall torque at rest to zero at the no-load speed, on both sides, and
    the drive's current limit caps it (the DCMotor model of Isaac Lab's documentation, section actuators).

    Args:
        torque: (N, J) wanted [N m].
        velocity: (N, J) joint speed [rad/s].
        stall: (J,) or (N, J) stall torque [N m].
        no_load: (J,) no-load speed [rad/s].
        limit: (J,) or (N, J) continuous limit [N m].
    """
    ratio = velocity / no_load
    highest = np.clip(stall * (1.0 - ratio), 0.0, limit)
    lowest = np.clip(stall * (-1.0 - ratio), -limit, 0.0)
    return np.clip(torque, lowest, highest)


class DCMotorPD:
    """PD control with gains, strength and a command delay of its own for every environment."""

    def __init__(self, robot: Robot, timestep: float, max_latency: float, num_envs: int) -> None:
        self._gains = np.array(robot.stiffness), np.array(robot.damping)
        self._stall, self._no_load = np.array(robot.saturation_effort), np.array(robot.velocity_limit)
        self._limit, self._timestep = np.array(robot.effort_limit), timestep
        steps = int(np.ceil(max_latency / timestep - 1e-9)) + 1
        self.line = np.tile(np.array(robot.default_joint_pos), (steps, num_envs, 1))
        self.cursor = 0
        self._envs = np.arange(num_envs)

    def torque(
        self, target: Floats, position: Floats, velocity: Floats, values: Mapping[str, Floats]
    ) -> Floats:
        """Torques (N, J) of one physics step; `values` are the parameters in force."""
        self.cursor = (self.cursor + 1) % len(self.line)
        self.line[self.cursor] = target
        lag = np.rint(values["latency"] / self._timestep).astype(np.int64)
        delayed = self.line[(self.cursor - lag) % len(self.line), self._envs]
        strength = values["strength"][:, None]
        stiffness = self._gains[0] * values["stiffness"] * strength
        damping = self._gains[1] * values["damping"] * strength
        wanted = stiffness * (delayed - position) - damping * velocity
        return dc_motor_torque(
            wanted, velocity, self._stall * strength, self._no_load, self._limit * strength
        )

    def reset(self, ids: NDArray[np.int64], target: Floats) -> None:
        """Fill the delay lines of environments `ids` with one target (n, J)."""
        self.line[:, ids] = target

    def state_dict(self) -> dict[str, Any]:
        """The delay line."""
        return {"line": self.line.copy(), "cursor": self.cursor}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore `state_dict()`."""
        self.line[:] = state["line"]
        self.cursor = int(state["cursor"])
