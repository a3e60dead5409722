import sys
import threading

import pytest
import torch
from tensordict import TensorDict

from agents.on_policy.parallel import short_switch_interval
from landward.errors import LandwardError
from tests.agents.builders import make_alg, make_image_alg, make_image_obs, make_obs


def flip(env, obs, actions):
    """A mirror that negates everything."""
    if obs is not None:
        both = {name: torch.cat([x, -x]) for name, x in obs.items()}
        obs = TensorDict(both, batch_size=[2 * obs.batch_size[0]])
    return obs, None if actions is None else torch.cat([actions, -actions])


def trained(parallel, iterations=3, make=make_alg, observe=make_obs, stock=False, **changes):
    settings = {
        "schedule": "fixed",
        "num_mini_batches": 2,
        "num_learning_epochs": 3,
        "value_loss_coef": 0.7,
        **changes,
    }
    alg = make(8, 5, parallel_update=parallel, entropy_coef=0.01, **settings)
    if stock:
        alg.shared = False  # rsl_rl's update, with our optimiser that knows every parameter once
    generator = torch.Generator().manual_seed(1)
    for iteration in range(iterations):
        torch.manual_seed(iteration)  # rsl_rl draws samples in its update, the two-thread one does not
        with torch.inference_mode():
            for _ in range(5):
                obs = observe(8, generator)
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
    check_that_both_give_the_same(**changes)


@pytest.mark.parametrize("target_kl", [0.0, 1e-9, 1e-3])
@pytest.mark.parametrize("images", [False, True])
def test_it_gives_what_rsl_rl_gives_with_images_and_a_target_kl(images, target_kl):
    changes = {"make": make_image_alg, "observe": make_image_obs} if images else {}
    # rsl_rl's critic stops with the actor, the two-thread one goes on
    models, iterations = (("actor", "critic"), 3) if target_kl == 0.0 else (("actor",), 1)
    check_that_both_give_the_same(
        models, iterations=iterations, target_kl=target_kl, adam_eps=1e-5, **changes
    )


def check_that_both_give_the_same(models=("actor", "critic"), **changes):
    (ours, our_losses), (stock, stock_losses) = trained(True, **changes), trained(False, **changes)
    if "critic" not in models:
        del our_losses["value"], stock_losses["value"]
    for model in models:
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


def test_shared_encoders_are_trained_on_both_losses_at_once():
    """One plain gradient step: what moves an encoder is the sum of what moves it in separate networks."""
    plain = {
        "iterations": 1,
        "make": make_image_alg,
        "observe": make_image_obs,
        "optimizer": "sgd",
        "learning_rate": 0.05,
        "max_grad_norm": 1e9,
        "num_learning_epochs": 1,
        "num_mini_batches": 1,
    }
    (shared, losses), (rsl_rl, _) = (
        trained(False, share=True, **plain),
        trained(False, share=True, stock=True, **plain),
    )
    assert shared.shared and set(losses) == {"surrogate", "entropy", "value"}
    assert shared.actor.cnns is shared.critic.cnns
    for model in ("actor", "critic"):
        for (name, a), b in zip(
            getattr(shared, model).named_parameters(), getattr(rsl_rl, model).parameters(), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6, msg=name)


def test_a_pass_beyond_the_target_kl_is_the_last():
    passes = {target: trained(True, iterations=1, target_kl=target)[1] for target in (1e-9, 1e9)}
    assert {target: losses["passes"] for target, losses in passes.items()} == {1e-9: 1.0, 1e9: 3.0}
    assert passes[1e9]["kl"] > passes[1e-9]["kl"] > 0.0


def test_shared_encoders_stop_at_the_target_too():
    changes = {"make": make_image_alg, "observe": make_image_obs, "share": True, "iterations": 1}
    assert trained(False, target_kl=1e-9, **changes)[1]["passes"] == 1.0


def test_shared_encoders_and_two_threads_are_refused():
    with pytest.raises(LandwardError, match="parallel_update.*its own encoder"):
        make_image_alg(share=True, parallel_update=True)


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
