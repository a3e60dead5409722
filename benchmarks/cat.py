"""Constraints as terminations, against penalties and against no constraints.

Trains solo12-flat and go1-flat with PPO in three ways (CaT; a penalty for violating the same limits;
neither), three seeds each, with equal samples, and evaluates the exported policies: nominal physics, 64
episodes of 10 s under constant commands out of the task's ranges. Runs lie in benchmarks/results/cat:
finished ones are reused and ones that were cut off are resumed, so that the benchmark can be run in pieces,
`python benchmarks/cat.py --robot go1 --mode cat --seed 1`.
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _common, harness
from benchmarks._training import exported, trained
from landward.runs import RunFolder

ROBOTS = ("solo12", "go1")
NUM_ENVS = 1024
QUICK = {"num_envs": 64, "total_steps": 64 * 24 * 3, "start_after_steps": 0.0, "ramp_steps": 3000.0}
MODES = ("cat", "penalty", "none")
LABELS = {"cat": "CaT", "penalty": "PPO, penalties", "none": "PPO"}
SEEDS = (1, 2, 3)
RUNS = harness.QUICK_RESULTS / "cat"
"""Where full runs are kept; those of a quick run are thrown away."""
TORQUE = "joint_torque"
ALLOWED = 0.02
"""Share of control steps in which CaT may exceed a torque limit."""
EPISODES, SECONDS, EVALUATION_SEED = 64, 10.0, 100
Cell = dict[str, Any]
Cells = dict[tuple[str, str, int], Cell]
"""(robot, mode, seed) -> what was measured."""


def configuration(robot: str, mode: str, seed: int, changes: Mapping[str, Any]) -> tuple[Any, int]:
    """Training configuration and number of environments of a cell: the recipe of the task, with `changes`."""
    from agents.recipes import agent_config

    config = agent_config(f"{robot}-flat")
    config.seed, config.constraint.mode = seed, mode
    config.total_steps = changes.get("total_steps", config.total_steps)
    for name in ("start_after_steps", "ramp_steps"):
        setattr(config.constraint, name, changes.get(name, getattr(config.constraint, name)))
    return config, changes.get("num_envs", NUM_ENVS)


def run_cell(robot: str, mode: str, seed: int, root: Path, changes: Mapping[str, Any], episodes: int) -> Cell:
    """Train (or find) and evaluate one cell.

    Returns:
        What `evaluated` measured, and "curve": steps -> tracking and torque violations while training.
    """
    config, num_envs = configuration(robot, mode, seed, changes)
    task = f"{robot}-flat"
    runner, folder = trained(root / mode, task, config, num_envs)
    path = exported(runner, folder)
    key = {"episodes": episodes, "seconds": SECONDS, "seed": EVALUATION_SEED}
    key["policy"] = sha256(path.read_bytes()).hexdigest()
    found = _common.cached(folder.path / "benchmark.json", key, lambda: evaluated(path, task, episodes))
    return {**found, "curve": learning_curve(folder)}


def evaluated(path: Path, task: str, episodes: int) -> Cell:
    """Deterministic policy, nominal physics, constant commands.

    Returns:
        "velocity" and "yaw_rate": root mean square errors [m/s, rad/s] after the first 2 s; "falls": share of
        episodes; "violations": constraint -> share of control steps in which any element violates it.
    """
    from landward.onnx_policy import OnnxPolicy
    from landward.velocity_commands import draw_commands
    from sims.evaluate.rollout import TrackingSums, rollout
    from sims.registry import make_env

    with make_env(task, episodes, seed=EVALUATION_SEED, play=True) as env:
        velocity_env: Any = env
        command = draw_commands(velocity_env.command_ranges, episodes, EVALUATION_SEED)
        sums = TrackingSums(command, env.spec.control_period)
        policy = OnnxPolicy(path, expected=env.spec, num_envs=episodes)
        result = rollout(env, policy, SECONDS, command, EVALUATION_SEED, record=(sums,))
    squares, steps = sums.squares.sum(0), int(sums.steps.sum())
    if steps == 0:  # every robot fell within the first 2 s: as bad as it gets, and still a number
        squares, steps = np.square(command).sum(0), len(command)
    return {
        "velocity": math.sqrt(float(squares[:2].sum()) / steps),
        "yaw_rate": math.sqrt(float(squares[2]) / steps),
        "falls": float(np.mean(result.fell)),
        "violations": {n: float(v.sum() / result.counted.sum()) for n, v in result.violations.items()},
    }


def learning_curve(folder: RunFolder) -> dict[str, list[float]]:
    """Samples, velocity error and torque violations of every iteration (exploring, randomised physics)."""
    lines = folder.metrics()
    names = {"steps": "steps", "velocity": "tracking/velocity_rms"}
    names["violated"] = f"Constraint/{TORQUE}_violated_percent"
    return {label: [line[name] for line in lines] for label, name in names.items()}


def no_worse(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether the mean is not above the other's by more than the seeds' spread.

    The spread is the root mean square of both standard deviations over seeds; none where there is one seed.
    """
    spreads = [statistics.stdev(numbers) if len(numbers) > 1 else 0.0 for numbers in (ours, theirs)]
    allowance = math.sqrt(sum(spread**2 for spread in spreads) / 2)
    return statistics.fmean(ours) <= statistics.fmean(theirs) + allowance


