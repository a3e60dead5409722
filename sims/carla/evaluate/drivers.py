"""Whoever drives: an exported policy, a policy server, the TrafficManager, the expert."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from landward.errors import LandwardError
from landward.policy import Policy
from landward.runs import find_policy
from landward.spec import PolicySpec
from sims.carla.drive.episode import DrivingEpisode, Outcome
from sims.carla.evaluate.settings import AUTOPILOT, EXPERT

PATH_STEP = 10
"""Every how many points of a route the TrafficManager is told one [m] ..."""
BEYOND = 3
"""... and one this far beyond each junction; inside, the ways are too close to tell them apart [m]."""


class Driver(Protocol):
    """Drives one episode after another."""

    def begin(self, episode: DrivingEpisode) -> None:
        """An episode was reset."""
        ...

    def __call__(self, episode: DrivingEpisode, outcome: Outcome) -> Any:
        """What `DrivingEpisode.step` takes, after the outcome of the reset or the last step."""
        ...


@dataclass(frozen=True)
class Candidate:
    """Somebody to be evaluated, as the user named them."""

    name: str
    """expert, autopilot, a file, a run folder or ws://HOST:PORT."""

    @property
    def is_remote(self) -> bool:
        """Whether a policy server drives."""
        return self.name.startswith(("ws://", "wss://"))

    @property
    def is_policy(self) -> bool:
        """Whether it is a policy with a spec."""
        return self.name not in (EXPERT, AUTOPILOT)

    @property
    def label(self) -> str:
        """A short name for tables."""
        if not self.is_policy or self.is_remote:
            return self.name
        path = Path(self.name)
        return path.parent.name if path.name == "policy.onnx" and path.parent.name else path.stem

    def open(self, expected: PolicySpec | None = None) -> Policy | None:
        """The policy, None for drivers that are none.

        Args:
            expected: the spec of the task that it is to drive.

        Raises:
            RunError: no such file.
            RemotePolicyError: no such server.
            SpecMismatchError: it was made for another interface.
        """
        if not self.is_policy:
            return None
        if self.is_remote:
            from landward.remote_policy import RemotePolicy

            return RemotePolicy(self.name, expected)
        from landward.onnx_policy import OnnxPolicy

        return OnnxPolicy(find_policy(self.name), expected)


class PolicyDriver:
    """A policy, fed the episode's terms."""

    def __init__(self, policy: Policy) -> None:
        """Drive with a policy for one environment."""
        self._policy = policy
        self._names = [term.name for term in policy.spec.inputs]
        self._action = policy.spec.actions[0].name

    def begin(self, episode: DrivingEpisode) -> None:
        """See Driver."""
        self._policy.reset()

    def __call__(self, episode: DrivingEpisode, outcome: Outcome) -> Any:
        """See Driver."""
        inputs = {name: outcome.terms[name][None] for name in self._names}
        return self._policy(inputs)[self._action][0]


class ExpertDriver:
    """The rule-based expert."""

    def begin(self, episode: DrivingEpisode) -> None:
        """See Driver."""
        from sims.carla.expert.driver import Expert

        self._expert = Expert.of_episode(episode)

    def __call__(self, episode: DrivingEpisode, outcome: Outcome) -> Any:
        """See Driver."""
        import carla

        steer, pedal = self._expert(episode.scene)
        return carla.VehicleControl(steer=steer, throttle=max(pedal, 0.0), brake=max(-pedal, 0.0))


class AutopilotDriver:
    """CARLA's TrafficManager, told the route."""

    def begin(self, episode: DrivingEpisode) -> None:
        """See Driver."""
        import carla

        simulator, route = episode.simulator, episode.route
        traffic, ego = simulator.traffic, episode.ego
        ego.set_autopilot(True, simulator.traffic_port)
        traffic.auto_lane_change(ego, False)
        places = np.column_stack((route.xy, route.z))[told_points(route.junction)].tolist()
        traffic.set_path(ego, [carla.Location(x, y, z) for x, y, z in places])

    def __call__(self, episode: DrivingEpisode, outcome: Outcome) -> Any:
        """See Driver."""
        return None


def told_points(junction: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Indices of the points of a route that the TrafficManager is told.

    Args:
        junction: (P,) whether a point lies in a junction.
    """
    last = len(junction) - 1
    leaves = np.flatnonzero(np.diff(junction.astype(np.int8)) == -1)
    between = np.arange(PATH_STEP, last, PATH_STEP)
    points = np.concatenate((between[~junction[between]], np.minimum(leaves + BEYOND, last), [last]))
    return np.unique(points)


def make_driver(candidate: Candidate, policy: Policy | None) -> Driver:
    """Whoever the candidate names; `policy` is what `Candidate.open` returned."""
    if policy is not None:
        return PolicyDriver(policy)
    if candidate.name == EXPERT:
        return ExpertDriver()
    if candidate.name == AUTOPILOT:
        return AutopilotDriver()
    raise LandwardError(f"nobody to drive is called {candidate.name!r}")
