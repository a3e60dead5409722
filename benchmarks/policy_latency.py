"""Latency of an exported policy, against bare ONNX Runtime.

One control step of `OnnxPolicy` (checks of names, shapes and numbers, state kept, fresh outputs) and one bare
`session.run` of the same file with a ready dictionary, on one core, batch 1, in alternating blocks. The file
is an export of go1-flat with the networks of its recipe; they are untrained, which costs the same.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _common, harness

TASK = "go1-flat"
OURS, BARE = "OnnxPolicy", "session.run"
GOAL = 1.3
MEASUREMENTS = 64
"""Different inputs, used in turn."""
Call = Callable[[dict[str, np.ndarray]], object]


def export_untrained(folder: Path) -> Path:
    """The policy file of a runner that has not learned yet."""
    from agents import recipes
    from agents.on_policy.runner import Runner
    from benchmarks._training import exported
    from landward.runs import RunFolder
    from sims.registry import make_env

    config = recipes.go1_flat()
    env = make_env(TASK, 4, seed=config.seed)
    run = RunFolder.create(folder, TASK, config.seed, {}, env.spec)
    return exported(Runner(env, config, run), run)


def measurements(count: int) -> list[dict[str, np.ndarray]]:
    """What a robot feeds its policy, from a simulated one under random actions."""
    from sims.registry import make_env

    env = make_env(TASK, 1, seed=1, play=True)
    env.reset(seed=1)
    random, found = np.random.default_rng(1), []
    for _ in range(count):
        size = sum(term.size for term in env.spec.actions)
        env.step((0.5 * random.standard_normal((1, size))).astype(np.float32))
        found.append({name: np.array(value) for name, value in env.measurements().items()})
    return found


def bare_session(path: Path) -> Any:
    """ONNX Runtime on one thread, as OnnxPolicy opens it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def latencies(call: Call, inputs: Sequence[dict[str, np.ndarray]], count: int) -> np.ndarray:
    """Seconds of each of `count` calls."""
    taken = np.empty(count, np.int64)
    clock = time.perf_counter_ns
    for i in range(count):
        fed = inputs[i % len(inputs)]
        start = clock()
        call(fed)
        taken[i] = clock() - start
    return taken * 1e-9


def percentile(blocks: Sequence[np.ndarray], share: float) -> float:
    """Median over blocks of a percentile, so that one disturbed block does not decide [s]."""
    return statistics.median(float(np.percentile(block, share)) for block in blocks)


def ratio(blocks: dict[str, list[np.ndarray]], share: float) -> float:
    """Median over pairs of neighbouring blocks of our percentile divided by the bare one."""
    ours, bare = ([float(np.percentile(block, share)) for block in blocks[name]] for name in (OURS, BARE))
    return _common.median_ratio(ours, bare)


def measure(path: Path, blocks: int, calls: int) -> dict[str, list[np.ndarray]]:
    """Seconds of every call, name -> blocks, the blocks of both in turn on one core."""
    from landward.onnx_policy import OnnxPolicy

    policy, session = OnnxPolicy(path), bare_session(path)
    states = policy.state()
    fed = measurements(MEASUREMENTS)
    ready = [inputs | states for inputs in fed]
    found: dict[str, list[np.ndarray]] = {OURS: [], BARE: []}
    candidates: dict[str, tuple[Call, list[dict[str, np.ndarray]]]] = {
        OURS: (policy, fed),
        BARE: (partial(session.run, None), ready),
    }
    for call, inputs in candidates.values():
        latencies(call, inputs, calls)
    for index in range(blocks):
        for name in (OURS, BARE) if index % 2 == 0 else (BARE, OURS):
            call, inputs = candidates[name]
            found[name].append(latencies(call, inputs, calls))
    return found


def plot(blocks: dict[str, list[np.ndarray]]) -> Any:
    """Histograms of both, with their p50 and p99."""
    figure, axes = _common.subplots(1, 1, (7, 3.4))
    axis = axes[0, 0]
    low = min(float(np.percentile(b, 0.1)) for kind in blocks.values() for b in kind)
    high = max(percentile(kind, 99.5) for kind in blocks.values())
    bins = np.linspace(low, high, 120) * 1e6
    for colour, (name, kind) in zip(_common.COLOURS, blocks.items(), strict=False):
        axis.hist(np.concatenate(kind) * 1e6, bins=bins.tolist(), color=colour, alpha=0.6, label=name)
        for share, style in ((50, "-"), (99, "--")):
            axis.axvline(percentile(kind, share) * 1e6, color=colour, linestyle=style, linewidth=1.2)
    axis.set_xlabel("one control step [µs]; solid p50, dashed p99")
    axis.set_ylabel("calls")
    axis.set_yscale("log")
    axis.legend(frameon=False)
    return figure


def main() -> None:
    """Export, pin, measure, print, plot."""
    run = harness.options(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        path = export_untrained(Path(folder))
        before = os.sched_getaffinity(0)
        core = max(before)
        os.sched_setaffinity(0, {core})
        count, calls = (20, 500) if run.quick else (100, 2000)
        blocks = measure(path, count, calls)
        os.sched_setaffinity(0, before)
    rows = []
    for name, kind in blocks.items():
        everything = np.concatenate(kind)
        quantiles = [percentile(kind, share) * 1e6 for share in (50, 90, 99)]
        rows.append((name, *quantiles, float(np.percentile(everything, 99)) * 1e6, len(everything)))
    rows.append(("ratio", *(ratio(blocks, share) for share in (50, 90, 99)), rows[0][4] / rows[1][4], ""))
    columns = ("", "p50 µs", "p90 µs", "p99 µs", "p99 of all calls µs", "calls")
    harness.show(f"Latency of one step, batch 1, core {core}; percentiles: medians of blocks", columns, rows)
    harness.save_plot(plot(blocks), "policy_latency", run)
    value = ratio(blocks, 99)
    claim = f"a step of OnnxPolicy takes {value:.2f} times the p99 of bare ONNX Runtime on the same file"
    claim += f" ({percentile(blocks[OURS], 99) * 1e6:.0f} µs, go1-flat, one core)"
    harness.finish(harness.Result(claim, value, GOAL, at_least=False))


if __name__ == "__main__":
    main()
