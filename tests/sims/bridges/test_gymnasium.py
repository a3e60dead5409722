"""Gymnasium both ways, held to Gymnasium's own vector environments and checker."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from landward.errors import EnvContractError, SpecError
from sims.bridges.gymnasium import FromGymnasium, GymnasiumEnv, GymnasiumVectorEnv
from sims.bridges.gymnasium_spaces import ACTOR, shown_groups
from sims.check import check_env
from tests.sims.fakes import FakeEnv, fake_spec


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1"])
def test_check_env_passes_on_gymnasium_environments(name):
    with FromGymnasium(name, num_envs=3, max_episode_steps=30) as env:
        assert check_env(env) == []


def test_the_spec_of_pendulum_is_derived_from_its_spaces():
    env = FromGymnasium("Pendulum-v1", num_envs=2)
    assert (env.max_episode_steps, env.spec.task, env.spec.control_period) == (200, "Pendulum-v1", 0.05)
    action = env.spec.actions[0]
    assert (action.scale, action.offset, action.clip, action.limits) == (
        (2.0,),
        (0.0,),
        (-1.0, 1.0),
        ((-2.0, 2.0),),
    )
    env.reset(seed=0)
    assert env.measurements()["observation"].shape == (2, 3)


def test_the_spec_of_cart_pole_is_discrete():
    env = FromGymnasium("CartPole-v1")
    action = env.spec.actions[0]
    assert (action.kind, action.shape, len(action.names), env.max_episode_steps) == ("discrete", (1,), 2, 500)
    assert env.spec.control_period == pytest.approx(0.02)


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1"])
def test_there_and_back_equals_gymnasiums_own_vector_environment(name):
    theirs = SyncVectorEnv(
        [lambda: gymnasium.make(name, max_episode_steps=40)] * 3, autoreset_mode="SameStep"
    )
    ours = GymnasiumVectorEnv(FromGymnasium(name, num_envs=3, max_episode_steps=40))
    np.testing.assert_array_equal(theirs.reset(seed=5)[0], ours.reset(seed=5)[0])
    assert ours.single_action_space.shape == theirs.single_action_space.shape
    discrete = isinstance(theirs.single_action_space, gymnasium.spaces.Discrete)
    random, ends = np.random.default_rng(0), 0
    for _ in range(90):
        action = random.integers(0, 2, 3) if discrete else random.uniform(-1, 1, (3, 1)).astype(np.float32)
        expected = theirs.step(action if discrete else 2 * action)
        actual = ours.step(action)
        np.testing.assert_array_equal(expected[0], actual[0])
        np.testing.assert_allclose(expected[1], actual[1], rtol=1e-6)
        np.testing.assert_array_equal(expected[2], actual[2])
        np.testing.assert_array_equal(expected[3] & ~expected[2], actual[3])
        assert ("final_obs" in expected[4]) == ("final_obs" in actual[4])
        if "final_obs" in actual[4]:
            mask = actual[4]["_final_obs"]
            np.testing.assert_array_equal(expected[4]["_final_obs"], mask)
            np.testing.assert_array_equal(
                np.stack(expected[4]["final_obs"][mask]), np.stack(actual[4]["final_obs"][mask])
            )
            ends += mask.sum()
    assert ends >= 3


def test_a_time_out_is_truncated_and_a_death_terminated():
    env = FromGymnasium("CartPole-v1", num_envs=2, max_episode_steps=500)
    env.reset(seed=0)
    env.episode_steps[0] = 499
    step = env.step(np.ones((2, 1), np.float32))
    assert (step.truncated.tolist(), step.terminated.tolist()) == ([True, False], [False, False])
    assert env.episode_steps.tolist() == [0, 1]
    for _ in range(20):
        step = env.step(np.ones((2, 1), np.float32))
        if step.terminated[1]:
            assert abs(step.final_obs["policy"][1, 2]) > 0.2
            assert not step.truncated[1]
            return
    pytest.fail("a pole that is only pushed to one side must fall")


def test_a_dict_of_flat_entries_and_an_image():
    class Camera(gymnasium.Env):
        observation_space = gymnasium.spaces.Dict(
            {
                "camera": gymnasium.spaces.Box(0, 255, (4, 5, 3), np.uint8),
                "gear": gymnasium.spaces.Discrete(3, start=1),
                "speed": gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float32),
            }
        )
        action_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float32)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return self.observation_space.sample() | {"gear": 2}, {}

        def step(self, action):
            return self.reset()[0], 0.0, False, False, {"action": action}

    env = FromGymnasium(Camera, num_envs=2, max_episode_steps=9)
    obs = env.reset(seed=0)
    assert {k: (v.shape, v.dtype.name) for k, v in obs.items()} == {
        "policy": ((2, 5), "float32"),
        "camera": ((2, 4, 5, 3), "uint8"),
    }
    np.testing.assert_array_equal(obs["policy"][:, :3], [[0, 1, 0], [0, 1, 0]])
    assert {k: v.shape for k, v in env.measurements().items()} == {
        "camera": (2, 4, 5, 3),
        "gear": (2, 3),
        "speed": (2, 2),
    }
    assert env.spec.images["camera"].scale == 1 / 255
    # the policy reads both, so both are shown; one of them alone on request
    vector = GymnasiumVectorEnv(env)
    obs, _ = vector.reset(seed=1)
    assert vector.observation_space.contains(obs) and obs["camera"].dtype == np.uint8
    assert GymnasiumVectorEnv(env, "camera").single_observation_space == Camera.observation_space["camera"]
    env.episode_steps[0] = 8
    infos = vector.step(np.zeros((2, 2), np.float32))[4]
    assert infos["_final_obs"].tolist() == [True, False]
    assert {name: value.shape for name, value in infos["final_obs"][0].items()} == {
        "policy": (5,),
        "camera": (4, 5, 3),
    }


def test_which_groups_are_shown():
    spec = fake_spec()
    assert shown_groups(spec, ACTOR) == "policy"
    assert shown_groups(spec, None) == ("policy", "critic")
    assert shown_groups(spec, "critic") == "critic"
    with pytest.raises(SpecError, match="no observation group 'actors'; it has policy, critic"):
        shown_groups(spec, "actors")


def test_spaces_that_cannot_be_translated_are_refused_with_a_remedy():
    class Odd(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-1, 1, (2,))
        action_space = gymnasium.spaces.MultiBinary(3)

    with pytest.raises(EnvContractError, match="action wrapper"):
        FromGymnasium(Odd, max_episode_steps=5)
    with pytest.raises(EnvContractError, match="pass max_episode_steps"):
        FromGymnasium(Odd)


def test_bad_actions_name_the_environment():
    env = FromGymnasium("Pendulum-v1", num_envs=2)
    env.reset(seed=0)
    with pytest.raises(EnvContractError, match="environment 1"):
        env.step(np.array([[0.0], [np.nan]], np.float32))
    with pytest.raises(EnvContractError, match=r"\(2, 1\)"):
        env.step(np.zeros((2, 2), np.float32))


def test_an_env_as_gymnasium_vector_environment():
    vector = GymnasiumVectorEnv(FakeEnv(num_envs=3, max_episode_steps=4))
    assert vector.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert vector.single_action_space == gymnasium.spaces.Box(-2, 2, (2,))
    obs, _ = vector.reset(seed=0)
    assert vector.observation_space.contains(obs)
    recorded = RecordEpisodeStatistics(vector)
    recorded.reset(seed=0)
    for t in range(4):
        obs, reward, terminated, truncated, infos = recorded.step(0 * vector.action_space.sample())
        assert ("final_obs" in infos) == (t == 3)
    assert truncated.all()
    assert not terminated.any()
    np.testing.assert_array_equal(infos["episode"]["l"], [4, 4, 4])
    assert all(
        row.shape == (6,) and not np.array_equal(row, obs[i]) for i, row in enumerate(infos["final_obs"])
    )
    assert infos["final_info"]["constraints"]["joint_speed"].shape == (3, 2)
    obs, _ = vector.reset(options={"reset_mask": np.array([True, False, False])})
    assert vector.env.episode_steps.tolist() == [0, 0, 0]


def test_gymnasiums_checker_passes_on_a_single_environment(recwarn):
    gymnasium_check(GymnasiumEnv(FakeEnv(num_envs=1)), skip_render_check=True)
    taste = ("infinity", "symmetric and normalized")
    assert not [
        w for w in recwarn if "WARN" in str(w.message) and not any(t in str(w.message) for t in taste)
    ]
    with pytest.raises(EnvContractError, match="num_envs=1"):
        GymnasiumEnv(FakeEnv(num_envs=2))


def test_render_gives_the_environments_picture():
    class Painted(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-1, 1, (2,))
        action_space = gymnasium.spaces.Box(-1, 1, (2,))

        def render(self):
            return np.full((2, 3, 3), 7, np.uint8)

    with FromGymnasium([Painted, Painted], max_episode_steps=5) as env:
        assert env.num_envs == 2
        assert env.render(1).shape == (2, 3, 3)
        assert len(GymnasiumVectorEnv(env).render()) == 2
