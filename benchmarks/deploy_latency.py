"""Latency of the deployed policy over ROS 2, against an rclpy echo.

A stand-in for the robot publishes joint_states and imu/data at 200 Hz. The real policy node and the real
safety monitor answer as processes of their own, over Fast DDS on loopback. Latency is the time from the stamp
of the joint_states that a command answers until the command is in the robot's callback. Between the answers,
in the middle of a sensor period, the same JointState goes to an echo process and back, so that the noise of
the machine hits both. All processes ask for real-time scheduling, as `landward deploy` does;
LANDWARD_REALTIME=0 leaves that out.

    make bench ARGS=deploy_latency
    .venv-ros/bin/python benchmarks/deploy_latency.py [--quick] [--policy RUN]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _common, harness
from landward.errors import require

INTERPRETER = ".venv-ros/bin/python"
"""Of the environment with ROS 2, which `make setup-ros` builds; benchmarks/run_all.py takes it from here."""
ROBOT = "go1"
GOAL = 2.0
OURS, ECHO = "policy and monitor", "echo"
SECONDS = {False: 120.0, True: 20.0}
"""Duration of a full and of a quick run."""
BLOCK = 500
"""Commands in a stretch whose percentiles are compared: 10 s at 50 Hz."""
DOMAIN = "101"
"""ROS domain, beyond those of the tests."""


def block_ratio(ours: np.ndarray, echo: np.ndarray, share: float) -> float:
    """Median over blocks of our percentile divided by the echo's.

    Args:
        ours: (N, 2) time [s], latency [s].
        echo: (M, 2) likewise.
        share: percentile, 0 to 100.
    """
    count = max(1, round(len(ours) / BLOCK))
    edges = ours[[len(ours) * i // count for i in range(1, count)], 0]
    ratios = [
        np.percentile(a, share) / np.percentile(b, share)
        for a, b in zip(_split(ours, edges), _split(echo, edges), strict=True)
    ]
    return float(np.median(ratios))


def _split(samples: np.ndarray, edges: np.ndarray) -> list[np.ndarray]:
    return np.split(samples[:, 1], np.searchsorted(samples[:, 0], edges))


def table(ours: np.ndarray, echo: np.ndarray) -> list[tuple[str, float, float, float]]:
    """Lines of the table: p50, p99 and maximum of all samples [ms], and their ratios."""
    numbers = [np.percentile(samples[:, 1], (50, 99, 100)) * 1e3 for samples in (ours, echo)]
    numbers.append(numbers[0] / numbers[1])
    return [
        (name, float(p50), float(p99), float(longest))
        for name, (p50, p99, longest) in zip((OURS, ECHO, "ratio"), numbers, strict=True)
    ]


def plot(ours: np.ndarray, echo: np.ndarray) -> Any:
    """Share of answers that take longer than a time, both axes logarithmic."""
    figure, axes = _common.subplots(1, 1, (6.0, 3.6))
    axis = axes[0, 0]
    for name, samples, colour in ((OURS, ours, _common.COLOURS[0]), (ECHO, echo, _common.COLOURS[1])):
        share = 1.0 - np.arange(len(samples)) / len(samples)
        axis.step(np.sort(samples[:, 1]) * 1e3, share, label=name, color=colour, where="post")
    axis.set(
        xscale="log", yscale="log", xlabel="sensor stamp to answer [ms]", ylabel="share that takes longer"
    )
    for formatted in (axis.xaxis.set_major_formatter, axis.xaxis.set_minor_formatter):
        formatted("{x:g}")
    axis.axhline(0.01, color="#999999", linewidth=0.8)
    axis.legend(frameon=False)
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    parser = _common.parser(__doc__)
    parser.add_argument("--policy", type=Path, help="policy.onnx or run folder of a go1 policy")
    parser.add_argument("--seconds", type=float, help="how long to measure")
    given = parser.parse_args(arguments)
    require("rclpy", "ros", "the benchmark measures nodes")
    os.environ |= {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_DOMAIN_ID": DOMAIN}
    from benchmarks._deploy_measure import measure
    from benchmarks._deploy_policy import write_policy
    from landward_ros import realtime
    from robots import get_robot

    os.environ.setdefault(realtime.VARIABLE, "1")
    run, robot = harness.Options(given.quick), get_robot(ROBOT)
    with tempfile.TemporaryDirectory() as folder:
        policy = given.policy or write_policy(Path(folder) / "policy.onnx", robot)
        found = measure(robot, policy.resolve(), given.seconds or SECONDS[run.quick], Path(folder))
    ours, echo = found.commands, found.echoes
    rows = table(ours, echo)
    harness.show(
        "Sensor stamp to answer, joint_states of 12 joints", ("", "p50 ms", "p99 ms", "max ms"), rows
    )
    print(f"{len(ours)} commands, {len(echo)} echoes; control periods without a command: {found.missed}")
    print(f"takeovers by the monitor or the policy node, after which it walked again: {found.takeovers}")
    harness.save_plot(plot(ours, echo), "deploy_latency", run)
    value = block_ratio(ours, echo, 99)
    claim = f"from sensor stamp to monitored command takes {value:.2f} times the p99 of an rclpy echo"
    claim += f" of the same message ({rows[0][2]:.1f} ms, median over blocks of {BLOCK} commands)"
    harness.finish(harness.Result(claim, value, GOAL, at_least=False))


if __name__ == "__main__":
    sys.exit(_common.status_of(main))
