"""The batched environment contract that every simulator family fulfils and every agent trains on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from landward.spec import PolicySpec

Array = Any
"""A NumPy array or a torch tensor; all arrays of one environment are of one kind, on one device."""


@dataclass
class Step:
    """What one control period brought, for N environments in a batch."""

    obs: dict[str, Array]
    """Observation groups. A group of flat terms is one (N, D) float32 array; an image is a group of its own.
    For an environment that ended in this step these are the first of the next episode (auto-reset)."""
    reward: Array
    """(N,) float32."""
    terminated: Array
    """(N,) bool: the episode ended in a state with no future (a fall). Never set by the clock."""
    truncated: Array
    """(N,) bool: the episode was cut by the clock; its last state still has a value. Never both."""
    constraints: dict[str, Array]
    """Constraint name -> (N, k) float32; > 0 is violated. Values of the step just taken, before any reset."""
    final_obs: dict[str, Array] | None = None
    """Same layout as `obs`; rows of environments that ended hold the observation before the reset, the other
    rows equal `obs`. None where no environment ended."""
    log: dict[str, float] = field(default_factory=dict)
    """Scalars to plot, named "group/name"; averaged over the batch."""


class Env(ABC):
    """A batch of N environments, stepped together, each reset by itself when its episode ends.

    Actions are the policy's raw outputs; the environment applies the spec's action terms.
    """

    spec: PolicySpec
    """The observation and action contract; what an exported policy carries."""
    num_envs: int
    device: str
    max_episode_steps: int
    episode_steps: Array
    """(N,) integers, control steps since the last reset. May be written, to spread the first time-outs."""

    @abstractmethod
    def reset(self, seed: int | None = None, env_ids: Array | None = None) -> dict[str, Array]:
        """Start new episodes in `env_ids` (all when None) and return all observations.

        Args:
            seed: restart every random stream from this seed; only together with a reset of all environments.
            env_ids: sorted unique indices.
        """

    @abstractmethod
    def step(self, actions: Array) -> Step:
        """Apply raw actions (N, A) for one control period.

        Raises:
            EnvContractError: wrong shape, or a NaN or infinite action (names the environment).
        """

    @abstractmethod
    def observe(self) -> dict[str, Array]:
        """The latest observations, as the last `reset` or `step` returned them."""

    @abstractmethod
    def measurements(self) -> dict[str, Array]:
        """The actor group's terms in SI units, (N, *shape) each, as an exported policy is fed them now.

        Noise, clip and delay are applied; scale and history are not (they live inside the exported graph).
        Terms of kind last_action are left out: they are the exported policy's own state.
        """

    @abstractmethod
    def step_si(self, targets: Mapping[str, Array]) -> Step:
        """Like `step`, but driven with an exported policy's SI outputs, action term name -> (N, *shape)."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on bit-equal: physics, buffers, counters and random streams.

        Raises:
            NotImplementedError: this simulator cannot save its state; runs on it resume with fresh episodes.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot save its state")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict()` of an environment made with the same configuration."""
        raise NotImplementedError(f"{type(self).__name__} cannot load a state")

    def render(self, env_id: int = 0, size: tuple[int, int] = (640, 480)) -> Array:
        """An (H, W, 3) uint8 picture of one environment; `size` is (width, height) in pixels."""
        raise NotImplementedError(f"{type(self).__name__} cannot render")

    def close(self) -> None:
        """Release what the simulator holds. Safe to call twice."""
        return None

    def __enter__(self) -> Env:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
