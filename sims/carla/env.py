"""Driving tasks as a batched environment: one CARLA server and one worker process for each."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from landward.errors import LandwardError
from sims.carla.cfg import DrivingCfg
from sims.carla.client import client_module
from sims.carla.handshake import parse_address
from sims.carla.spec import driving_spec
from sims.remote.env import RemoteEnv
from sims.remote.pool import Patience
from sims.remote.world import World


class CarlaEnv(RemoteEnv):
    """N drivers, each alone with the traffic of a server of its own; all arrays are NumPy."""

    def __init__(self, task: str, cfg: DrivingCfg, num_envs: int, seed: int = 0) -> None:
        """Start or reach the servers, load the town, begin the first episodes.

        Args:
            task: name for the spec.
            cfg: settings.
            num_envs: servers side by side.
            seed: of all episodes.

        Raises:
            LandwardError: a setting that makes no sense, or a server that could not be started or reached.
        """
        addresses = server_addresses(cfg.server, num_envs)
        _check(cfg)
        client_module()  # its absence is said here, not by a worker
        times = cfg.timeouts
        super().__init__(
            driving_spec(task, cfg),
            [functools.partial(_maker, cfg, address, row) for row, address in enumerate(addresses)],
            max_episode_steps=round(cfg.episode_s / cfg.delta),
            seed=seed,
            restart_every=cfg.restart_every,
            patience=Patience(times.start + times.reconnect, times.reset, times.step, times.step),
        )
        self.cfg = cfg


def make_driving_env(
    name: str, cfg: DrivingCfg, num_envs: int, seed: int, dump_dir: Path | None = None
) -> CarlaEnv:
    """Make a registered task.

    Args:
        name: of the task.
        cfg: settings.
        num_envs: servers side by side.
        seed: of all episodes.
        dump_dir: unused: a world that is lost is begun again from its seed.

    Raises:
        LandwardError: see CarlaEnv.
    """
    return CarlaEnv(name, cfg, num_envs, seed)


def server_addresses(servers: str, num_envs: int) -> list[str]:
    """HOST:PORT for each environment; "" where an embedded server is to be started.

    Raises:
        LandwardError: a malformed address, one given twice, or fewer than environments.
    """
    if not servers.strip():
        return [""] * num_envs
    found = ["{}:{}".format(*parse_address(text)) for text in servers.split(",")]
    if len(set(found)) < len(found):
        raise LandwardError(f"--env.server names a server twice: {servers}; a server carries one environment")
    if len(found) < num_envs:
        raise LandwardError(
            f"{num_envs} environments need as many CARLA servers, but --env.server names {len(found)}: name "
            f"more, or use --num-envs {len(found)}"
        )
    return found[:num_envs]


def _check(cfg: DrivingCfg) -> None:
    if not 0.0 < cfg.delta <= 0.5:
        raise LandwardError(f"--env.delta must be in (0, 0.5] s, got {cfg.delta:g}")
    if cfg.episode_s < cfg.delta:
        raise LandwardError(f"--env.episode-s must be at least one tick, {cfg.delta:g} s")
    if cfg.timeouts.step <= cfg.timeouts.answer:
        raise LandwardError(
            f"--env.timeouts.step ({cfg.timeouts.step:g} s) must be longer than --env.timeouts.answer "
            f"({cfg.timeouts.answer:g} s): the worker notices a server that hangs, the environment a worker"
        )


def _maker(cfg: DrivingCfg, address: str, row: int, again: bool) -> Callable[[], World]:
    return functools.partial(make_world, cfg, address, row, again)


def make_world(cfg: DrivingCfg, address: str, seed: int, again: bool) -> World:
    """What a worker process calls."""
    from sims.carla.world import CarlaWorld  # imports carla: not where the environment is

    return CarlaWorld(cfg, address, seed, again)
