"""Rollouts of a policy in the fake walker."""

import numpy as np
import pytest

from landward.errors import EnvContractError
from landward.velocity_commands import draw_commands
from sims.evaluate.rollout import (
    Traces,
    TrackingSums,
    command_box,
    require_velocity_env,
    rollout,
)
from tests.sims.fakes import FakeEnv, FakeWalker, WalkingPolicy


def test_a_slow_policy_has_the_error_that_it_should():
    env, policy = FakeWalker(2), WalkingPolicy(2, gain=0.75)
    command = np.array([[0.8, 0.2, -0.4], [0.4, 0.0, 0.0]], np.float32)
    sums = TrackingSums(command, 0.02)
    result = rollout(env, policy, 3.0, command, record=(sums,))
    np.testing.assert_allclose(np.sqrt(sums.squares / sums.steps[:, None]), 0.25 * np.abs(command), atol=1e-6)
    # 3 s at 0.02 s are 150 steps; the first 2 s do not count.
    assert (sums.steps.tolist(), result.length.tolist()) == ([50, 50], [150, 150])
    assert not result.fell.any()


def test_a_push_fells_those_on_grippy_ground_and_their_episode_ends_there():
    env, policy = FakeWalker(2), WalkingPolicy(2)
    command = np.full((2, 3), 0.3, np.float32)
    physics = {"friction": np.array([0.8, 1.25])}
    traces = Traces(0.02)
    result = rollout(env, policy, 4.0, command, physics=physics, push=np.ones(2), record=(traces,))
    assert result.fell.tolist() == [False, True]
    # The push comes before step 150 (3 s), so 150 steps were survived and 151 counted for the constraints.
    assert result.length.tolist() == [200, 150]
    assert result.counted.tolist() == [200, 151]
    assert traces.array("alive")[:, 1].sum() == 50
    assert policy.resets[0] is None
    assert [1] in policy.resets


def test_the_tasks_clock_does_not_end_an_evaluation():
    env = FakeWalker(1, max_episode_steps=50)
    result = rollout(env, WalkingPolicy(1), 3.0, np.zeros((1, 3), np.float32))
    assert result.length.tolist() == [150]


def test_violations_count_steps_in_which_any_component_exceeds():
    # The fake torque is 8 + 20 vx: above 20 N m beyond 0.6 m/s.
    env, command = FakeWalker(2), np.array([[0.9, 0, 0], [0.5, 0, 0]], np.float32)
    result = rollout(env, WalkingPolicy(2), 2.0, command)
    assert result.violations["torque"][1] == 0
    assert 90 < result.violations["torque"][0] < 100
    assert result.violations["upright"].sum() == 0


def test_commands_are_seeded_and_within_what_the_task_trains():
    env = FakeWalker(1)
    assert command_box(env) == ((0.0, 1.0), (-0.3, 0.3), (-0.8, 0.8))
    assert command_box(env, ((0.0, 2.0), (-0.1, 0.1), (-2.0, 0.5))) == ((0.0, 1.0), (-0.1, 0.1), (-0.8, 0.5))
    commands = draw_commands(command_box(env), 500, seed=3)
    np.testing.assert_array_equal(commands, draw_commands(command_box(env), 500, seed=3))
    assert commands.min(0) == pytest.approx([0.0, -0.3, -0.8], abs=0.02)
    assert commands.max(0) == pytest.approx([1.0, 0.3, 0.8], abs=0.02)


def test_other_tasks_are_refused_by_name():
    with pytest.raises(EnvContractError, match="'fake'.*set_command"):
        require_velocity_env(FakeEnv(), "fake")
