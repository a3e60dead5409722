"""One robot, stepped in real time under an operator's command, with a viewer looking on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from landward.array import to_numpy
from landward.constraint import Constraint
from landward.policy import Policy
from sims.evaluate.figures import limit_text
from sims.evaluate.rollout import base_velocity, hold_clock, policy_step
from sims.play.drive import Drive

PUSH_SPEED = 0.7
"""[m/s] Of the push button's kick, in a random direction."""
MAX_LAG = 0.25
"""[s] Further behind real time than this, the view slows down instead of catching up."""
HOLD = 1.0
"""[s] A gauge shows the largest value of this last stretch."""


@dataclass(frozen=True)
class Gauge:
    """How close the robot is to one of its limits."""

    name: str
    percent: float
    """Of the limit; above 100 is violated."""
    limit: str
    """The limit in words."""
    violated: bool


def gauge_percent(constraint: Constraint, value: np.ndarray) -> float:
    """How much of its limit a constraint uses, in percent, from its values of one environment (k,).

    With value = |x| - limit - dead band the share is |x| / limit (the dead band aside); a lower limit mirrors
    that: 100 % at the limit, less above it. A constraint that is gated off (all values 0) uses nothing.
    """
    if constraint.when and not value.any():
        return 0.0
    limit = np.broadcast_to(np.abs(np.asarray(constraint.limit, np.float64)), value.shape)
    # A limit of 0 has no percentage: nothing until it is violated, then how far beyond.
    share = np.where(
        limit > 0,
        1.0 + (value + constraint.dead_band) / np.where(limit > 0, limit, 1.0),
        np.where(value > 0, 1.0 + value, 0.0),
    )
    return max(0.0, 100.0 * float(share.max()))


class Viewer(Protocol):
    """Shows a session; made for the same `Drive`."""

    def update(self, session: Session) -> None:
        """Show the present state; called once a control step."""
        ...

    def is_open(self) -> bool:
        """False once the user closed it."""
        ...

    def close(self) -> None:
        """Give everything back. Safe to call twice."""
        ...


class Session:
    """Steps environment 0 with a policy under the operator's command.

    Args:
        env: a velocity-tracking environment, best of one environment.
        policy: for as many environments.
        drive: what the operator wants.
        seed: of the first reset and of the pushes.
    """

    def __init__(self, env: Any, policy: Policy, drive: Drive, seed: int = 0) -> None:
        self.env, self.policy, self.drive = env, policy, drive
        self.period = env.spec.control_period
        self.steps, self.falls = 0, 0
        self.velocity = np.zeros(3)
        """Measured vx, vy [m/s], yaw rate [rad/s], averaged over the last third of a second."""
        self._random = np.random.default_rng(seed)
        self._recent: dict[str, list[float]] = {c.name: [] for c in env.spec.constraints}
        self.restart(seed)

    def restart(self, seed: int | None = None) -> None:
        """Start a new episode."""
        self.env.reset(seed=seed)
        self.policy.reset()
        self._command()

    def _command(self) -> None:
        self.env.set_command(np.tile(self.drive.command, (self.env.num_envs, 1)))

    def step(self) -> None:
        """One control period, unless paused; resets and pushes happen first."""
        if self.drive.wants_reset:
            self.drive.wants_reset = False
            self.restart()
        if self.drive.paused:
            return
        if self.drive.wants_push:
            self.drive.wants_push = False
            angle = self._random.uniform(0.0, 2.0 * np.pi)
            kick = PUSH_SPEED * np.array([[np.cos(angle), np.sin(angle)]], np.float32)
            self.env.push(np.array([0]), kick)
        hold_clock(self.env)
        self._command()
        step = policy_step(self.env, self.policy)
        self.steps += 1
        self.falls += int(bool(step.terminated[0]))
        share = min(1.0, self.period / 0.3)
        self.velocity = (1.0 - share) * self.velocity + share * base_velocity(self.env.state)[0]
        self._read_gauges(step.constraints)

    def _read_gauges(self, constraints: dict[str, Any]) -> None:
        keep = max(1, round(HOLD / self.period))
        for constraint in self.env.spec.constraints:
            recent = self._recent[constraint.name]
            recent.append(gauge_percent(constraint, to_numpy(constraints[constraint.name])[0]))
            del recent[:-keep]

    def gauges(self) -> list[Gauge]:
        """The largest use of each limit over the last second."""
        gauges = []
        for constraint in self.env.spec.constraints:
            percent = max(self._recent[constraint.name], default=0.0)
            gauges.append(Gauge(constraint.name, percent, limit_text(constraint), percent > 100.0))
        return gauges


def play(
    session: Session,
    viewer: Viewer,
    seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Run in real time until the viewer is closed, or for `seconds`.

    Args:
        session: what runs.
        viewer: closed at the end, whatever happens.
        seconds: how long; None: until the viewer is closed.
        clock: seconds that only go forward.
        sleep: waits.
    """
    start = due = clock()
    try:
        while viewer.is_open() and (seconds is None or clock() - start < seconds):
            session.step()
            viewer.update(session)
            due = max(due + session.period, clock() - MAX_LAG)
            if (ahead := due - clock()) > 0:
                sleep(ahead)
    finally:
        viewer.close()
