"""A tiny world that runs in a worker process, and fails there when it is told to."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from landward.constraint import Constraint
from landward.errors import LandwardError, SimulationError
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from sims.remote.env import RemoteEnv
from sims.remote.pool import Patience
from sims.remote.world import Outcome

SPEC = PolicySpec(
    task="tiny",
    robot="point",
    control_period=0.1,
    observations={
        "picture": (ObservationTerm("picture", "bird_eye_view", (4, 4, 2), dtype="uint8", scale=1 / 255),),
        "state": (
            ObservationTerm("place", "position", (2,), unit="m", scale=0.5, names=("x", "y")),
            ObservationTerm("speed", "speed", (1,), unit="m/s"),
        ),
        "privileged": (ObservationTerm("goal", "state", (2,), unit="m"),),
    },
    actions=(ActionTerm("move", "raw", (2,), names=("x", "y"), scale=0.5, clip=(-1.0, 1.0)),),
    constraints=(
        Constraint("speed", "speed", 0.2, "m/s", measure="upper"),
        Constraint("far", "distance", 2.0, "m", measure="upper", when="is_late"),
    ),
    actor=("picture", "state"),
)
PATIENCE = Patience(start=20.0, reset=10.0, step=10.0, close=5.0)


class TinyWorld:
    """A point that moves, and ends when it is 2 m from where it began."""

    def __init__(self, trouble: str = "") -> None:
        if trouble == "cannot be made":
            raise LandwardError("there is no such town")
        self._trouble, self._child = trouble, None
        if trouble == "has a child":
            self._child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self._steps = 0

    def reset(self, seed: int) -> Outcome:
        self._random = np.random.default_rng(seed)
        self._place, self._goal = self._random.normal(size=2) * 0.1, self._random.normal(size=2)
        self._steps, self._seed = 0, seed
        self._speed = 0.0
        return self._outcome()

    def step(self, control) -> Outcome:
        self._steps += 1
        if self._steps == 3 and self._trouble:
            fail(self._trouble)
        self._place = self._place + control
        self._speed = float(np.hypot(*control))
        gone = bool(np.hypot(*self._place) > 2.0)
        arrived = bool(np.hypot(*(self._place - self._goal)) < 0.01)
        return self._outcome(self._speed, gone, arrived and not gone)

    def summary(self) -> dict[str, float]:
        return {"episode/steps": float(self._steps)}

    def picture(self, size):
        return np.full((size[1], size[0], 3), self._steps, np.uint8)

    def close(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def _outcome(self, reward=0.0, terminated=False, truncated=False) -> Outcome:
        raster = np.zeros((4, 4, 2), np.uint8)
        raster[self._steps % 4, 0] = 255
        terms = {
            "picture": raster,
            "place": self._place.astype(np.float32),
            "speed": np.float32([self._speed]),
            "goal": self._goal.astype(np.float32),
        }
        state = {"speed": self._speed, "distance": float(np.hypot(*self._place)), "is_late": self._steps > 4}
        info = self.summary() if terminated or truncated else {}
        return Outcome(terms, reward, terminated, truncated, state, info)


def fail(trouble: str) -> None:
    """What goes wrong in the third step of an episode, once: the file whose name follows says that it has."""
    kind, _, mark = trouble.partition("@")
    if mark:
        if Path(mark).exists():
            return
        Path(mark).touch()
    if kind == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "hangs":
        time.sleep(600)
    if kind == "loses the server":
        raise RuntimeError("time-out of 10000ms while waiting for the simulator")
    if kind == "says so":
        raise SimulationError("the server did not finish a tick")
    if kind == "has a bug":
        raise ValueError("operands could not be broadcast")


def tiny_env(num_envs=2, seed=0, trouble="", max_episode_steps=200, restart_every=0, patience=PATIENCE):
    """An environment of tiny worlds; the trouble is that of the first."""
    troubles = [trouble, *[""] * (num_envs - 1)]
    makes = [functools.partial(_maker, trouble) for trouble in troubles]
    return RemoteEnv(SPEC, makes, max_episode_steps, seed, restart_every, patience)


def _maker(trouble: str, again: bool):
    return functools.partial(TinyWorld, trouble)
