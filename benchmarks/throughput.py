"""Environment steps per second, against bare MuJoCo and against envpool.

Measures go1-flat as training uses it (observations, rewards, constraints, randomised physics, resets) against
the fastest way to step the same model bare: `mujoco.batch.Batch`, `mujoco.rollout` and `mj_step` in threads.
Every round starts the bare candidates from the physics state of the environment and gives them the same joint
targets, so that all step through the same contacts. envpool runs its own Go1 task in the same rounds, in
several batch sizes, of which the fastest counts: it keeps a whole model for each environment (tens of MB), so
that large batches do not fit into memory. Then steps per second and memory from 64 to 8,192 environments.
"""

from __future__ import annotations

import importlib.util
import math
import multiprocessing
import os
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _common, harness
from benchmarks._steppers import BARE, ENVPOOL_TASK, Envpool, Ours, Speed, Stopwatch, contacts
from landward.provenance import cpu_count

NUM_ENVS = 1024
SIZES = (64, 256, 1024, 4096, 8192)
OURS = "landward"
POOLS = {"envpool, 4": 4, "envpool, 8": 8, "envpool, 16": 16, "envpool, 64": 64}
"""Candidate -> number of environments."""
SAME_STEP = "envpool, our dt"
"""envpool's task with our physics timestep, three substeps instead of five; shown, not claimed."""
GOAL, POOL_GOAL = 0.8, 3.0
POOL_SHARE = 5
"""envpool's blocks are this much shorter than ours [environment steps]."""
WARM_UP = 50
"""Control steps before the first measurement: until the first falls."""


