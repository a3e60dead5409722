"""A velocity environment from its configuration."""

from __future__ import annotations

from pathlib import Path

from landward.array import NumpyRandom
from landward.errors import RegistryError
from robots import get_robot
from sims.terrain import FLAT
from sims.terrain_grid import make_terrain
from sims.velocity.cfg import VelocityCfg
from sims.velocity.env import VelocityEnv


def make_velocity_env(
    name: str, cfg: VelocityCfg, num_envs: int, seed: int, dump_dir: Path | None = None
) -> VelocityEnv:
    """Build ground, engine and task.

    Raises:
        RegistryError: unknown robot or engine.
        SpecError: a configuration that makes no sense.
    """
    if cfg.engine != "mujoco":
        raise RegistryError(f"unknown engine {cfg.engine!r}: choose one of mujoco")
    from sims.mujoco.engine import MujocoEngine

    terrain = FLAT if cfg.terrain is None else make_terrain(cfg.terrain)
    robot = get_robot(cfg.robot)
    engine = MujocoEngine(robot, cfg.physics, num_envs, terrain, cfg.threads, dump_dir)
    return VelocityEnv(name, cfg, engine, NumpyRandom(seed))
