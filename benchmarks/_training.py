"""Training runs of benchmarks: kept in benchmarks/results, resumed where cut off, reused where finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from landward.runs import RunFolder, list_runs
from sims.env import Env
from sims.registry import get_task, make_env

DECISIVE = ("num_envs", "agent", "task_configuration")
"""Entries of a run's config.json, besides task and seed, that must be the same for the run to be reused."""


def training_document(task: str, config: Any, num_envs: int) -> dict[str, Any]:
    """What the run's config.json holds; `DECISIVE` names what of it decides on reusing a run."""
    from agents.on_policy import settings
    from agents.on_policy.runner import config_document

    cfg = get_task(task).make_cfg(False)
    document = config_document(config, num_envs, settings.document(cfg), {})
    return {**document, "task_configuration": repr(cfg)}


def find_run(root: Path, task: str, seed: int, document: dict[str, Any], spec_hash: str) -> RunFolder | None:
    """The newest run under `root` with the same settings and spec, finished or not."""
    expected = {"task": task, "seed": seed, **{name: document[name] for name in DECISIVE}}
    for folder in reversed(list_runs(root)):
        config = folder.config
        same = all(config.get(name) == value for name, value in expected.items())
        if same and folder.spec.hash == spec_hash:
            return folder
    return None


def trained(root: Path, task: str, config: Any, num_envs: int) -> tuple[Any, RunFolder]:
    """A finished run: found, resumed or made.

    Args:
        root: folder of runs.
        task: name of the task.
        config: an agents.on_policy.config.TrainConfig; its seed is the environment's too.
        num_envs: number of environments.

    Returns:
        The runner, its last checkpoint loaded, and its folder.

    Raises:
        SystemExit: a signal ended the training; the same call goes on later.
    """
    from agents.on_policy.runner import Runner

    env: Env = make_env(task, num_envs, seed=config.seed)
    document = training_document(task, config, num_envs)
    folder = find_run(root, task, config.seed, document, env.spec.hash)
    if folder is None:
        folder = RunFolder.create(root, task, config.seed, document, env.spec)
    runner = Runner(env, config, folder)
    checkpoint = folder.latest_checkpoint()
    if checkpoint is not None:
        runner.load(str(checkpoint))
    if runner.env_steps < config.steps_of_run(num_envs):
        print(f"training {folder.path.name} of {task} from step {runner.env_steps:,}", flush=True)
        code = runner.train()
        if code != 0:
            raise SystemExit(code)
    return runner, folder


def exported(runner: Any, folder: RunFolder) -> Path:
    """The run's policy.onnx, written if it is older than the last checkpoint or missing."""
    from agents.export import export_policy

    path, checkpoint = folder.path / "policy.onnx", folder.latest_checkpoint()
    if checkpoint is None or not path.is_file() or path.stat().st_mtime < checkpoint.stat().st_mtime:
        export_policy(runner.alg.actor, runner.source, folder.path, folder.provenance)
    return path
