"""How mjlab's tasks are trained: as their own rsl_rl configuration says."""

from __future__ import annotations

from importlib.metadata import version

from agents.on_policy.config import TrainConfig
from agents.rsl_rl_config import from_rsl_rl
from landward.errors import LandwardError

OLDEST = (5, 5)
"""rsl_rl before this normalises observations while it collects them; our PPO is built on what came after."""


def train_config(name: str) -> TrainConfig:
    """A fresh training configuration of one of mjlab's tasks.

    Args:
        name: mjlab:Mjlab-Velocity-Flat-Unitree-Go1.

    Raises:
        LandwardError: mjlab is not here, rsl_rl is too old, or it trains what `landward train` does not.
        RegistryError: no such task.
    """
    from sims.mjlab.tasks import registered

    cfg = registered(name).rl_cfg
    check_rsl_rl(version("rsl-rl-lib"), name)
    return from_rsl_rl(cfg, name)


def check_rsl_rl(found: str, name: str) -> None:
    """Raise LandwardError where the installed rsl_rl is older than our PPO needs."""
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST:
        raise LandwardError(
            f"{name} cannot be trained here: Landward's PPO needs rsl-rl-lib 5.5.1, mjlab pins {found}. "
            f"Train it with mjlab's own command (train {name.partition(':')[2]}), or train one of Landward's "
            "velocity tasks on the same physics: landward train go1-flat --engine warp"
        )
