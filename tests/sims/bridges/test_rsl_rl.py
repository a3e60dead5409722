import numpy as np
import torch

from sims.bridges.rsl_rl import RslRlVecEnv
from tests.agents.fakes import PointMass
from tests.agents.images import Blob


def test_shapes_and_types_are_those_of_rsl_rl():
    env = RslRlVecEnv(PointMass(8))
    assert (env.num_envs, env.num_actions, env.max_episode_length, env.device) == (8, 2, 20, "cpu")
    obs, rewards, dones, extras = env.step(torch.zeros(8, 2))
    assert obs.batch_size == (8,) and obs["policy"].shape == (8, 12) and obs["critic"].dtype == torch.float32
    assert rewards.shape == dones.shape == (8,) and dones.dtype == torch.bool
    assert extras["time_outs"].dtype == torch.bool
    assert extras["constraints"]["speed"].shape == (8, 1)
    assert set(extras["log"]) == {"tracking/error", "speed/mean"}


def test_observations_survive_the_next_step():
    env = RslRlVecEnv(PointMass(8))  # writes every observation into the same memory
    first = env.get_observations()
    kept = first["policy"].clone()
    env.step(torch.ones(8, 2))
    assert torch.equal(first["policy"], kept)
    assert not torch.equal(env.get_observations()["policy"], kept)


def test_the_environment_gets_a_copy_of_the_actions():
    env, actions = RslRlVecEnv(PointMass(8)), torch.ones(8, 2)
    env.step(actions)
    env.env.action[:] = 5.0
    assert torch.equal(actions, torch.ones(8, 2))


def test_a_time_out_is_no_death_and_carries_the_last_observation():
    env = RslRlVecEnv(PointMass(4))
    env.episode_length_buf = torch.tensor([19, 0, 0, 0])
    assert env.env.episode_steps.tolist() == [19, 0, 0, 0]
    obs, _, dones, extras = env.step(torch.zeros(4, 2))
    assert dones.tolist() == extras["time_outs"].tolist() == [True, False, False, False]
    final = extras["final_obs"]
    assert torch.equal(final["policy"][1:], obs["policy"][1:])
    assert not torch.equal(final["policy"][0], obs["policy"][0])
    assert env.episode_length_buf.tolist() == [0, 1, 1, 1]


def test_a_death_is_no_time_out():
    env = RslRlVecEnv(PointMass(4))
    env.env.velocity[2] = 20.0
    _, _, dones, extras = env.step(torch.zeros(4, 2))
    assert dones.tolist() == [False, False, True, False]
    assert not extras["time_outs"].any()


def test_no_final_observations_where_no_episode_ended():
    assert "final_obs" not in RslRlVecEnv(PointMass(4)).step(torch.zeros(4, 2))[3]


def test_writing_the_episode_clock_keeps_it_an_array():
    env = RslRlVecEnv(PointMass(4))
    env.episode_length_buf = torch.randint_like(env.episode_length_buf, high=20)
    assert isinstance(env.env.episode_steps, np.ndarray)


def test_images_stay_bytes_as_they_are_measured():
    env = RslRlVecEnv(Blob(4))
    obs, _, _, extras = env.step(torch.zeros(4, 1))
    assert obs["view"].dtype == torch.uint8 and obs["view"].shape == (4, 16, 16, 2)
    assert obs["view"].is_contiguous()
    env.episode_length_buf = torch.tensor([9, 0, 0, 0])
    obs, _, _, extras = env.step(torch.zeros(4, 1))
    final = extras["final_obs"]["view"]
    assert final.dtype == torch.uint8 and torch.equal(final[1:], obs["view"][1:])
    assert not torch.equal(final[0], obs["view"][0])
