import math

import numpy as np
import pytest

from sims.state import RobotState
from sims.velocity import rewards
from sims.velocity.cfg import RewardCfg

F32 = np.float32


def state(**entries):
    base = {
        "command": np.array([[0.5, 0.0, 0.2]], F32),
        "moving": np.array([True]),
        "root_lin_vel_b": np.array([[0.3, 0.1, -0.2]], F32),
        "root_ang_vel_b": np.array([[0.3, 0.4, 0.1]], F32),
        "projected_gravity_b": np.array([[0.6, 0.0, -0.8]], F32),
        "joint_pos": np.array([[0.1, -0.2]], F32),
        "default_joint_pos": np.zeros((1, 2), F32),
        "joint_vel": np.array([[1.0, 2.0]], F32),
        "joint_torque": np.array([[3.0, 4.0]], F32),
        "action": np.array([[0.5, 0.0]], F32),
        "previous_action": np.array([[0.0, 1.0]], F32),
        "foot_contact": np.array([[True, True, True, True]]),
        "trotting": np.array([True]),
        "touchdown": np.array([[True, False, True, False]]),
        "last_air_time": np.array([[0.35, 9.0, 0.15, 9.0]], F32),
        "last_peak": np.array([[0.07, 9.0, 0.014, 9.0]], F32),
    }
    return RobotState({**base, **entries})


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (rewards.lin_vel, math.exp(-(0.2**2 + 0.1**2) / 0.25)),
        (rewards.ang_vel, math.exp(-(0.1**2) / 0.25)),
        (rewards.trot, 1.0),
        (rewards.stand, 0.0),  # moving
        (rewards.air_time, (0.35 - 0.25) + (0.15 - 0.25)),
        (rewards.swing_height, (1.0 - 0.6) + (0.2 - 0.6)),
        (rewards.vertical_velocity, 0.04),
        (rewards.roll_pitch_rate, 0.25),
        (rewards.tilt, 0.36),
        (rewards.torque, 25.0),
        (rewards.action_rate, 0.25 + 1.0),
        (rewards.pose, 0.05),
        (rewards.standing_pose, 0.0),
        (rewards.standing_joint_velocity, 0.0),
    ],
)
def test_terms_by_hand(term, value):
    np.testing.assert_allclose(term(state(), RewardCfg()), [value], atol=1e-6)


def test_terms_of_standing_by_hand():
    still = state(moving=np.array([False]))
    assert rewards.stand(still, RewardCfg())[0] == 1.0
    assert rewards.trot(still, RewardCfg())[0] == 0.0
    np.testing.assert_allclose(rewards.standing_pose(still, RewardCfg()), [0.3], atol=1e-6)
    np.testing.assert_allclose(rewards.standing_joint_velocity(still, RewardCfg()), [5.0])


def test_long_swings_are_capped_at_half_a_second():
    hop = state(touchdown=np.array([[True, False, False, False]]), last_air_time=np.full((1, 4), 3.0, F32))
    np.testing.assert_allclose(rewards.air_time(hop, RewardCfg()), [0.25])


def test_total_is_never_negative_and_ramps_the_shaping_terms():
    cfg = RewardCfg(lin_vel=1.0, ang_vel=0.0, torque=-0.01, shaping_start=0.2, shaping_steps=100)
    task = rewards.active_terms(rewards.TASK_TERMS, cfg)
    shaping = rewards.active_terms(rewards.SHAPING_TERMS, cfg)
    tracking = math.exp(-0.05 / 0.25)
    np.testing.assert_allclose(rewards.total(state(), cfg, task, shaping, 0.2), [tracking - 0.05], atol=1e-6)
    np.testing.assert_allclose(rewards.total(state(), cfg, task, shaping, 10.0), [0.0])
    assert [rewards.shaping_factor(cfg, n) for n in (0, 50, 100, 500)] == pytest.approx([0.2, 0.6, 1.0, 1.0])


def test_terms_of_weight_zero_are_left_out():
    cfg = RewardCfg(lin_vel=1.0, ang_vel=0.0)
    assert [term.__name__ for term, _ in rewards.active_terms(rewards.TASK_TERMS, cfg)] == ["lin_vel"]


def test_torch_gives_the_same():
    torch = pytest.importorskip("torch")
    ours = state()
    theirs = RobotState({name: torch.from_numpy(np.asarray(value)) for name, value in ours.items()})
    for term in (*rewards.TASK_TERMS, *rewards.SHAPING_TERMS):
        np.testing.assert_allclose(term(theirs, RewardCfg()).numpy(), term(ours, RewardCfg()), atol=1e-6)
