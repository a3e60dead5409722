import copy

import pytest
import torch
from tensordict import TensorDict

from agents.on_policy.ppo import ConstrainedPPO
from landward.constraint import Constraint
from landward.errors import EnvContractError, LandwardError, SimulationError
from tests.agents.builders import make_alg, make_obs

SPEED = Constraint("speed", "speed", 1.0, "m/s", p_max=0.25)


def constant_value(alg, value):
    alg.critic.forward = lambda obs, *args, **kwargs: torch.full((obs.batch_size[0], 1), value)


def roll(alg, rewards, dones, extras):
    """Record steps of all environments and compute returns; every list has one entry a step."""
    with torch.inference_mode():
        for reward, done, extra in zip(rewards, dones, extras, strict=True):
            alg.act(make_obs(2))
            alg.process_env_step(make_obs(2), torch.tensor(reward), torch.tensor(done), extra)
        alg.compute_returns(make_obs(2))
    return alg.storage.returns.squeeze(-1)


def speeds(a, b):
    return {"constraints": {"speed": torch.tensor([[a], [b]])}}


def test_returns_by_hand_with_a_termination_probability_of_a_quarter():
    alg = make_alg(constraints=[SPEED], constraint_mode="cat")
    constant_value(alg, 2.0)
    none = (False, False)
    # environment 0 violates in the second step as much as the running maximum: delta = 0.25; environment 1
    # never
    first, second = speeds(-1.0, -1.0), speeds(5.0, -1.0)
    returns = roll(alg, [[1.0, 1.0]] * 3, [none] * 3, [first, second, first])
    # gamma 0.9, lambda 0.8, V = 2 everywhere:
    # A2 = 1 + 1.8 - 2 = 0.8;  A1 = 0.75 + 0.75 * 1.8 - 2 + 0.75 * 0.72 * 0.8 = 0.532;  A0 = 0.8 + 0.72 *
    # 0.532
    assert returns[:, 0].tolist() == pytest.approx([2 + 0.8 + 0.72 * 0.532, 2.532, 2.8], rel=1e-5)
    # A1 = 0.8 + 0.72 * 0.8 = 1.376, A0 = 0.8 + 0.72 * 1.376
    assert returns[:, 1].tolist() == pytest.approx([2 + 0.8 + 0.72 * 1.376, 3.376, 2.8], rel=1e-5)
    assert alg.storage.dones[1].flatten().tolist() == pytest.approx([0.25, 0.0])


def test_cat_clips_negative_rewards_before_it_scales_them():
    alg = make_alg(steps=1, constraints=[SPEED], constraint_mode="cat")
    roll(alg, [[-3.0, 2.0]], [(False, False)], [speeds(1.0, 1.0)])
    assert alg.storage.rewards.flatten().tolist() == pytest.approx([0.0, 1.5])


def test_a_death_has_no_future_whatever_the_constraints_say():
    alg = make_alg(steps=1, constraints=[SPEED], constraint_mode="cat")
    constant_value(alg, 2.0)
    returns = roll(alg, [[1.0, 1.0]], [(True, False)], [speeds(-1.0, -1.0)])
    assert returns.flatten().tolist() == pytest.approx([1.0, 1.0 + 0.9 * 2.0])


def test_a_time_out_keeps_the_value_of_the_observation_it_cut():
    alg = make_alg(steps=2, constraints=[SPEED], constraint_mode="cat")
    alg.critic.forward = lambda obs, *args, **kwargs: obs["critic"].sum(-1, keepdim=True)
    final = TensorDict({"policy": torch.zeros(2, 3), "critic": torch.ones(2, 4)}, batch_size=[2])  # V = 4
    cut = {**speeds(5.0, -1.0), "time_outs": torch.tensor([True, True]), "final_obs": final}
    go_on = {**speeds(-1.0, -1.0), "time_outs": torch.tensor([False, False])}
    returns = roll(alg, [[1.0, 1.0], [1.0, 1.0]], [(True, True), (False, False)], [cut, go_on])
    # delta 0.25 scales reward and bootstrap, and nothing of the next episode leaks in
    assert returns[0].tolist() == pytest.approx([0.75 * (1 + 0.9 * 4), 1 + 0.9 * 4], rel=1e-5)
    assert alg.storage.dones[0].flatten().tolist() == [1.0, 1.0]


def test_a_time_out_without_final_observations_bootstraps_with_the_present_value():
    alg = make_alg(steps=1)
    constant_value(alg, 2.0)
    returns = roll(alg, [[1.0, 1.0]], [(True, True)], [{"time_outs": torch.tensor([True, False])}])
    assert returns.flatten().tolist() == pytest.approx([1 + 0.9 * 2, 1.0])


def test_a_recurrent_critic_values_final_observations_without_losing_its_state():
    alg = make_alg(steps=1, recurrent=True)
    with torch.inference_mode():
        alg.act(make_obs(2))
        before = alg.critic.get_hidden_state().clone()
        extras = {"time_outs": torch.tensor([False, True]), "final_obs": make_obs(2)}
        alg.process_env_step(make_obs(2), torch.zeros(2), torch.tensor([False, True]), extras)
    after = alg.critic.get_hidden_state()
    assert torch.equal(after[:, 0], before[:, 0])
    assert not after[:, 1].any()


