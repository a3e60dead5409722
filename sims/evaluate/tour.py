"""A scripted walk of one robot: stand, forward, sideways, turn, stand. For the film and the curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landward.errors import LandwardError
from landward.policy import Policy
from landward.velocity_commands import Ranges
from sims.evaluate.rollout import Traces, base_velocity, hold_clock, policy_step

FRAME_RATE = 25.0
"""[1/s] About this many frames; a whole number of control steps apart."""
FRAME_SIZE = (640, 360)
"""(width, height) of a frame."""
FRACTION = 0.8
"""Of the largest commands."""
INSTALL = (
    "MuJoCo draws off-screen with MUJOCO_GL=egl (Debian: apt-get install libegl1 libgl1 libgl1-mesa-dri) "
    "or MUJOCO_GL=osmesa (apt-get install libosmesa6)"
)


@dataclass
class Tour:
    """What the robot was told and did, one row per control step."""

    command: np.ndarray
    """(T, 3) vx, vy [m/s], yaw rate [rad/s]."""
    velocity: np.ndarray
    """(T, 3) measured, same layout."""
    contact: np.ndarray
    """(T, F) bool."""
    fell: bool
    frames: list[np.ndarray] = field(default_factory=list)
    """(H, W, 3) uint8."""
    frame_rate: float = FRAME_RATE
    """[1/s]."""
    frame_steps: list[int] = field(default_factory=list)
    """The control step that each frame shows."""

    @staticmethod
    def empty() -> Tour:
        """Before it was run."""
        return Tour(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 0), bool), False)


def script(box: Ranges) -> list[tuple[float, tuple[float, float, float]]]:
    """(duration [s], command) of each leg, within the command box."""
    vx, vy, wz = (FRACTION * high for _, high in box)
    still = (0.0, 0.0, 0.0)
    forward, sideways, turning = (vx, 0.0, 0.0), (0.0, vy, 0.0), (0.5 * vx, 0.0, wz)
    return [(1.0, still), (3.5, forward), (2.5, sideways), (2.5, turning), (1.5, still)]


def run_tour(
    env: Any,
    policy: Policy,
    box: Ranges,
    seed: int,
    film: bool,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Tour, str]:
    """Run the script in environment 0.

    Args:
        env: a velocity-tracking environment, best of one environment.
        policy: for as many environments.
        box: ranges of the commands.
        seed: of the reset.
        film: whether to draw frames through `env.render`.
        progress: called with (steps done, steps in all).

    Returns:
        The tour, and why there is no film although one was wanted ("" otherwise).
    """
    period = env.spec.control_period
    commands = np.concatenate([np.tile(command, (round(time / period), 1)) for time, command in script(box)])
    every = max(1, round(1.0 / (FRAME_RATE * period)))
    env.reset(seed=seed)
    policy.reset()
    traces, velocity, problem, fell = Traces(period, settle=0.0), [], "", False
    frames: list[np.ndarray] = []
    frame_steps: list[int] = []
    for t, command in enumerate(commands):
        hold_clock(env)
        env.set_command(np.tile(command, (env.num_envs, 1)).astype(np.float32))
        step = policy_step(env, policy)
        fell = fell or bool(step.terminated[0])
        velocity.append(np.array(base_velocity(env.state)[0]))
        traces(t, env, step, ~np.asarray(step.terminated))
        if film and not problem and t % every == 0:
            problem = _draw(env, frames)
            frame_steps.append(t)
        if progress:
            progress(t + 1, len(commands))
    tour = Tour(commands, np.stack(velocity), traces.array("contact")[:, 0], fell)
    if not problem:
        tour.frames, tour.frame_steps = frames, frame_steps[: len(frames)]
        tour.frame_rate = 1.0 / (every * period)
    return tour, problem


def _draw(env: Any, frames: list[np.ndarray]) -> str:
    """Append a frame; what to install where the machine cannot draw."""
    try:
        frames.append(np.asarray(env.render(0, FRAME_SIZE)))
    except LandwardError as error:
        # Our own errors say the remedy themselves.
        return f"no film: {error}; or pass --no-video"
    except (NotImplementedError, ImportError, RuntimeError, AttributeError, OSError) as error:
        return f"no film: {error or type(error).__name__}. {INSTALL}; or pass --no-video"
    return ""
