from pathlib import Path

import numpy as np
import pytest

from benchmarks import deploy_latency
from benchmarks._deploy_policy import SMALL, write_policy
from landward.onnx_policy import OnnxPolicy
from robots import get_robot
from robots.fit import policy_differences


def samples(seconds: float, latency: float) -> np.ndarray:
    times = np.arange(0.0, seconds, 0.02)
    return np.column_stack([times, np.full(len(times), latency)])


def test_ratio_is_the_median_over_blocks() -> None:
    ours, echo = samples(30.0, 0.003), samples(30.0, 0.002)
    assert deploy_latency.block_ratio(ours, echo, 99) == pytest.approx(1.5)
    # One disturbed block of three does not decide.
    ours[ours[:, 0] > 21.0, 1] = 0.05
    assert deploy_latency.block_ratio(ours, echo, 99) == pytest.approx(1.5)
    # A pause, in which the robot was brought to walk again, is no block.
    ours[700:, 0] += 100.0
    echo[700:, 0] += 100.0
    assert deploy_latency.block_ratio(ours, echo, 99) == pytest.approx(1.5)
    ours[:, 1] = 0.004
    assert deploy_latency.block_ratio(ours[:100], echo[:100], 50) == pytest.approx(2.0)


def test_table_is_in_milliseconds() -> None:
    ours, echo = samples(2.0, 0.003), samples(2.0, 0.002)
    ours[0, 1] = 0.006
    assert deploy_latency.table(ours, echo)[0] == ("policy and monitor", 3.0, pytest.approx(3.03), 6.0)
    assert deploy_latency.table(ours, echo)[2] == ("ratio", 1.5, pytest.approx(1.515), 3.0)


def test_the_policy_fits_the_robot_and_keeps_it_standing(tmp_path: Path) -> None:
    robot = get_robot("go1")
    policy = OnnxPolicy(write_policy(tmp_path / "policy.onnx", robot))
    assert policy_differences(policy.spec, robot) == []
    inputs = {term.name: np.ones((1, *term.shape), np.float32) for term in policy.spec.inputs}
    target = policy(inputs)["joint_pos_target"][0]
    away = np.abs(target - np.array(robot.default_joint_pos))
    assert 0.0 < away.max() < 10 * SMALL
