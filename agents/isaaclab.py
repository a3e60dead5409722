"""How Isaac Lab's tasks are trained: as their own rsl_rl configuration says."""

from __future__ import annotations

from agents.on_policy.config import TrainConfig
from agents.rsl_rl_config import from_rsl_rl

ITERATIONS = 300
"""Of a task that has no rsl_rl configuration; every other setting is then ours."""


def train_config(name: str) -> TrainConfig:
    """A fresh training configuration of one of Isaac Lab's tasks.

    Args:
        name: isaaclab:Isaac-Cartpole-Direct.

    Raises:
        LandwardError: Isaac Lab is not here, or its configuration trains what `landward train` does not.
        RegistryError: no such task.
    """
    from sims.isaaclab.app import task_config

    _, agent_cfg = task_config(name.partition(":")[2])
    return TrainConfig(iterations=ITERATIONS) if agent_cfg is None else from_rsl_rl(agent_cfg, name)