def measure(num_envs: int, steps: int, rounds: int, bare: tuple[str, ...], pool: bool) -> dict[str, Any]:
    """Interleaved rounds.

    Args:
        num_envs: batch size.
        steps: control steps of a block.
        rounds: blocks of each candidate.
        bare: names out of BARE.
        pool: whether to measure envpool.

    Returns:
        "rates" and "cpu rates": candidate -> control steps per second and per second of processor time of
        each round; "substeps", "contacts" and "episode" (mean length in control steps), each
        candidate -> number.
    """
    ours = Ours(num_envs)
    model, physics = ours.env.engine.model, ours.env.cfg.physics
    made = {name: BARE[name](model, num_envs, physics.substeps, cpu_count()) for name in bare}
    pools = {name: Envpool(size) for name, size in POOLS.items()} if pool else {}
    if pool:
        pools[SAME_STEP] = Envpool(8, physics.timestep)
    for candidate in (ours, *pools.values()):
        candidate.run(candidate.draw(WARM_UP))
    block: dict[str, Any] = {}

    def prepare() -> None:
        block["actions"] = ours.draw(steps)
        block["targets"] = ours.targets(block["actions"])
        block["rows"] = {name: np.array(value) for name, value in ours.rows().items()}

    def step_bare(name: str) -> Speed:
        made[name].load(block["rows"])
        with Stopwatch() as watch:
            made[name].run(block["targets"])
        return watch.speed(num_envs * steps)

    candidates: dict[str, Callable[[], Speed]] = {OURS: lambda: ours.run(block["actions"])}
    candidates |= {name: partial(step_bare, name) for name in made}
    candidates |= {
        name: partial(_random_block, env, num_envs * steps // POOL_SHARE) for name, env in pools.items()
    }
    speeds = _common.interleave(candidates, rounds, prepare)
    positions = {OURS: ours.rows()["qpos"], **{name: one.qpos() for name, one in made.items()}}
    substeps = {**dict.fromkeys((OURS, *made), physics.substeps), **{n: e.substeps for n, e in pools.items()}}
    return {
        "rates": {name: [speed.wall for speed in some] for name, some in speeds.items()},
        "cpu rates": {name: [speed.cpu for speed in some] for name, some in speeds.items()},
        "substeps": substeps,
        "contacts": {name: contacts(model, qpos) for name, qpos in positions.items()},
        "episode": {name: one.steps / max(one.ended, 1) for name, one in {OURS: ours, **pools}.items()},
    }


def _random_block(candidate: Ours | Envpool, env_steps: int) -> Speed:
    """Speed over so many environment steps, at least two control steps."""
    return candidate.run(candidate.draw(max(env_steps // candidate.num_envs, 2)))


def resident() -> int:
    """Resident memory of this process [bytes]; Linux only."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def memory(name: str, num_envs: int) -> float:
    """Growth of resident memory by so many environments, stepped thrice [bytes]; for a fresh process."""
    made = []
    for size in (2, num_envs):  # the first pays for libraries and the model
        before = resident()
        made.append(Ours(size) if name == OURS else Envpool(size))
        _random_block(made[-1], 3 * size)
    return resident() - before


def memory_of(name: str, num_envs: int) -> float:
    """Memory of 1,000 environments [MB], from a process that did nothing else."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(memory, name, num_envs).result() / num_envs * 1000 / 1e6


def growth(sizes: tuple[int, ...], steps: int, rounds: int, pool: bool) -> list[dict[str, float | None]]:
    """Steps/s and memory of every batch size; None for an envpool that would not fit into memory.

    Args:
        sizes: numbers of environments, ascending.
        steps: environment steps of a block.
        rounds: blocks of each candidate; the median counts.
        pool: whether to measure envpool.
    """
    rows, pool_memory = [], 0.0
    for size in sizes:
        rates = measure(size, max(steps // size, 4), rounds, ("Batch.step",), pool=False)["rates"]
        row: dict[str, float | None] = {"size": size, **{k: statistics.median(v) for k, v in rates.items()}}
        row["memory"] = memory_of(OURS, size)
        if pool:
            row |= {"envpool": None, "envpool memory": None}
        if pool and size / 1000 * pool_memory < available() / 1e6 / 2:
            row["envpool memory"] = pool_memory = memory_of("envpool", size)
            env = Envpool(size)
            _random_block(env, 2 * size)
            row["envpool"] = statistics.median(
                _random_block(env, steps // POOL_SHARE).wall for _ in range(rounds)
            )
        rows.append(row)
    return rows


def available() -> int:
    """Memory that is free for us [bytes]; Linux only."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    return next(int(words[1]) * 1024 for words in lines if words[0] == "MemAvailable:")


def claim(ratio: float, best: str, against: float | None, pool: str) -> str:
    """What is claimed, in words."""
    first = f"go1-flat runs at {ratio:.2f} times the fastest bare stepping of its model ({best}), goal {GOAL}"
    if against is None:
        return f"{first}; against envpool not measured: it is not installed"
    return (
        f"{first}; and at {against:.2f} times the control steps/s of envpool's Go1 ({pool}), goal {POOL_GOAL}"
    )


def plot(found: dict[str, Any], grown: list[dict[str, float | None]], pool: bool) -> Any:
    """Rates of one size, rates of all sizes, memory of all sizes."""
    figure, axes = _common.subplots(1, 3, (13, 3.6))
    left, middle, right = axes[0]
    names = list(found["rates"])[::-1]
    colours = [_common.COLOURS[0 if n == OURS else 4 if n in BARE else 1] for n in names]
    rates = [found["rates"][name] for name in names]
    middles = [statistics.median(numbers) for numbers in rates]
    ranges = [(m - min(n), max(n) - m) for m, n in zip(middles, rates, strict=True)]
    left.barh(names, middles, xerr=np.transpose(ranges), color=colours, error_kw={"lw": 1})
    left.set_xlabel("control steps/s, median and range")
    sizes = [row["size"] for row in grown]
    curves = ((middle, OURS, 0), (middle, "Batch.step", 4), (right, "memory", 0))
    curves += ((middle, "envpool", 1), (right, "envpool memory", 1)) if pool else ()
    for axis, key, colour in curves:
        values = [math.nan if row[key] is None else row[key] for row in grown]
        axis.plot(sizes, values, marker="o", color=_common.COLOURS[colour], label=key)
    for axis, label in ((middle, "control steps/s"), (right, "MB for 1,000 environments")):
        axis.set_xscale("log", base=2)
        axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axis.set_xlabel("environments")
        axis.set_ylabel(label)
    middle.set_ylim(bottom=0)
    middle.legend(frameon=False)
    right.set_yscale("log")
    return figure


def table(found: dict[str, Any], title: str) -> tuple[str, tuple[str, ...], list[tuple[Any, ...]]]:
    """Title, columns and rows of what `measure` found; ratios are those of landward to the row."""
    rows = []
    for name, rates in found["rates"].items():
        rate, ratio = statistics.median(rates), _common.median_ratio(found["rates"][OURS], rates)
        cpu = _common.median_ratio(found["cpu rates"][OURS], found["cpu rates"][name])
        substeps = found["substeps"][name]
        touching, episode = (found[key].get(name, "") for key in ("contacts", "episode"))
        per_cpu = statistics.median(found["cpu rates"][name])
        rows.append((name, rate, rate * substeps, substeps, ratio, per_cpu, cpu, touching, episode))
    columns = ("", "steps/s", "physics/s", "substeps", "ratio", "steps/CPU s", "CPU ratio")
    return f"{title}; envpool: {ENVPOOL_TASK}", (*columns, "contacts", "episode"), rows


def main() -> None:
    """Measure, print, plot."""
    run = harness.options(__doc__)
    pool = importlib.util.find_spec("envpool") is not None
    if not pool:
        print(
            "envpool is not installed: `make .venv/.bench` (or `pip install 'landward[bench]'`) installs it"
        )
    num_envs, steps, rounds = (256, 10, 3) if run.quick else (NUM_ENVS, 20, 15)
    found = measure(num_envs, steps, rounds, tuple(BARE), pool)
    rates = found["rates"]
    best = _common.largest({name: rates[name] for name in BARE})
    harness.show(
        *table(found, f"{num_envs:,} environments, {cpu_count()} threads, {rounds} interleaved rounds")
    )
    sizes = (64, 256, 1024) if run.quick else SIZES
    grown = growth(sizes, 2_000 if run.quick else 20_000, 1 if run.quick else 3, pool)
    heads = {"size": "environments", OURS: "steps/s", "Batch.step": "Batch.step", "envpool": "envpool"}
    heads |= {"memory": "MB/1,000", "envpool memory": "envpool MB/1,000"}
    keys = [key for key in heads if key in grown[0]]
    cells = [["too large" if row[key] is None else row[key] for key in keys] for row in grown]
    harness.show(
        "Growth: control steps/s and memory of 1,000 environments", [heads[key] for key in keys], cells
    )
    harness.save_plot(plot(found, grown, pool), "throughput", run)
    ratio = _common.median_ratio(rates[OURS], rates[best])
    fastest = _common.largest({name: rates[name] for name in POOLS}) if pool else ""
    against = _common.median_ratio(rates[OURS], rates[fastest]) if pool else None
    also = against is not None and against >= POOL_GOAL
    harness.finish(harness.Result(claim(ratio, best, against, fastest), ratio, GOAL, also=also))


if __name__ == "__main__":
    main()
