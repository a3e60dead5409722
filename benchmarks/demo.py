"""What `make demo` promises, for three seeds.

Trains the go1-flat recipe in full, exports, evaluates the exported file as `landward eval` does (figures
under the fine physics, robustness matrix included) and holds every figure against its target. Runs lie in
benchmarks/results/demo: finished ones are reused and ones that were cut off are resumed, so that the
benchmark can be run in pieces, `python benchmarks/demo.py --seed 1`.
"""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks import _common, harness
from benchmarks._training import exported, trained

TASK = "go1-flat"
NUM_ENVS = 1024
SEEDS = (1, 2, 3)
RUNS = harness.QUICK_RESULTS / "demo"
"""Where full runs are kept; those of a quick run are thrown away."""
Verdicts = Sequence[Mapping[str, Any]]


def relative(verdict: Mapping[str, Any]) -> float:
    """Measured / limit, inverted where the limit is a lower one: at most 1 where the target is met.

    A limit of zero, such as no falls, gives 1 plus what was measured, and 0 where that is nothing.
    """
    value, limit = verdict["value"], verdict["limit"]
    if value is None or not math.isfinite(value):
        return math.inf
    if verdict["at_least"]:
        return limit / value if value > 0 else math.inf
    if limit == 0:
        return 1.0 + value if value > 0 else 0.0
    return value / limit


def worst(verdicts: Mapping[int, Verdicts]) -> tuple[float, int, str]:
    """The largest relative figure, its seed and its metric."""
    found = [(relative(v), seed, v["metric"]) for seed, some in verdicts.items() for v in some]
    return max(found, default=(math.nan, 0, "nothing"))


def configuration(seed: int, quick: bool) -> Any:
    """The recipe with that seed; a few iterations of it for a quick run."""
    from agents import recipes

    config = recipes.go1_flat()
    config.seed = seed
    if quick:
        config.total_steps, config.iterations = 0.0, 3
    return config


def run_seed(seed: int, root: Path, quick: bool) -> dict[str, Any]:
    """Train, export and evaluate one seed.

    Returns:
        "verdicts", a list of `Verdict.to_dict()`; "minutes" of training; "metrics", name -> value.
    """
    from sims.evaluate.protocol import Settings

    num_envs = 64 if quick else NUM_ENVS
    runner, folder = trained(root, TASK, configuration(seed, quick), num_envs)
    path = exported(runner, folder)
    settings = Settings(video=False)
    if quick:
        axes = {name: levels[:1] for name, levels in settings.axes.items()}
        settings = dataclasses.replace(settings, episodes=4, seconds=3.0, axes=axes, episodes_per_cell=4)
    key: dict[str, Any] = {"settings": {**vars(settings), "axes": dict(settings.axes)}}
    key["policy"] = sha256(path.read_bytes()).hexdigest()
    result = _common.cached(folder.path / "benchmark.json", key, lambda: evaluated(path, settings))
    return {**result, "minutes": folder.metrics()[-1]["seconds"] / 60.0}


def evaluated(path: Path, settings: Any) -> dict[str, Any]:
    """Verdicts and metrics of an exported policy."""
    from sims.evaluate import evaluate

    evaluation = evaluate(path, TASK, settings)
    # NaN, where no episode qualified, is no JSON.
    metrics = {n: e.value if math.isfinite(e.value) else None for n, e in evaluation.metrics.items()}
    verdicts = [{**v.to_dict(), "value": metrics[v.metric]} for v in evaluation.verdicts]
    return {"verdicts": verdicts, "metrics": metrics}


def rows_of(results: Mapping[int, Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Seed x target with limits, numbers and verdicts."""
    rows = []
    for seed, result in results.items():
        for v in result["verdicts"]:
            bound = f"{'>=' if v['at_least'] else '<='} {v['limit']:g}"
            value = math.nan if v["value"] is None else float(v["value"])
            rows.append((seed, v["metric"], bound, value, relative(v), "pass" if v["passed"] else "FAIL"))
    return rows


def plot(results: Mapping[int, Mapping[str, Any]]) -> Any:
    """Measured / limit of every target and seed."""
    figure, axes = _common.subplots(1, 1, (7, 3.4))
    axis = axes[0, 0]
    for colour, (seed, result) in zip(_common.COLOURS, results.items(), strict=False):
        names = [v["metric"] for v in result["verdicts"]]
        axis.plot([relative(v) for v in result["verdicts"]], names, "o", color=colour, label=f"seed {seed}")
    axis.axvline(1.0, color="black", linewidth=1)
    axis.set_xlabel("measured / limit (inverted for lower limits); met left of 1")
    axis.legend(frameon=False)
    return figure


def main() -> None:
    """Train what is missing, evaluate, print, plot."""
    parser = _common.parser(__doc__)
    parser.add_argument("--seed", type=int, choices=SEEDS, help="only this seed")
    given = parser.parse_args()
    run = harness.Options(given.quick)
    seeds = (given.seed,) if given.seed else SEEDS[:1] if run.quick else SEEDS
    with tempfile.TemporaryDirectory() as throwaway:
        root = Path(throwaway) if run.quick else RUNS
        results = {seed: run_seed(seed, root, run.quick) for seed in seeds}
    columns = ("seed", "target", "limit", "measured", "measured / limit", "")
    harness.show(f"make demo: {TASK}, exported and evaluated", columns, rows_of(results))
    minutes = [result["minutes"] for result in results.values()]
    trained_in = [(seed, result["minutes"]) for seed, result in results.items()]
    harness.show("Training", ("seed", "minutes"), trained_in)
    if len(seeds) == len(SEEDS) or run.quick:
        harness.save_plot(plot(results), "demo", run)
    value, seed, metric = worst({seed: result["verdicts"] for seed, result in results.items()})
    claim = (
        f"the worst figure of `make demo` over {len(seeds)} seeds is {value:.2f} times its limit ({metric}, "
    )
    claim += f"seed {seed}); training takes {_common.spread(minutes)} minutes"
    passed = all(v["passed"] for result in results.values() for v in result["verdicts"])
    harness.finish(harness.Result(claim, value, 1.0, at_least=False, also=passed))


if __name__ == "__main__":
    main()
