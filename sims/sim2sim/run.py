"""Every engine of a plan, one worker after the other, each in the interpreter of its environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from landward.atomic import describe_os_error
from landward.errors import LandwardError, RunError, SimulationError
from sims.sim2sim.plan import Episodes, Plan, save_plan
from sims.sim2sim.results import ARRAYS, FACTS, EngineResult, load_result
from sims.workers import Watch, interpreter, run_worker

WORKER = "sims.sim2sim.worker"


def installed(plan: Plan) -> tuple[dict[str, Path], dict[str, str]]:
    """Which engines of a plan can be run: label -> interpreter, and label -> what is missing."""
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for variant in plan.variants:
        try:
            found[variant.label] = interpreter(variant.engine)
        except LandwardError as error:
            missing[variant.label] = str(error)
    return found, missing


def run_engines(
    folder: Path,
    plan: Plan,
    episodes: Episodes,
    pythons: dict[str, Path],
    show: Callable[[str, int, int], None] = lambda label, done, total: None,
    watch: Watch | None = None,
) -> tuple[list[EngineResult], dict[str, str]]:
    """Write the plan, run the workers, read their results.

    One engine that fails does not keep the others from running.

    Args:
        folder: where plan, logs and results go; made where it is not there.
        plan: what to run.
        episodes: commands and start states.
        pythons: label -> interpreter of the engines to run.
        show: called with (label, steps done, steps in all).
        watch: how long a worker may take.

    Returns:
        Results in the order of the plan, and label -> what went wrong.

    Raises:
        RunError: the folder cannot be written.
    """
    try:
        for label in pythons:
            (folder / label).mkdir(parents=True, exist_ok=True)
            for old in (ARRAYS, FACTS):
                (folder / label / old).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(describe_os_error("write", folder, error)) from error
    save_plan(folder, plan, episodes)
    results, failed = [], {}
    for label, python in pythons.items():
        command = [str(python), "-m", WORKER, str(folder), label]
        try:
            run_worker(label, command, folder / label, lambda *steps, label=label: show(label, *steps), watch)
            results.append(load_result(folder / label))
        except SimulationError as error:
            failed[label] = str(error)
    return results, failed
