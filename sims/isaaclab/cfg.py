"""Settings of an Isaac Lab task run through Landward; Isaac Lab's own configuration is behind `overrides`."""

from __future__ import annotations

from dataclasses import dataclass

from landward.constraint import Constraint


@dataclass
class IsaacLabCfg:
    """Which backend runs the task, and what is changed in its own configuration."""

    engine: str = "isaaclab-newton"
    """Physics: isaaclab-newton (MuJoCo-Warp on Newton), isaaclab-physx (ovphysx, or Isaac Sim's PhysX where
    the task needs Kit), or "task": the task's own default."""
    device: str = "cpu"
    """Where it simulates, and where its tensors live: cpu, cuda or cuda:N."""
    overrides: tuple[str, ...] = ()
    """Isaac Lab's own configuration overrides: env.episode_length_s=10, env.scene.sky_light=null, ..."""
    app: tuple[str, ...] = ()
    """Isaac Lab's own launcher arguments, such as --viz newton_gl (give them with =: --viz=newton_gl)."""
    play: bool = False
    """The task's play mode: fewer disturbances, as Isaac Lab's own play script has it."""
    constraints: tuple[Constraint, ...] = ()
    """Bounds on the state of the robot that join the task as terms; see `sims.isaaclab.state`."""
