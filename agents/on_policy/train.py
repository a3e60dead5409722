"""Start, resume and export training runs of registered tasks."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

from agents.export import ExportReport, export_policy
from agents.on_policy import settings
from agents.on_policy.config import TrainConfig, config_from_dict
from agents.on_policy.runner import Runner, config_document
from agents.on_policy.world import ALONE, World
from landward.errors import CheckpointError, LandwardError
from landward.runs import RunFolder
from sims.env import Env
from sims.registry import get_task, make_env

EXPORT_ENVS = 32
"""Environments of the comparison at the end of an export, at most; no more than the run has."""


def start(
    task: str,
    config: TrainConfig,
    num_envs: int,
    root: Path | str = "runs",
    env_cfg: Any = None,
    world: World = ALONE,
) -> Runner:
    """Make the environment, the run folder and the runner of a new run.

    Args:
        task: a registered task.
        config: settings of the agent.
        num_envs: number of environments, of each rank.
        root: folder of all runs.
        env_cfg: configuration of the task; the registered one when None.
        world: the ranks that train together, see `world.join`; all of them call this.

    Raises:
        LandwardError: settings that do not fit each other or the task; no folder is left.
    """
    config.validate()
    if num_envs < 1:
        raise LandwardError(f"num_envs must be at least 1, got {num_envs}")
    default = get_task(task).make_cfg(False)
    env_cfg = default if env_cfg is None else env_cfg
    document = config_document(
        config, num_envs, settings.document(env_cfg), settings.differences(default, env_cfg), world.size
    )
    env = _make_env(task, copy.deepcopy(env_cfg), num_envs, config.seed, world)
    try:
        made = RunFolder.create(root, task, config.seed, document, env.spec) if world.main else None
        folder = RunFolder(world.share(made.path if made else Path()))
        try:
            runner = Runner(env, config, folder, world)
        except BaseException:
            if world.main:
                shutil.rmtree(folder.path, ignore_errors=True)
            raise
    except BaseException:
        env.close()
        raise
    _keep_diverged(env, folder, world)
    return runner


def resume(path: Path | str, world: World = ALONE) -> Runner:
    """Make the runner of an existing run and load its newest whole checkpoint.

    Args:
        path: the run.
        world: the ranks that go on together, as many as before or not; all of them call this.

    Raises:
        RunError: no such run.
        CheckpointError: it has no checkpoint that can be read.
    """
    folder = RunFolder.open(path)
    newest = world.share(_newest(folder) if world.main else Path())
    env = _environment(folder, world=world)
    runner = Runner(env, _agent(folder), folder, world)
    runner.load(str(newest))
    _keep_diverged(env, folder, world)
    return runner


def device_of(path: Path | str) -> str:
    """Where a run trains its networks.

    Raises:
        RunError: no such run.
    """
    return _agent(RunFolder.open(path)).device


def export(path: Path | str, checkpoint: Path | str | None = None) -> ExportReport:
    """Export a checkpoint of a run into its folder.

    Args:
        path: the run.
        checkpoint: file of a checkpoint; the newest whole one when None.

    Raises:
        PolicyFileError: the policy cannot be exported, or the export acts differently.
    """
    folder = RunFolder.open(path)
    file = Path(checkpoint) if checkpoint is not None else _newest(folder)
    with _environment(folder, min(EXPORT_ENVS, folder.config["num_envs"])) as env:
        runner = Runner(env, _agent(folder), folder)
        runner.load(str(file), load_cfg={"actor": True})
        provenance = {**folder.provenance, "run": folder.path.name, "checkpoint": file.name}
        return export_policy(runner.alg.get_policy(), env, folder.path, provenance)


def describe(report: ExportReport) -> str:
    """One line about an export."""
    return (
        f"{report.path}  opset {report.opset}, {report.size / 1024:.0f} KiB "
        f"(policy.pt {report.torchscript_size / 1024:.0f} KiB), largest difference to training "
        f"{report.error:.1e} over {report.steps} steps with {report.resets} resets"
    )


def _environment(folder: RunFolder, num_envs: int | None = None, world: World = ALONE) -> Env:
    document = folder.config
    cfg = settings.rebuild(get_task(document["task"]).make_cfg(False), document["env"])
    return _make_env(document["task"], cfg, num_envs or document["num_envs"], document["seed"], world)


def _make_env(task: str, cfg: Any, num_envs: int, seed: int, world: World) -> Env:
    """A rank's environment, on its own GPU where the task's simulator runs on one."""
    if hasattr(cfg, "device"):
        cfg.device = world.device(cfg.device)
    return make_env(task, num_envs, world.seed(seed), cfg=cfg)


def _keep_diverged(env: Env, folder: RunFolder, world: World) -> None:
    """Save states that diverge in the run, where the simulator can."""
    keep = getattr(env, "keep_diverged", None)
    if keep is not None:
        path = folder.path / "diverged"
        keep(path if world.main else path / f"rank_{world.rank}")


def _agent(folder: RunFolder) -> TrainConfig:
    return config_from_dict(folder.config["agent"])


def _newest(folder: RunFolder) -> Path:
    newest = folder.latest_checkpoint()
    if newest is None:
        raise CheckpointError(f"{folder.path} has no checkpoint that can be read: start the run again")
    return newest
