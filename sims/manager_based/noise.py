"""The noise configurations of Isaac Lab and mjlab as the spec's `Noise`, by the fields that they have."""

from __future__ import annotations

from typing import Any

from landward.spec import Noise
from sims.manager_based.numbers import number_or_row


def noise_of(cfg: Any) -> tuple[Noise | None, dict[str, Any]]:
    """The noise of an observation term.

    The spec knows additive, unbiased noise of one width. Whatever else a task uses still acts in training; it
    is written into the term's details.

    Args:
        cfg: a NoiseCfg or NoiseModelCfg, or None.

    Returns:
        The noise, None where the spec has no word for it; and details of the term.
    """
    if cfg is None:
        return None, {}
    details: dict[str, Any] = {}
    inner = getattr(cfg, "noise_cfg", None)
    if inner is not None:
        bias = getattr(cfg, "bias_noise_cfg", None)
        if bias is not None:
            details["noise_bias"] = describe(bias)
        cfg = inner
    noise = _plain(cfg)
    if noise is None:
        details["noise"] = describe(cfg)
    elif noise.scale == 0.0:
        noise = None
    return noise, details


def describe(cfg: Any) -> str:
    """A noise configuration in one line, as in "UniformNoiseCfg(n_max=0.2, n_min=0.0, operation=add)"."""
    shown = {name: value for name, value in sorted(vars(cfg).items()) if name not in ("func", "class_type")}
    return f"{type(cfg).__name__}({', '.join(f'{name}={_text(value)}' for name, value in shown.items())})"


def _plain(cfg: Any) -> Noise | None:
    """Additive noise without bias and with one width; None for any other."""
    if getattr(cfg, "operation", "add") != "add":
        return None
    if hasattr(cfg, "n_min"):
        low, high = number_or_row(cfg.n_min), number_or_row(cfg.n_max)
        same = isinstance(low, float) and isinstance(high, float) and low == -high
        return Noise("uniform", high) if same and isinstance(high, float) else None
    if hasattr(cfg, "std"):
        mean, std = number_or_row(cfg.mean), number_or_row(cfg.std)
        return Noise("gaussian", std) if mean == 0.0 and isinstance(std, float) else None
    if hasattr(cfg, "bias") and number_or_row(cfg.bias) == 0.0:
        return Noise("uniform", 0.0)
    return None


def _text(value: Any) -> str:
    return str(value.tolist()) if hasattr(value, "tolist") else str(value)
