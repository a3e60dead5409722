"""Episodes of an exported policy in a velocity-tracking environment, and what is recorded from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from landward.array import to_numpy
from landward.errors import EnvContractError
from landward.policy import Policy
from landward.velocity_commands import COMMANDS, Ranges
from sims.env import Env, Step
from sims.evaluate.metrics import violated_steps

SETTLE = 2.0
"""[s] Left out of tracking, gait and standing figures at the start of each episode."""
PUSH_INTERVAL = 3.0
"""[s] Between two pushes."""
NEEDED = ("state", "set_command", "robot", "total_mass")
"""What a velocity-tracking task offers on top of `Env`."""


class Recorder(Protocol):
    """Sees every control step of a rollout."""

    def __call__(self, t: int, env: Any, step: Step, alive: np.ndarray) -> None:
        """Record step t (from 0); `alive` (N,) is False for episodes that ended in this step or before."""


@dataclass
class Rollout:
    """What N episodes came to."""

    command: np.ndarray
    """(N, 3) vx, vy [m/s], yaw rate [rad/s]."""
    fell: np.ndarray
    """(N,) bool."""
    length: np.ndarray
    """(N,) control steps lived through."""
    violations: dict[str, np.ndarray]
    """Constraint -> (N,) steps in which any component was violated, the last step included."""
    counted: np.ndarray
    """(N,) steps that `violations` were counted over."""


def require_velocity_env(env: Env, task: str, needed: tuple[str, ...] = NEEDED) -> None:
    """Refuse an environment that cannot be commanded.

    Raises:
        EnvContractError: names what is missing.
    """
    absent = [name for name in needed if not hasattr(env, name)]
    if absent:
        raise EnvContractError(
            f"task {task!r} ({type(env).__name__}) has no {', '.join(absent)}: only velocity-tracking tasks "
            "can be evaluated and driven; give the environment these members or choose another task"
        )


def command_box(env: Any, wanted: Ranges = COMMANDS) -> Ranges:
    """The wanted ranges, cut to what the task trains (`env.command_ranges`: vx, vy, wz, where it has one)."""
    return cut_ranges(wanted, getattr(env, "command_ranges", wanted))


def cut_ranges(wanted: Ranges, trained: Ranges) -> Ranges:
    """The part of each wanted range that was trained."""
    return tuple(
        (max(low, t_low), min(high, t_high))
        for (low, high), (t_low, t_high) in zip(wanted, trained, strict=True)
    )


def hold_clock(env: Env) -> None:
    """Keep the task's own time-out from ending an episode: how long it lasts is the evaluation's decision."""
    clock, latest = env.episode_steps, max(env.max_episode_steps - 2, 0)
    clock[clock > latest] = latest


def policy_step(env: Env, policy: Policy) -> Step:
    """One control period: SI measurements in, SI targets out; the policy forgets episodes that ended."""
    inputs = {name: to_numpy(value) for name, value in env.measurements().items()}
    step = env.step_si(policy(inputs))
    ended = np.flatnonzero(to_numpy(step.terminated) | to_numpy(step.truncated))
    if len(ended):
        policy.reset(ended)
    return step


def rollout(
    env: Any,
    policy: Policy,
    seconds: float,
    command: np.ndarray,
    seed: int = 0,
    physics: dict[str, np.ndarray] | None = None,
    terrain: list[str] | None = None,
    push: np.ndarray | None = None,
    record: tuple[Recorder, ...] = (),
    progress: Callable[[int, int], None] | None = None,
    begin: Callable[[Any], None] = lambda env: None,
) -> Rollout:
    """Run every environment once for `seconds` under a constant command; a fall ends its episode.

    Args:
        env: a velocity-tracking environment (see `NEEDED`) of N environments.
        policy: for N environments.
        seconds: length of each episode [s].
        command: (N, 3) vx, vy [m/s], yaw rate [rad/s].
        seed: of the environment and of the push directions.
        physics: (N,) each of friction, payload [kg], strength, latency [s], for `env.set_physics`.
        terrain: kind of terrain per environment.
        push: (N,) speed [m/s] of the kicks that come every `PUSH_INTERVAL` in a random direction.
        record: see every step.
        progress: called with (steps done, steps in all).
        begin: called with the environment after the reset, with physics and commands set, to change the
            start states.
    """
    n, steps = env.num_envs, round(seconds / env.spec.control_period)
    everyone = np.arange(n)
    if terrain is not None:
        env.assign_terrain(terrain)
    env.reset(seed=seed)
    if physics is not None:
        env.set_physics(everyone, **physics)
    env.set_command(command)
    begin(env)
    policy.reset()
    random = np.random.default_rng(seed + 1)
    push_every = round(PUSH_INTERVAL / env.spec.control_period)
    fell, alive, length = np.zeros(n, bool), np.ones(n, bool), np.zeros(n, np.int64)
    counted = np.zeros(n, np.int64)
    violations = {c.name: np.zeros(n, np.int64) for c in env.spec.constraints}
    for t in range(steps):
        hold_clock(env)
        if push is not None and t and t % push_every == 0:
            angle = random.uniform(0.0, 2.0 * np.pi, n)
            env.push(
                everyone, (push[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)).astype(np.float32)
            )
        step = policy_step(env, policy)
        terminated, truncated = to_numpy(step.terminated), to_numpy(step.truncated)
        counted += alive
        for name, value in step.constraints.items():
            violations[name] += alive & violated_steps(to_numpy(value))
        fell |= alive & terminated
        alive = alive & ~(terminated | truncated)
        length += alive
        for recorder in record:
            recorder(t, env, step, alive)
        ended = np.flatnonzero(terminated | truncated)
        if len(ended):
            env.set_command(command[ended], ended)
        if progress:
            progress(t + 1, steps)
    return Rollout(command, fell, length, violations, counted)


def base_velocity(state: Any) -> np.ndarray:
    """What a velocity command speaks of: (N, 3) vx, vy [m/s] and yaw rate [rad/s], base frame."""
    linear, angular = to_numpy(state.root_lin_vel_b), to_numpy(state.root_ang_vel_b)
    return np.concatenate([linear[:, :2], angular[:, 2:3]], axis=-1)


@dataclass
class TrackingSums:
    """Running sums of squared tracking errors: little memory for thousands of episodes."""

    command: np.ndarray
    period: float
    """Control period [s]."""
    settle: float = SETTLE
    squares: np.ndarray = field(init=False)
    """(N, 3)."""
    steps: np.ndarray = field(init=False)
    """(N,)."""

    def __post_init__(self) -> None:
        self.squares = np.zeros((len(self.command), 3))
        self.steps = np.zeros(len(self.command), np.int64)

    def __call__(self, t: int, env: Any, step: Step, alive: np.ndarray) -> None:
        """Add step t unless the episode is over or still settling."""
        if t * self.period < self.settle - 1e-9:
            return
        error = base_velocity(env.state) - self.command
        self.squares += np.where(alive[:, None], error.astype(np.float64) ** 2, 0.0)
        self.steps += alive


@dataclass
class Traces:
    """Everything that gait, load and standing figures need, kept step by step."""

    period: float
    settle: float = SETTLE
    rows: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def __call__(self, t: int, env: Any, step: Step, alive: np.ndarray) -> None:
        """Copy what step t left."""
        state = env.state
        row = {
            "alive": alive,
            "velocity": base_velocity(state),
            "contact": to_numpy(state.foot_contact).astype(bool),
            "height": to_numpy(state.foot_height),
            "torque": to_numpy(state.joint_torque),
            "joint_vel": to_numpy(state.joint_vel),
            "position": to_numpy(state.root_pos_w),
        }
        for name, value in row.items():
            self.rows.setdefault(name, []).append(np.array(value))

    def array(self, name: str, settled: bool = True) -> np.ndarray:
        """One quantity, (T, N, ...), by default without the settling time."""
        start = round(self.settle / self.period) if settled else 0
        return np.stack(self.rows[name][start:])
