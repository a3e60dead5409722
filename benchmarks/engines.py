"""Control steps per second of every engine, against the simulator under it alone.

An engine steps Go1 on the plane with go1-flat's physics and fills the named state; bare is the simulator
stepping the same model with the same targets from the same states and nothing around it: MuJoCo's batch,
MuJoCo Warp's steps in one captured graph, Isaac Lab's loop. Both are measured in turns in one process. The
engines of another environment run in a process of its interpreter where that environment is installed.
Warp and Isaac Lab use a GPU where there is one.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Mapping
from typing import Any

from benchmarks import _common, harness
from benchmarks._engines import BARE, OURS, best_device, measure
from landward.errors import MissingDependencyError
from sims.engines import ENGINES
from sims.environments import python_of

NUM_ENVS = 1024
SIZES = (1, 8, 64, 512, 1024, 2048, 4096, 8192)
QUICK_SIZES = (1, 64, 1024)
GOAL = 1.1
STEPS = 8192
"""Environment steps of a block, at least three control steps."""
CHILD_LIMIT = 1800
"""[s] After which the measurement of one size in another environment is given up."""
Rates = dict[str, list[float]]


def steps_of(size: int, quick: bool) -> int:
    """Control steps of a block."""
    return min(max((STEPS // 4 if quick else STEPS) // size, 3), 200)


def measure_in(environment: str, engine: str, size: int, steps: int, rounds: int) -> Rates:
    """As `_engines.measure`, in a process of another environment's interpreter.

    Raises:
        MissingDependencyError: the environment is not installed.
        RuntimeError: the process failed; the message ends with its last words.
    """
    command = [str(python_of(environment)), "-m", "benchmarks._engines", engine]
    command += [str(size), str(steps), str(rounds)]
    done = subprocess.run(
        command,
        cwd=harness.ROOT,
        env={**os.environ, "PYTHONPATH": str(harness.ROOT)},
        capture_output=True,
        text=True,
        timeout=CHILD_LIMIT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{engine} with {size} environments failed: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure_engine(name: str, sizes: tuple[int, ...], rounds: int, quick: bool) -> dict[int, Rates] | str:
    """Rates of every size, or why there are none."""
    environment = ENGINES[name].environment
    found: dict[int, Rates] = {}
    for size in sizes:
        steps = steps_of(size, quick)
        try:
            if environment == "main":
                found[size] = measure(name, size, steps, rounds)
            else:
                found[size] = measure_in(environment, name, size, steps, rounds)
        except MissingDependencyError as error:
            return f"not measured: {error}"
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            return f"not measured: {error}"
    return found


def rows(found: Mapping[str, dict[int, Rates]]) -> list[tuple[Any, ...]]:
    """A row for each engine and size."""
    made = []
    for name, sizes in found.items():
        for size, rates in sizes.items():
            ratio, cpu = ratio_of(rates), _common.median_ratio(rates[f"{BARE} cpu"], rates[f"{OURS} cpu"])
            ours, bare = statistics.median(rates[OURS]), statistics.median(rates[BARE])
            made.append((name, size, ours, bare, ratio, cpu))
    return made


def ratio_of(rates: Rates) -> float:
    """Bare divided by ours, the median of the rounds; 1.1: the engine takes a tenth longer."""
    return _common.median_ratio(rates[BARE], rates[OURS])


def worst(found: Mapping[str, dict[int, Rates]], size: int = NUM_ENVS) -> tuple[str, float]:
    """The engine with the largest ratio at one size, and that ratio."""
    ratios = {name: ratio_of(sizes[size]) for name, sizes in found.items()}
    name = max(ratios, key=lambda engine: ratios[engine])
    return name, ratios[name]


def plot(found: Mapping[str, dict[int, Rates]]) -> Any:
    """Rates and ratios over the number of environments."""
    figure, axes = _common.subplots(1, 2, (11, 3.6))
    left, right = axes[0]
    for (name, sizes), colour in zip(found.items(), _common.COLOURS, strict=False):
        across = list(sizes)
        ours, bare = ([statistics.median(sizes[size][key]) for size in across] for key in (OURS, BARE))
        left.plot(across, ours, marker="o", color=colour, label=name)
        left.plot(across, bare, linestyle=":", color=colour)
        right.plot(across, [ratio_of(sizes[size]) for size in across], marker="o", color=colour, label=name)
    right.axhline(GOAL, color=_common.COLOURS[-1], linestyle="--")
    for axis, label in ((left, "control steps/s, dotted: bare"), (right, "bare ÷ ours")):
        axis.set_xscale("log", base=2)
        axis.set_xlabel("environments")
        axis.set_ylabel(label)
        axis.legend(frameon=False)
    left.set_yscale("log")
    return figure


def claim(name: str, ratio: float, engines: list[str], left_out: Mapping[str, str]) -> str:
    """What is claimed, in words."""
    text = (
        f"the simulator alone is {ratio:.2f} times as fast as the slowest of our engines on it ({name}) at "
        f"{NUM_ENVS:,} environments, goal at most {GOAL}; measured: {', '.join(engines)}"
    )
    return f"{text}; left out: {', '.join(left_out)}" if left_out else text


def main() -> None:
    """Measure, print, plot."""
    run = harness.options(__doc__)
    sizes, rounds = (QUICK_SIZES, 3) if run.quick else (SIZES, 9)
    tried = [name for name, entry in ENGINES.items() if entry.environment == "main" or not run.quick]
    outcome = {name: measure_engine(name, sizes, rounds, run.quick) for name in tried}
    found = {name: sizes for name, sizes in outcome.items() if isinstance(sizes, dict)}
    left_out = {name: why for name, why in outcome.items() if isinstance(why, str)}
    left_out |= {name: "another environment, not in a quick run" for name in ENGINES if name not in tried}
    columns = ("engine", "environments", "steps/s", "bare steps/s", "bare ÷ ours", "of CPU time")
    title = f"Control steps per second, {rounds} interleaved rounds; warp on {best_device('warp')}"
    harness.show(title, columns, rows(found))
    for name, why in left_out.items():
        print(f"{name}: {why}")
    harness.save_plot(plot(found), "engines", run)
    name, ratio = worst(found)
    result = harness.Result(claim(name, ratio, list(found), left_out), ratio, GOAL, at_least=False)
    harness.finish(result)


if __name__ == "__main__":
    main()