def over_seeds(cells: Cells, robot: str, mode: str, name: str) -> list[float]:
    """A measurement of all seeds; a constraint's name gives its violations."""
    chosen = [cell for (r, m, _), cell in sorted(cells.items()) if (r, m) == (robot, mode)]
    return [cell[name] if name in cell else cell["violations"][name] for cell in chosen]


def result_of(cells: Cells, robots: Sequence[str]) -> harness.Result:
    """The claim: torque violations of CaT over what is allowed, and tracking no worse than with penalties."""
    shares = {robot: statistics.fmean(over_seeds(cells, robot, "cat", TORQUE)) for robot in robots}
    tracks = all(
        no_worse(over_seeds(cells, robot, "cat", name), over_seeds(cells, robot, "penalty", name))
        for robot in robots
        for name in ("velocity", "yaw_rate")
    )
    value = max(shares.values()) / ALLOWED
    words = " and ".join(f"{100 * share:.2g} % of steps on {robot}" for robot, share in shares.items())
    claim = (
        f"CaT's torque violations are {value:.2f} times the {100 * ALLOWED:g} % that are allowed ({words})"
    )
    claim += (
        f", with tracking {'no worse' if tracks else 'WORSE'} than the penalty baseline's within the spread"
    )
    count = len({seed for _, _, seed in cells})
    return harness.Result(
        f"{claim} of {count} seed{'s' * (count > 1)}", value, 1.0, at_least=False, also=tracks
    )


def show(cells: Cells) -> None:
    """Tables of tracking and falls, and of violations."""
    for robot in dict.fromkeys(robot for robot, _, _ in cells):
        modes = [mode for mode in MODES if any((r, m) == (robot, mode) for r, m, _ in cells)]
        names = next(list(cell["violations"]) for (r, _, _), cell in cells.items() if r == robot)
        rows: list[tuple[str, ...]] = []
        for label, name, factor in (
            ("velocity error, m/s", "velocity", 1.0),
            ("yaw rate error, rad/s", "yaw_rate", 1.0),
            ("falls, % of episodes", "falls", 100.0),
            *((f"{name}, % of steps", name, 100.0) for name in names),
        ):
            numbers = ([factor * x for x in over_seeds(cells, robot, mode, name)] for mode in modes)
            rows.append((label, *(_common.spread(found) for found in numbers)))
        harness.show(f"{robot}-flat: mean [range over seeds]", ("", *(LABELS[m] for m in modes)), rows)


