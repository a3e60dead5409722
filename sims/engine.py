"""What a task needs of a rigid-body engine: a batch of one robot, stepped, reset, pushed and randomised."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from robots import Robot
from sims.physics import PhysicsCfg, PhysicsParameters
from sims.state import RobotState
from sims.terrain import Terrain

Array = Any


class Engine(ABC):
    """N copies of one robot on one ground. Joint arrays follow `robot.joint_names`."""

    robot: Robot
    physics: PhysicsCfg
    terrain: Terrain
    num_envs: int
    device: str
    arrays: Literal["numpy", "torch"]
    """What every array is, those that it takes and those of the state: NumPy, or torch on `device`."""
    total_mass: float
    """Mass of the unloaded robot [kg]."""
    state: RobotState
    """Filled by `refresh`, see RobotState."""
    diverged: Array
    """(N,) bool: the last step gave a NaN or an impossible speed; reset these."""

    @abstractmethod
    def step(self, targets: Array) -> None:
        """Hold joint position targets (N, J) [rad] for one control period, then refresh the state."""

    @abstractmethod
    def reset(
        self,
        env_ids: Array,
        root_pos: Array,
        root_quat: Array,
        velocity: Array,
        joint_pos: Array,
        joint_vel: Array,
    ) -> None:
        """Put robots into a state and refresh it; command delay lines are filled with the default pose.

        Args:
            env_ids: (n,) sorted unique indices.
            root_pos: (n, 3) world [m].
            root_quat: (n, 4) (w, x, y, z).
            velocity: (n, 6) linear (world frame) and angular (base frame) [m/s, rad/s].
            joint_pos: (n, J) [rad].
            joint_vel: (n, J) [rad/s].
        """

    @abstractmethod
    def push(self, env_ids: Array, velocity: Array) -> None:
        """Add a horizontal world-frame velocity (n, 2) [m/s] to the bases."""

    @abstractmethod
    def set_parameters(self, env_ids: Array, parameters: PhysicsParameters) -> None:
        """Change the physics of some environments, relative to the nominal robot."""

    @abstractmethod
    def parameters(self) -> dict[str, Array]:
        """The per-environment physics in force, by the names of PhysicsParameters."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on bit-equal."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore `state_dict()`."""

    def keep_diverged(self, path: Path) -> None:  # noqa: B027
        """Save states that diverge from now on in the folder `path`. An engine that cannot keeps none."""

    def render(self, env_id: int, size: tuple[int, int]) -> Array:
        """(H, W, 3) uint8 picture of one environment."""
        raise NotImplementedError(f"{type(self).__name__} cannot render")

    def render_model(self) -> tuple[Any, Any]:
        """(MjModel, MjData) of the first environment, for live viewers."""
        raise NotImplementedError(f"{type(self).__name__} has no model for viewers")

    def close(self) -> None:
        """Release what the engine holds."""
        return None
