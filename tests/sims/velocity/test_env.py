import re

import numpy as np
import pytest

from landward.array import NumpyRandom
from landward.errors import EnvContractError, RegistryError
from sims.check import check_env
from sims.registry import make_env, override, task_names
from sims.velocity.events import draw_start
from sims.velocity.go1 import go1_flat
from sims.velocity.solo12 import solo12_flat

TASKS = ["go1-flat", "go1-rough", "solo12-flat", "solo12-rough"]


def actions(n, steps, seed=0, size=0.3):
    rng = np.random.default_rng(seed)
    return [size * rng.standard_normal((n, 12), dtype=np.float32) for _ in range(steps)]


def play(env, moves):
    step = None
    for move in moves:
        step = env.step(move)
    return step


def test_all_tasks_are_registered():
    assert set(TASKS) <= set(task_names())


@pytest.mark.parametrize("task", ["go1-flat", "solo12-flat"])
def test_task_keeps_the_contract(task):
    findings = check_env(make_env(task, 8, seed=0))
    assert not findings, "\n".join(str(finding) for finding in findings)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["go1-rough", "solo12-rough"])
def test_rough_task_keeps_the_contract(task):
    findings = check_env(make_env(task, 8, seed=0))
    assert not findings, "\n".join(str(finding) for finding in findings)


def test_seed_decides_everything_and_threads_nothing():
    moves = actions(6, 40)
    runs = [play(make_env("go1-flat", 6, seed=3, overrides={"threads": t}), moves) for t in (1, 2)]
    np.testing.assert_array_equal(runs[0].obs["critic"], runs[1].obs["critic"])
    other = play(make_env("go1-flat", 6, seed=4), moves)
    assert (other.obs["critic"] != runs[0].obs["critic"]).any()


def test_reset_with_a_seed_restarts_the_run():
    env, moves = make_env("go1-flat", 4, seed=1), actions(4, 20)
    env.reset(seed=5)
    first = play(env, moves)
    env.reset(seed=5)
    np.testing.assert_array_equal(play(env, moves).obs["policy"], first.obs["policy"])
    fresh = play(make_env("go1-flat", 4, seed=5), moves)
    np.testing.assert_array_equal(fresh.obs["critic"], first.obs["critic"])
    np.testing.assert_array_equal(fresh.reward, first.reward)
    with pytest.raises(EnvContractError, match="env_ids"):
        env.reset(seed=1, env_ids=np.array([0]))


def test_time_out_is_no_death_and_keeps_the_final_observation():
    env = make_env("go1-flat", 3, seed=0)
    env.episode_steps[1] = env.max_episode_steps - 1
    step = env.step(np.zeros((3, 12), np.float32))
    assert step.truncated.tolist() == [False, True, False] and not step.terminated.any()
    assert step.final_obs is not None
    assert (step.final_obs["policy"][1] != step.obs["policy"][1]).any()
    np.testing.assert_array_equal(step.final_obs["policy"][[0, 2]], step.obs["policy"][[0, 2]])
    assert env.episode_steps.tolist() == [1, 0, 1]


def test_episodes_start_where_they_are_told_to():
    env = make_env("go1-flat", 3, seed=0, overrides={"sensors.enabled": False})
    start = draw_start(env.cfg.resets, env.robot, 3, NumpyRandom(7))
    env.step(np.ones((3, 12), np.float32))
    env.set_command(np.full((3, 3), 0.25, np.float32))
    obs = env.start_at(start)
    np.testing.assert_allclose(env.state.root_pos_w, start.root_pos, atol=1e-6)
    np.testing.assert_allclose(env.measurements()["joint_pos"], start.joint_pos, atol=1e-6)
    np.testing.assert_allclose(env.measurements()["base_ang_vel"], start.velocity[:, 3:], atol=1e-6)
    assert (env.measurements()["command"] == 0.25).all() and not env.episode_steps.any()
    np.testing.assert_array_equal(obs["policy"], env.observe()["policy"])


