import math

import pytest
import torch
from rsl_rl.modules.mlp import MLP

from agents.on_policy.beta import BetaPolicy

A, B = math.log(math.e - 1.0), math.log(math.e**2 - 1.0)
"""Network outputs whose softplus is 1 and 2: Beta(2, 3), whose density is 12 x (1 - x)^2."""
EULER = 0.5772156649015329


def made(low=(-1.0, -2.0), high=(1.0, 4.0), outputs=((A, A), (B, B))):
    policy = BetaPolicy(len(low), low, high)
    policy.update(torch.tensor([outputs]))
    return policy


def test_density_by_hand():
    policy = made()
    # x = 1/2 and x = 1/3; the densities of the scaled actions are divided by the widths 2 and 6
    expected = math.log(12 * 0.5 * 0.25 / 2) + math.log(12 / 3 * (2 / 3) ** 2 / 6)
    assert policy.log_prob(torch.tensor([[0.0, 0.0]])).item() == pytest.approx(expected, rel=1e-5)


def test_mean_and_spread_by_hand():
    policy = made()
    # of Beta(2, 3): mean 0.4, variance 6 / (25 * 6) = 0.04
    assert policy.mean[0].tolist() == pytest.approx([-0.2, 0.4])
    assert policy.std[0].tolist() == pytest.approx([0.4, 1.2])
    outputs = torch.tensor([[[A, A], [B, B]]])
    for answer in (policy.deterministic_output(outputs), policy.as_deterministic_output_module()(outputs)):
        assert answer[0].tolist() == pytest.approx([-0.2, 0.4])


def test_entropy_by_hand():
    # digamma(n) = H(n-1) - euler: -ln 12 - psi(2) - 2 psi(3) + 3 psi(5) = -ln 12 - 1 - 3 + 6.25
    of_beta = -math.log(12) - (1 - EULER) - 2 * (1.5 - EULER) + 3 * (25 / 12 - EULER)
    assert of_beta == pytest.approx(2.25 - math.log(12))
    assert made().entropy.item() == pytest.approx(2 * of_beta + math.log(2) + math.log(6), rel=1e-5)


def test_the_entropy_is_the_mean_of_the_negative_log_density():
    policy = made(outputs=((0.3, 2.0), (1.5, -1.0)))
    centres = (torch.arange(4000) + 0.5) / 4000
    low, width = torch.tensor([-1.0, -2.0]), torch.tensor([2.0, 6.0])
    total = 0.0
    for i in range(2):  # one action at a time: the joint density is a product
        one = made((low[i].item(),), ((low + width)[i].item(),), (((0.3, 2.0)[i],), ((1.5, -1.0)[i],)))
        log = one.log_prob(low[i] + width[i] * centres[:, None])
        total -= float((log.exp() * log).sum() * width[i] / 4000)
    assert policy.entropy.item() == pytest.approx(total, rel=1e-3)


def test_kl_by_hand():
    two, three = torch.tensor([[2.0]]), torch.tensor([[3.0]])
    policy = made((-1.0,), (1.0,), ((A,), (B,)))
    # KL(Beta(2,3) || Beta(3,2)) = -psi(2) + psi(3) = 1/2
    assert policy.kl_divergence((two, three), (three, two)).item() == pytest.approx(0.5, rel=1e-5)
    # KL(Beta(2,3) || Beta(2,2)) = ln 2 + psi(3) - psi(5) = ln 2 + 3/2 - 25/12
    expected = math.log(2) + 1.5 - 25 / 12
    assert policy.kl_divergence((two, three), (two, two)).item() == pytest.approx(expected, rel=1e-4)


def test_samples_fill_the_bounds_and_stay_within():
    torch.manual_seed(0)
    policy = BetaPolicy(2, (-1.0, -2.0), (1.0, 4.0))
    policy.update(torch.tensor([[[A, A], [B, B]]]).expand(20000, 2, 2))
    samples = policy.sample()
    assert (samples > torch.tensor([-1.0, -2.0])).all() and (samples < torch.tensor([1.0, 4.0])).all()
    assert samples.mean(0).tolist() == pytest.approx([-0.2, 0.4], abs=0.03)
    assert samples.std(0).tolist() == pytest.approx([0.4, 1.2], rel=0.03)


def test_the_first_policy_is_symmetric_in_every_state():
    torch.manual_seed(0)
    policy = BetaPolicy(2, (-1.0, -1.0), (1.0, 1.0), init_concentration=4.0)
    mlp = MLP(5, policy.input_dim, [16], "elu")
    policy.init_mlp_weights(mlp)
    policy.update(mlp(3.0 * torch.randn(100, 5)))
    assert policy.params[0].mean().item() == pytest.approx(4.0, abs=0.02)
    assert policy.mean.abs().max().item() < 0.05
    # the variance of Beta(a, a) is 1 / (4 (2 a + 1)), here of a width of 2
    assert policy.std.mean().item() == pytest.approx(1.0 / 3.0, abs=0.005)
