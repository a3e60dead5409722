"""One engine's part, in a process of its own.

    python -m sims.sim2sim.worker FOLDER LABEL

FOLDER holds the plan; results go into FOLDER/LABEL.
"""

from __future__ import annotations

import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from landward.errors import LandwardError
from landward.onnx_policy import OnnxPolicy
from sims.evaluate.rollout import TrackingSums, rollout
from sims.offscreen import choose_renderer
from sims.registry import make_env
from sims.sim2sim.plan import NOMINAL, Episodes, Plan, Variant, load_plan
from sims.sim2sim.results import EngineResult, FirstSecond
from sims.workers import Progress

PACKAGES = ("mujoco", "mujoco-warp", "newton", "isaaclab", "ovphysx", "torch", "numpy", "onnxruntime")
"""Whose versions a result names, where they are installed."""


def run(plan: Plan, episodes: Episodes, variant: Variant, progress: Any) -> EngineResult:
    """Walk all episodes of a plan in one engine, without sensor noise: what differs is the engine.

    Args:
        plan: what to run.
        episodes: commands and start states.
        variant: the engine and its settings.
        progress: called with (steps done, steps in all).

    Raises:
        LandwardError: the engine is not installed, or the policy does not fit.
    """
    overrides = {"engine": variant.engine, "device": variant.device, "sensors.enabled": False}
    began = time.monotonic()
    with make_env(
        plan.task,
        num_envs=plan.episodes,
        seed=plan.seed,
        play=True,
        overrides={**overrides, **variant.overrides},
    ) as env:
        policy: Any = OnnxPolicy(plan.policy, expected=env.spec, num_envs=plan.episodes)
        period = env.spec.control_period
        sums, first = TrackingSums(episodes.command, period), FirstSecond(period)

        def begin(env: Any) -> None:
            env.start_at(episodes.start)
            first.start(env)

        made = time.monotonic()
        walked = rollout(
            env,
            policy,
            plan.seconds,
            episodes.command,
            plan.seed,
            {name: np.full(plan.episodes, value, np.float32) for name, value in NOMINAL.items()},
            record=(sums, first),
            progress=progress,
            begin=begin,
        )
        facts = {
            "engine": variant.engine,
            "device": str(env.device),
            "policy_hash": policy.graph_hash,
            "control_period": period,
            "start_seconds": made - began,
            "walk_seconds": time.monotonic() - made,
            "python": platform.python_version(),
            "versions": {name: v for name in PACKAGES if (v := _version(name))},
        }
        return EngineResult(
            variant.label,
            sums.squares,
            sums.steps,
            walked.fell,
            walked.violations,
            walked.counted,
            first.terms(),
            first.poses(),
            facts,
        )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def main(arguments: list[str]) -> int:
    """Do the part of the engine that the arguments name; 1 after one line where it cannot be done."""
    folder, label = Path(arguments[0]), arguments[1]
    progress = Progress(folder / label)
    try:
        plan, episodes = load_plan(folder)
        choose_renderer()
        run(plan, episodes, plan.variant(label), progress).save(folder / label)
    except LandwardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    progress.finished()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
