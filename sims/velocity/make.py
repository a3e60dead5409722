"""A velocity environment from its configuration."""

from __future__ import annotations

from pathlib import Path

from landward.array import NumpyRandom, TorchRandom
from robots import get_robot
from sims.engines import make_engine
from sims.terrain import FLAT
from sims.terrain_grid import make_terrain
from sims.velocity.cfg import VelocityCfg
from sims.velocity.env import VelocityEnv


def make_velocity_env(
    name: str, cfg: VelocityCfg, num_envs: int, seed: int, dump_dir: Path | None = None
) -> VelocityEnv:
    """Build ground, engine and task.

    Raises:
        RegistryError: unknown robot or engine, or a device that the engine does not run on.
        LandwardError: the engine is not installed here.
        SpecError: a configuration that makes no sense.
    """
    terrain = FLAT if cfg.terrain is None else make_terrain(cfg.terrain)
    engine = make_engine(
        cfg.engine,
        get_robot(cfg.robot),
        cfg.physics,
        num_envs,
        terrain,
        device=cfg.device,
        threads=cfg.threads,
        dump_dir=dump_dir,
    )
    random = TorchRandom(seed, engine.device) if engine.arrays == "torch" else NumpyRandom(seed)
    return VelocityEnv(name, cfg, engine, random)