def test_a_fall_terminates():
    env = make_env("go1-flat", 2, seed=0)
    env.engine._qpos[1, 3:7] = [0.0, 1.0, 0.0, 0.0]  # on its back
    step = env.step(np.zeros((2, 12), np.float32))
    assert step.terminated.tolist() == [False, True] and not step.truncated.any()


def test_diverged_physics_terminates_with_finite_numbers():
    env = make_env("go1-flat", 2, seed=0)
    env.engine._qvel[0, 8] = 1e8
    step = env.step(np.zeros((2, 12), np.float32))
    assert step.terminated.tolist() == [True, False]
    assert step.final_obs is not None
    for array in (*step.obs.values(), *step.final_obs.values(), *step.constraints.values(), step.reward):
        assert np.isfinite(array).all()


def test_diverged_states_are_kept_from_when_it_is_asked_for(tmp_path):
    env = make_env("go1-flat", 2, seed=0)
    for folder in (None, tmp_path / "diverged"):
        if folder:
            env.keep_diverged(folder)
        env.engine._qvel[0, 8] = 1e8
        env.step(np.zeros((2, 12), np.float32))
    (saved,) = tmp_path.glob("diverged/*.npz")
    assert np.load(saved)["env_ids"].tolist() == [0]


def test_logged_names_are_group_and_name():
    log = make_env("go1-rough", 2, seed=0).step(np.zeros((2, 12), np.float32)).log
    assert {"tracking/velocity_rms", "episode/falls_per_10_s", "terrain/level"} < set(log)
    assert all(re.fullmatch(r"\w+/\w+", name) for name in log)


def test_the_callers_actions_are_not_touched_by_resets():
    env = make_env("go1-flat", 2, seed=0)
    env.episode_steps[:] = env.max_episode_steps - 1
    move = np.full((2, 12), 0.5, np.float32)
    env.step(move)
    assert (move == 0.5).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_action_is_refused(bad):
    env = make_env("go1-flat", 2, seed=0)
    move = np.zeros((2, 12), np.float32)
    move[1, 3] = bad
    with pytest.raises(EnvContractError, match="environment 1"):
        env.step(move)
    with pytest.raises(EnvContractError, match=r"\(2, 5\)"):
        env.step(np.zeros((2, 5), np.float32))


def test_constraint_values_by_hand():
    env = make_env("go1-flat", 2, seed=0)
    step = env.step(np.array([[2.0] * 12, [0.0] * 12], np.float32))
    # |2 - 0| / 0.02 s = 100 /s against a limit of 80
    np.testing.assert_allclose(step.constraints["action_rate"][0], 20.0, rtol=1e-5)
    np.testing.assert_allclose(step.constraints["action_rate"][1], -80.0, rtol=1e-5)
    expected = np.abs(env.state.joint_torque) - 20.0
    np.testing.assert_allclose(step.constraints["joint_torque"], expected, rtol=1e-5)


def test_actor_sees_what_the_robot_measures():
    kinds = {term.kind for term in make_env("go1-rough", 2).spec.group("policy")}
    assert kinds == {
        "angular_velocity",
        "projected_gravity",
        "command",
        "joint_position",
        "joint_velocity",
        "last_action",
        "height_scan",
    }


def test_held_command_and_measurements():
    env = make_env("go1-flat", 3, seed=0, play=True)
    env.set_command(np.array([[0.5, -0.1, 0.3]], np.float32), np.array([2]))
    env.step(np.zeros((3, 12), np.float32))
    seen = env.measurements()
    np.testing.assert_allclose(seen["command"][2], [0.5, -0.1, 0.3])
    assert set(seen) == {"base_ang_vel", "projected_gravity", "command", "joint_pos", "joint_vel"}
    np.testing.assert_allclose(seen["joint_pos"], env.state.joint_pos, atol=0.0101)  # encoder noise