def plot(cells: Cells, robots: Sequence[str]) -> Any:
    """Per robot: tracking error against torque violations, and both against samples."""
    figure, axes = _common.subplots(len(robots), 3, (13, 3.5 * len(robots)))
    for row, robot in zip(axes, robots, strict=True):
        row[0].set_title(f"{robot}-flat, evaluated", loc="left", fontsize=10)
        row[1].set_title("training", loc="left", fontsize=10)
        for colour, mode in zip(_common.COLOURS, MODES, strict=False):
            chosen = [c["curve"] for (r, m, _), c in sorted(cells.items()) if (r, m) == (robot, mode)]
            errors = over_seeds(cells, robot, mode, "velocity")
            violated = [100 * share for share in over_seeds(cells, robot, mode, TORQUE)]
            x, y = statistics.fmean(violated), statistics.fmean(errors)
            row[0].errorbar(
                x,
                y,
                xerr=[[x - min(violated)], [max(violated) - x]],
                yerr=[[y - min(errors)], [max(errors) - y]],
                fmt="o",
                color=colour,
                label=LABELS[mode],
            )
            for axis, name in ((row[1], "velocity"), (row[2], "violated")):
                length = min(len(curve["steps"]) for curve in chosen)
                curves = np.array([curve[name][:length] for curve in chosen], float)
                samples = np.array(chosen[0]["steps"][:length]) / 1e6
                axis.plot(samples, curves.mean(0), color=colour)
                axis.fill_between(samples, curves.min(0), curves.max(0), color=colour, alpha=0.2, linewidth=0)
        row[0].axvline(100 * ALLOWED, color="black", linewidth=1, linestyle=":")
        row[0].set_xlim(left=-0.5)
        row[0].set_xlabel("steps above a torque limit [%]")
        row[0].set_ylabel("velocity error [m/s]")
        row[1].set_ylabel("velocity error [m/s]")
        row[2].set_ylabel("steps above a torque limit [%]")
        for axis in row[1:]:
            axis.set_xlabel("samples [million]")
        row[0].legend(frameon=False)
    return figure


def options() -> argparse.Namespace:
    """The command line."""
    parser = _common.parser(__doc__)
    parser.add_argument("--robot", choices=ROBOTS, help="only this robot")
    parser.add_argument("--mode", choices=MODES, help="only this way of training")
    parser.add_argument("--seed", type=int, choices=SEEDS, help="only this seed")
    parser.add_argument("--steps", type=float, help="environment steps of a run, instead of the recipe's")
    return parser.parse_args()


def main() -> None:
    """Train what is missing, evaluate, print, plot."""
    given = options()
    run = harness.Options(given.quick)
    changes: dict[str, Any] = dict(QUICK) if run.quick else {}
    if given.steps:
        changes["total_steps"] = given.steps
    robots = (given.robot,) if given.robot else ROBOTS
    modes = (given.mode,) if given.mode else MODES
    seeds = (given.seed,) if given.seed else SEEDS[:1] if run.quick else SEEDS
    episodes = 8 if run.quick else EPISODES
    # Seeds first, so that a part of the runs is a comparison already.
    wanted = [(robot, mode, seed) for seed, robot, mode in itertools.product(seeds, robots, modes)]
    with tempfile.TemporaryDirectory() as throwaway:
        root = Path(throwaway) if run.quick else RUNS
        cells = {cell: run_cell(*cell, root, changes, episodes) for cell in wanted}
    show(cells)
    if modes != MODES:
        harness.finish(
            harness.Result("only a part was trained; nothing is claimed", math.nan, 1.0, at_least=False)
        )
        return
    if run.quick or (robots == ROBOTS and seeds == SEEDS):
        harness.save_plot(plot(cells, robots), "cat", run)
    harness.finish(result_of(cells, robots))


if __name__ == "__main__":
    main()
