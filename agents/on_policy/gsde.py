"""Generalised state-dependent exploration (gSDE) as a distribution of rsl_rl.

Source: Raffin, Kober and Stulp, "Smooth Exploration for Robotic Reinforcement Learning", CoRL 2021.
"""

from __future__ import annotations

import copy

import torch
from rsl_rl.modules.distribution import Distribution
from rsl_rl.utils import resolve_nn_activation
from torch import nn
from torch.distributions import Normal, kl_divergence

VARIANCE_FLOOR = 1e-6
"""Added to the marginal variance, so that a policy whose features are all zero keeps a density."""


class GsdeDistribution(Distribution):
    """Gaussian whose noise is a linear function of the policy's features.

    With features z (B, L), W one (L, A) matrix per environment drawn from N(0, sigma_ij^2):

        a = mu(z) + z W,   marginal  a ~ N(mu(z), (z * z) sigma^2 + 1e-6)

    W stays the same for `sde_sample_freq` control steps, which makes exploration smooth, and is drawn anew
    after every update. Log-probability, entropy and KL divergence are those of the marginal; z is detached
    there, so that the features are not shaped by the noise (the choice of the authors for PPO).
    """

    def __init__(
        self,
        output_dim: int,
        latent_dim: int,
        sde_sample_freq: int = 16,
        log_std_init: float = -2.0,
        activation: str = "elu",
        use_expln: bool = False,
    ) -> None:
        """Make the last linear layer of the policy and the noise scales.

        Args:
            output_dim: number of actions A.
            latent_dim: number of features L; the network before this module ends with L linear outputs.
            sde_sample_freq: control steps between two draws of W; -1 draws after updates only.
            log_std_init: initial logarithm of every sigma_ij.
            activation: applied to the network's last outputs to make the features.
            use_expln: sigma = log1p(x) + 1 instead of exp(x) for x > 0, which keeps it from exploding.
        """
        super().__init__(output_dim)
        self.latent_dim, self.sde_sample_freq, self.use_expln = latent_dim, sde_sample_freq, use_expln
        self.activation = resolve_nn_activation(activation)
        self.head = nn.Linear(latent_dim, output_dim)
        self.log_std = nn.Parameter(torch.full((latent_dim, output_dim), float(log_std_init)))
        self._distribution: Normal | None = None
        self._features = torch.zeros(0)
        self._matrices: torch.Tensor | None = None
        self._age = 0
        Normal.set_default_validate_args(False)

    @property
    def input_dim(self) -> int:
        """Number of features the network has to deliver."""
        return self.latent_dim

    def sigma(self) -> torch.Tensor:
        """Standard deviations (L, A) of the elements of W."""
        if not self.use_expln:
            return self.log_std.exp()
        positive = self.log_std.clamp_min(0.0)
        return torch.where(self.log_std > 0, torch.log1p(positive) + 1.0, self.log_std.clamp_max(0.0).exp())

    def resample(self) -> None:
        """Draw new matrices at the next control step. To be called after every change of the parameters."""
        self._matrices = None

    def update(self, mlp_output: torch.Tensor) -> None:
        """Set the marginal Gaussian from the network's output (B, L)."""
        features = self.activation(mlp_output)
        self._features = features.detach()
        variance = self._features.square() @ self.sigma().square()
        self._distribution = Normal(self.head(features), (variance + VARIANCE_FLOOR).sqrt())

    def sample(self) -> torch.Tensor:
        """Draw actions (B, A): with W during a rollout, from the marginal while gradients are recorded.

        rsl_rl also samples inside its update and throws the result away; that must neither use nor age W.
        """
        if torch.is_grad_enabled():
            return self._distribution.sample()
        batch = self._features.shape[0]
        matrices = self._matrices
        aged = self.sde_sample_freq > 0 and self._age >= self.sde_sample_freq
        if matrices is None or matrices.shape[0] != batch or aged:
            noise = torch.randn(batch, self.latent_dim, self.output_dim, device=self._features.device)
            matrices = self._matrices = noise * self.sigma()
            self._age = 0
        self._age += 1
        return self.mean + torch.bmm(self._features.unsqueeze(1), matrices).squeeze(1)

    def deterministic_output(self, mlp_output: torch.Tensor) -> torch.Tensor:
        """The mean action (B, A)."""
        return self.head(self.activation(mlp_output))

    def as_deterministic_output_module(self) -> nn.Module:
        """The mean as a module for export."""
        return nn.Sequential(copy.deepcopy(self.activation), copy.deepcopy(self.head))

    @property
    def mean(self) -> torch.Tensor:
        """Mean of the marginal (B, A)."""
        return self._distribution.mean

    @property
    def std(self) -> torch.Tensor:
        """Standard deviation of the marginal (B, A)."""
        return self._distribution.stddev

    @property
    def entropy(self) -> torch.Tensor:
        """Entropy of the marginal (B,)."""
        return self._distribution.entropy().sum(-1)

    @property
    def params(self) -> tuple[torch.Tensor, ...]:
        """Mean and standard deviation of the marginal, (B, A) each."""
        return self.mean, self.std

    def log_prob(self, outputs: torch.Tensor) -> torch.Tensor:
        """Log-density (B,) of actions (B, A) under the marginal."""
        return self._distribution.log_prob(outputs).sum(-1)

    def kl_divergence(
        self, old_params: tuple[torch.Tensor, ...], new_params: tuple[torch.Tensor, ...]
    ) -> torch.Tensor:
        """KL(old || new) of the marginals, (B,)."""
        return kl_divergence(Normal(old_params[0], old_params[1]), Normal(new_params[0], new_params[1])).sum(
            -1
        )