def test_driving_with_targets_equals_driving_with_actions():
    one, two = make_env("go1-flat", 2, seed=0), make_env("go1-flat", 2, seed=0)
    for move in actions(2, 10):
        a = one.step(move)
        target = np.array(one.robot.default_joint_pos, np.float32) + np.float32(0.25) * move
        b = two.step_si({"joint_pos_target": target})
    np.testing.assert_allclose(a.obs["policy"], b.obs["policy"], atol=1e-4)


def test_physics_is_drawn_for_training_and_nominal_for_play():
    train, nominal = make_env("go1-flat", 50), make_env("go1-flat", 50, play=True)
    drawn = train.engine.parameters()
    assert 0.4 <= drawn["friction"].min() < 0.6 and 1.2 < drawn["friction"].max() <= 1.5
    assert drawn["payload"].min() < -0.5 and drawn["latency"].max() <= 0.02
    assert (nominal.engine.parameters()["payload"] == 0).all()
    nominal.set_physics(np.array([3]), friction=np.array([0.3]), latency=np.array([0.04]))
    assert nominal.engine.parameters()["friction"][3] == pytest.approx(0.3)


def test_robots_leave_rough_ground_by_truncation():
    env = make_env("go1-rough", 2, seed=0)
    edge = env.engine.terrain.heights.shape[1] * env.engine.terrain.cell / 2
    env.engine._qpos[0, 0], env.engine._qpos[0, 2] = edge - 0.2, 1.0
    step = env.step(np.zeros((2, 12), np.float32))
    assert step.truncated.tolist() == [True, False] and not step.terminated.any()


def test_saved_state_goes_on_bit_equal():
    for task in TASKS:
        env, other = make_env(task, 4, seed=0), make_env(task, 4, seed=9)
        play(env, actions(4, 15))
        other.load_state_dict(env.state_dict())
        for move in actions(4, 15, seed=1, size=1.0):
            a, b = env.step(move), other.step(move)
            np.testing.assert_array_equal(a.obs["critic"], b.obs["critic"])
            np.testing.assert_array_equal(a.reward, b.reward)


def test_configurations_are_fresh_copies_and_overrides_are_checked():
    first = go1_flat()
    override(first, "rewards.trot", 7.0)
    assert first.rewards.trot == 7.0 and go1_flat().rewards.trot != 7.0
    with pytest.raises(RegistryError, match=r"rewards\.trott"):
        override(first, "rewards.trott", 1.0)
    with pytest.raises(RegistryError, match="go1-flat"):
        make_env("go1-flatt", 1)


def test_solo12_is_the_official_task():
    cfg = solo12_flat()
    soft = {c.name: (c.limit, c.p_max) for c in cfg.constraints if c.kind == "soft"}
    assert soft["joint_torque"] == (3.0, 0.25) and soft["no_move"] == (4.0, 0.1)
    assert {c.name for c in cfg.constraints if c.kind == "hard"} == {
        "contact",
        "foot_force",
        "front_hip_flexion",
        "upside_down",
    }
    assert (cfg.rewards.lin_vel, cfg.rewards.ang_vel, cfg.action_scale) == (1.0, 0.5, 0.5)
    assert cfg.physics.control_period == pytest.approx(0.02)


def test_tiles_can_be_assigned_for_an_evaluation():
    env = make_env("go1-rough", 4, seed=0, play=True)
    kind = env.terrain_kinds[-1]
    env.assign_terrain([kind] * 4, level=2)
    env.reset(seed=3)
    column = env.engine.terrain.kinds.index(kind)
    offset = env.state.root_pos_w[:, :2] - env.engine.terrain.origins[2, column, :2]
    assert np.abs(offset).max() < env.engine.terrain.tile / 2
    with pytest.raises(EnvContractError, match="moon"):
        env.assign_terrain(["moon"] * 4)
    with pytest.raises(EnvContractError, match="flat"):
        make_env("go1-flat", 1).assign_terrain(["flat"])
