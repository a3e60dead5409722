"""Exploration with a Beta distribution: actions within their bounds, without clipping.

Source: Chou, Maturana and Scherer, "Improving Stochastic Policy Gradients in Continuous Control with Deep
Reinforcement Learning using the Beta Distribution", ICML 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from rsl_rl.modules.distribution import BetaDistribution
from torch import nn

INITIAL_GAIN = 0.01
"""Of the network's last layer: the first policy hardly depends on the state."""


class BetaPolicy(BetaDistribution):
    """rsl_rl's Beta with bounds for every action by itself, and with the entropy of the scaled action.

    With the network's outputs (a, b), x ~ Beta(alpha, beta) in (0, 1) and the raw action y in (low, high):

        alpha = softplus(a) + 1,   beta = softplus(b) + 1,   y = low + (high - low) x
        log p(y) = log p(x) - log(high - low),   H(y) = H(x) + log(high - low)

    Both parameters are above 1, so the density has one mode and is 0 at the bounds. The deterministic action
    is the mean, low + (high - low) alpha / (alpha + beta). KL divergence is that of x.
    """

    def __init__(
        self, output_dim: int, low: Sequence[float], high: Sequence[float], init_concentration: float = 2.0
    ) -> None:
        """Keep the bounds.

        Args:
            output_dim: number of actions A.
            low: (A,) lower bounds of the raw actions.
            high: (A,) upper bounds.
            init_concentration: alpha and beta of the first policy, above 1.
        """
        super().__init__(output_dim)
        self.init_concentration = init_concentration
        lows, highs = (torch.tensor(bound, dtype=torch.float32) for bound in (low, high))
        rows = {
            "_range_offset": lows,
            "_range_scale": highs - lows,
            "_log_range_scale": (highs - lows).log(),
        }
        for name, row in rows.items():  # rsl_rl keeps one number for all actions under these names
            delattr(self, name)
            self.register_buffer(name, row, persistent=False)

    @property
    def entropy(self) -> torch.Tensor:
        """Entropy of the raw actions (B,) [nat]."""
        return super().entropy + self.get_buffer("_log_range_scale").sum()

    def as_deterministic_output_module(self) -> nn.Module:
        """The mean as a module for export."""
        return BetaMean(self.get_buffer("_range_offset"), self.get_buffer("_range_scale"))

    def init_mlp_weights(self, mlp: nn.Module) -> None:
        """Start from nearly the same symmetric distribution in every state."""
        last: nn.Linear = mlp[-2]  # type: ignore[index]
        with torch.no_grad():
            last.weight.mul_(INITIAL_GAIN)
            last.bias.fill_(math.log(math.expm1(self.init_concentration - 1.0)))


class BetaMean(nn.Module):
    """Outputs (B, 2, A) of a network -> the mean of the raw actions (B, A)."""

    def __init__(self, offset: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("offset", offset.clone())
        self.register_buffer("scale", scale.clone())

    def forward(self, outputs: torch.Tensor) -> torch.Tensor:
        """See the class."""
        alpha, beta = (nn.functional.softplus(part) + 1.0 for part in torch.unbind(outputs, dim=-2))
        return alpha / (alpha + beta) * self.get_buffer("scale") + self.get_buffer("offset")
