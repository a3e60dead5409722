import math

import pytest
import torch
from rsl_rl.utils import resolve_callable

from agents.on_policy.gsde import GsdeDistribution
from tests.agents.builders import make_alg, make_obs


def make(latent=2, actions=1, **kwargs):
    torch.manual_seed(0)
    return GsdeDistribution(actions, latent, **kwargs)


def test_marginal_by_hand():
    gsde = make(log_std_init=0.0)
    with torch.no_grad():
        gsde.head.weight.copy_(torch.tensor([[0.5, -1.0]]))
        gsde.head.bias.fill_(0.25)
        gsde.log_std.copy_(torch.tensor([[math.log(0.1)], [math.log(0.2)]]))
    gsde.update(torch.tensor([[3.0, 2.0]]))  # ELU leaves positive features alone
    variance = 9 * 0.01 + 4 * 0.04 + 1e-6
    assert gsde.mean.item() == pytest.approx(0.5 * 3 - 2 + 0.25)
    assert gsde.std.item() == pytest.approx(math.sqrt(variance))
    expected = -0.5 * (0.5**2 / variance + math.log(2 * math.pi * variance))
    assert gsde.log_prob(gsde.mean + 0.5).item() == pytest.approx(expected, rel=1e-5)
    assert gsde.entropy.item() == pytest.approx(0.5 * math.log(2 * math.pi * math.e * variance), rel=1e-5)


def test_kl_by_hand():
    old, new = (torch.tensor([[0.0]]), torch.tensor([[1.0]])), (torch.tensor([[1.0]]), torch.tensor([[2.0]]))
    kl = make().kl_divergence(old, new).item()
    assert kl == pytest.approx(math.log(2.0) + (1 + 1) / (2 * 4) - 0.5)


def test_noise_is_a_fixed_function_of_the_state_until_it_is_drawn_anew():
    gsde = make(latent=4, actions=2, sde_sample_freq=3)
    features = torch.randn(5, 4)
    with torch.no_grad():
        gsde.update(features)
        draws = [gsde.sample() for _ in range(4)]
    assert torch.equal(draws[0], draws[1]) and torch.equal(draws[1], draws[2])
    assert not torch.equal(draws[2], draws[3])
    noise = draws[0] - gsde.mean
    assert not torch.allclose(noise[0] / noise[0, 0], noise[1] / noise[1, 0])  # a matrix per environment


def test_the_draws_have_the_marginal_variance():
    gsde = make(latent=3, actions=1, log_std_init=-1.0)
    with torch.no_grad():
        gsde.update(torch.tensor([[0.5, 1.0, 2.0]]).repeat(20000, 1))
        noise = gsde.sample() - gsde.mean
    assert noise.std().item() == pytest.approx(gsde.std[0].item(), rel=0.02)


def test_resampling_on_request_and_not_by_gradient_steps():
    gsde = make(latent=4, actions=2, sde_sample_freq=-1)
    features = torch.randn(5, 4)
    with torch.no_grad():
        gsde.update(features)
        before = gsde.sample()
    gsde.update(torch.randn(7, 4))
    gsde.sample()  # what rsl_rl does in its update
    with torch.no_grad():
        gsde.update(features)
        assert torch.equal(gsde.sample(), before)
        gsde.resample()
        assert not torch.equal(gsde.sample(), before)


def test_features_are_not_shaped_by_the_noise():
    gsde, features = make(), torch.ones(3, 2, requires_grad=True)
    gsde.update(features)
    gsde.entropy.sum().backward()
    assert features.grad is None or not features.grad.any()
    assert gsde.log_std.grad.abs().sum() > 0


def test_expln_is_continuous_and_grows_slowly():
    gsde = make(use_expln=True)
    with torch.no_grad():
        gsde.log_std.copy_(torch.tensor([[0.0], [math.e - 1]]))
    assert gsde.sigma().flatten().tolist() == pytest.approx([1.0, 2.0])


def test_the_exported_mean_is_the_mean():
    gsde, features = make(latent=4, actions=2), torch.randn(5, 4)
    gsde.update(features)
    assert torch.equal(gsde.as_deterministic_output_module()(features), gsde.mean)
    assert torch.equal(gsde.deterministic_output(features), gsde.mean)


@pytest.mark.parametrize("parallel", [True, False])
def test_ppo_trains_it_by_name(parallel):
    name = "agents.on_policy.gsde:GsdeDistribution"
    assert resolve_callable(name) is GsdeDistribution
    alg = make_alg(
        4, distribution={"class_name": name, "latent_dim": 6}, parallel_update=parallel, num_mini_batches=1
    )
    before = alg.actor.distribution.log_std.clone()
    with torch.inference_mode():
        for _ in range(3):
            obs = make_obs(4)
            alg.act(obs)
            alg.process_env_step(obs, torch.rand(4), torch.zeros(4), {})
        alg.compute_returns(obs)
    alg.update()
    assert not torch.equal(alg.actor.distribution.log_std, before)
    assert alg.actor.distribution._matrices is None
