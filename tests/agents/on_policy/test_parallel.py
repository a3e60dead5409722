import sys
import threading

import pytest
import torch
from tensordict import TensorDict

from agents.on_policy.parallel import short_switch_interval
from landward.errors import LandwardError
from tests.agents.builders import make_alg, make_obs


def flip(env, obs, actions):
    """A mirror that negates everything."""
    if obs is not None:
        both = {name: torch.cat([x, -x]) for name, x in obs.items()}
        obs = TensorDict(both, batch_size=[2 * obs.batch_size[0]])
    return obs, None if actions is None else torch.cat([actions, -actions])


def trained(parallel, iterations=3, **changes):
    settings = {
        "schedule": "fixed",
        "num_mini_batches": 2,
        "num_learning_epochs": 3,
        "value_loss_coef": 0.7,
        **changes,
    }
    alg = make_alg(8, 5, parallel_update=parallel, entropy_coef=0.01, **settings)
    generator = torch.Generator().manual_seed(1)
    for iteration in range(iterations):
        torch.manual_seed(iteration)  # rsl_rl draws samples in its update, the two-thread one does not
        with torch.inference_mode():
            for _ in range(5):
                obs = make_obs(8, generator)
                alg.act(obs)
                dones = torch.rand(8, generator=generator) < 0.1
                alg.process_env_step(obs, torch.rand(8, generator=generator), dones, {})
            alg.compute_returns(obs)
        losses = alg.update()
    return alg, losses


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("clip_value", [False, True])
@pytest.mark.parametrize("per_batch", [False, True])
def test_it_gives_what_rsl_rl_gives(mirror, clip_value, per_batch):
    changes = {"use_clipped_value_loss": clip_value, "normalize_advantage_per_mini_batch": per_batch}
    if mirror:
        changes["symmetry_cfg"] = {"data_augmentation_func": flip, "use_data_augmentation": True}
    (ours, our_losses), (stock, stock_losses) = trained(True, **changes), trained(False, **changes)
    for model in ("actor", "critic"):
        pairs = zip(
            getattr(ours, model).state_dict().items(), getattr(stock, model).state_dict().items(), strict=True
        )
        for (name, a), (_, b) in pairs:
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6, msg=name)
    assert our_losses == pytest.approx(stock_losses, rel=1e-3, abs=1e-6)


def test_it_is_deterministic():
    one, two = trained(True, schedule="adaptive")[0], trained(True, schedule="adaptive")[0]
    assert one.learning_rate == two.learning_rate
    for a, b in zip(one.actor.state_dict().values(), two.actor.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    for a, b in zip(one.critic.state_dict().values(), two.critic.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_the_adaptive_schedule_moves_the_learning_rate():
    alg, _ = trained(True, schedule="adaptive", desired_kl=1e-8)
    assert alg.learning_rate < 1e-3
    assert alg.actor_optimizer.param_groups[0]["lr"] == alg.learning_rate


def test_recurrent_models_are_refused():
    with pytest.raises(LandwardError, match="recurrent models.*parallel_update"):
        make_alg(recurrent=True, parallel_update=True)


def test_the_switch_interval_comes_back():
    before = sys.getswitchinterval()
    with pytest.raises(RuntimeError), short_switch_interval():
        assert sys.getswitchinterval() < before
        raise RuntimeError
    assert sys.getswitchinterval() == before


def test_an_error_in_the_critics_thread_is_raised():
    alg = make_alg(4, 1, parallel_update=True, num_mini_batches=1)
    with torch.inference_mode():
        obs = make_obs(4)
        alg.act(obs)
        alg.process_env_step(obs, torch.rand(4), torch.zeros(4), {})
        alg.compute_returns(obs)
    alg.critic_optimizer.step = lambda: (_ for _ in ()).throw(RuntimeError("critic"))
    with pytest.raises(RuntimeError, match="critic"):
        alg.update()


def test_the_second_thread_is_kept_to_one_core(monkeypatch):
    # OpenMP counts threads for every Python thread; without this the second one takes all cores and spins
    calls = []
    monkeypatch.setattr(torch, "set_num_threads", lambda count: calls.append((threading.get_ident(), count)))
    trained(True, iterations=1)
    assert [count for _, count in calls] == [torch.get_num_threads()]
    assert calls[0][0] != threading.get_ident()