def test_penalty_mode_subtracts_the_same_violations():
    alg = make_alg(steps=1, constraints=[SPEED], constraint_mode="penalty", penalty_weight=0.5)
    roll(alg, [[-3.0, 2.0]], [(False, False)], [speeds(2.0, 1.0)])
    assert alg.storage.rewards.flatten().tolist() == pytest.approx([-3.5, 1.75])
    assert not alg.storage.dones.any()


def test_none_mode_only_counts():
    alg = make_alg(steps=1, constraints=[SPEED], constraint_mode="none")
    roll(alg, [[-3.0, 2.0]], [(False, False)], [speeds(2.0, -1.0)])
    assert alg.storage.rewards.flatten().tolist() == [-3.0, 2.0]
    assert alg.terminations.take_statistics()["speed"]["violated"] == 0.5


def test_constraints_that_do_not_arrive_are_an_error():
    alg = make_alg(constraints=[SPEED], constraint_mode="cat")
    with pytest.raises(EnvContractError, match="speed"):
        roll(alg, [[1.0, 1.0]], [(False, False)], [{}])


def test_cat_refuses_recurrent_models():
    with pytest.raises(LandwardError, match="non-recurrent"):
        make_alg(recurrent=True, constraints=[SPEED], constraint_mode="cat")


def test_an_unknown_mode_is_refused():
    with pytest.raises(LandwardError, match="lagrange"):
        make_alg(constraint_mode="lagrange")


def test_the_entropy_weight_follows_environment_steps():
    alg = make_alg(
        steps=1,
        entropy_coef=0.01,
        entropy_coef_final=0.002,
        entropy_steps=4,
        num_mini_batches=1,
        desired_kl=None,
    )
    seen = []
    for _ in range(3):
        roll(alg, [[1.0, 1.0]], [(False, False)], [{}])
        alg.update()
        seen.append(alg.entropy_coef)
    assert seen == pytest.approx([0.006, 0.002, 0.002])


@pytest.mark.parametrize("parallel", [False, True])
def test_the_linear_schedule_reaches_0_after_the_last_update(parallel):
    alg = make_alg(
        steps=1,
        schedule="linear",
        schedule_steps=8,
        learning_rate=0.1,
        num_mini_batches=1,
        parallel_update=parallel,
    )
    seen = []
    for _ in range(5):
        roll(alg, [[1.0, 1.0]], [(False, False)], [{}])
        alg.update()
        seen.append(alg.learning_rate)
        used = alg.actor_optimizer if parallel else alg.optimizer
        assert used.param_groups[0]["lr"] == alg.learning_rate
    # 2 of 8 steps an update; one update too many keeps the weights
    assert seen == pytest.approx([0.1, 0.075, 0.05, 0.025, 0.0])


def test_a_linear_schedule_without_an_end_is_refused():
    with pytest.raises(LandwardError, match="schedule_steps"):
        make_alg(schedule="linear")


@pytest.mark.parametrize("parallel", [False, True])
def test_adams_eps_reaches_the_optimisers(parallel):
    alg = make_alg(parallel_update=parallel, adam_eps=1e-5)
    used = [alg.actor_optimizer, alg.critic_optimizer] if parallel else [alg.optimizer]
    assert [group["eps"] for made in used for group in made.param_groups] == [1e-5] * len(used)
    assert make_alg().optimizer.param_groups[0]["eps"] == 1e-8


def test_losses_are_means_over_the_passes_that_were_made():
    """rsl_rl's own update, of one pass alone and of three of which the first is the last."""
    found = []
    for epochs, target in ((1, 0.0), (3, 1e-12)):
        alg = make_alg(4, 3, num_mini_batches=2, num_learning_epochs=epochs, target_kl=target)
        torch.manual_seed(5)
        found.append(advance(alg, 1))
    assert found[1].pop("passes") == 1.0 and found[1].pop("kl") > 1e-12
    assert found[0] == pytest.approx(found[1])


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("parallel", [False, True])
def test_learning_that_diverges_stops_the_run(epochs, parallel):
    alg = make_alg(steps=1, num_mini_batches=1, num_learning_epochs=epochs, parallel_update=parallel)
    roll(alg, [[float("nan"), 1.0]], [(False, False)], [{}])
    with pytest.raises(SimulationError, match="(loss is nan|parameters are NaN).*diverged"):
        alg.update()


def test_save_and_load_restore_everything():
    one = make_alg(4, 3, constraints=[SPEED], constraint_mode="cat", parallel_update=True, num_mini_batches=2)
    two = make_alg(4, 3, constraints=[SPEED], constraint_mode="cat", parallel_update=True, num_mini_batches=2)
    advance(one, 1)
    two.load(copy.deepcopy(one.save()))
    for alg in (one, two):
        torch.manual_seed(5)
        advance(alg, 2)
    assert one.learning_rate == two.learning_rate and one.env_steps == two.env_steps == 24
    for a, b in zip(one.actor.state_dict().values(), two.actor.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    for a, b in zip(one.critic.state_dict().values(), two.critic.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def advance(alg: ConstrainedPPO, seed: int):
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        for _ in range(3):
            obs = make_obs(4, generator)
            alg.act(obs)
            extras = {"constraints": {"speed": torch.randn(4, 1, generator=generator)}}
            alg.process_env_step(obs, torch.rand(4, generator=generator), torch.zeros(4), extras)
        alg.compute_returns(obs)
    return alg.update()
