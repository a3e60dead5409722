"""`landward train`."""

from __future__ import annotations

import dataclasses
import functools
import logging
import operator
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from agents.on_policy.config import TrainConfig
from agents.recipes import agent_config
from landward.errors import LandwardError, RegistryError
from sims.engines import ENGINES, engine_overrides
from sims.registry import get_task, in_family, override, task_names

_LOG = logging.getLogger(__name__)


@dataclass
class TaskSettings:
    """Settings of a run, the same for all tasks. Every task adds its own configuration as --env."""

    num_envs: int = 1024
    """Environments simulated together; with several GPUs, on each of them."""
    gpus: int = 1
    """GPUs that train together, a process each; with `--device cpu`, processes on the CPU."""
    engine: str | None = None
    """Engine of the task's physics: mujoco, warp, isaaclab-newton or isaaclab-physx; default: its own."""
    device: str | None = None
    """Where the networks and, if it can, the engine compute: cpu, cuda or cuda:N; default: as in --agent and
    --env, or cuda for several GPUs."""
    root: Path = Path("runs")
    """Folder of all runs; the run goes to ROOT/TASK/TIME_seedN."""
    export: bool = True
    """Export the policy to policy.onnx at the end."""


def task_settings(name: str) -> type:
    """A dataclass of `TaskSettings` plus the task's environment (`env`) and agent (`agent`) configuration."""
    cfg, agent = get_task(name).make_cfg(False), agent_config(name)
    fields: list[Any] = [
        ("num_envs", int, get_task(name).num_envs),
        ("agent", TrainConfig, field(default_factory=lambda: agent)),
        ("env", type(cfg), field(default_factory=lambda: cfg)),
    ]
    made = dataclasses.make_dataclass(f"{type(cfg).__name__}Run", fields, bases=(TaskSettings,))
    made.__doc__ = get_task(name).summary
    made.task = name
    return made


@functools.cache
def task_choices() -> Any:
    """One subcommand a task, so that the flags of a task are exactly its settings.

    A task of a plugin that does not load is left out with a warning; it must not keep others from training.
    Tasks of other libraries, such as isaaclab:Isaac-Cartpole-Direct, are too many to be listed: one is a
    choice where the command line names it, and then it has to load.
    """
    choices = [_choice(name) for name in sys.argv[1:] if in_family(name)]
    for name in task_names():
        try:
            choices.append(_choice(name))
        except (LandwardError, ImportError) as error:
            _LOG.warning("task %s is left out: %s", name, error)
    if not choices:
        raise RegistryError(
            "no task is installed: install Landward with its simulators, pip install 'landward[sim]'"
        )
    if len(choices) == 1:
        choices.append(Annotated[_NoTask, tyro.conf.subcommand("none", prefix_name=False)])
    return Annotated[functools.reduce(operator.or_, choices), tyro.conf.arg(name="")]


def _choice(name: str) -> Any:
    made = task_settings(name)
    named = tyro.conf.subcommand(name, description=get_task(name).summary, prefix_name=False)
    return Annotated[tyro.conf.AvoidSubcommands[made], named]


@dataclass
class _NoTask:
    """A second choice where only one task is installed, because one alone would be no subcommand."""


@dataclass
class Train:
    """Train a policy for a task and export it.

    Writes a run folder with checkpoints, curves (TensorBoard and metrics.jsonl) and the exported policy.
    Ctrl-C ends the run after the iteration with a checkpoint; `landward resume` goes on from there, bit by
    bit the same.

    Examples:
        landward train go1-flat
        landward train go1-flat --num-envs 2048 --agent.seed 2 --agent.constraint.mode penalty
        landward train go1-flat --env.rewards.trot 2 --env.commands.vx -0.5 1.5
        landward train go1-flat --engine warp --gpus 4
        landward train isaaclab:Isaac-Cartpole-Direct --engine isaaclab-newton --num-envs 512
    """

    task: task_choices()  # type: ignore[valid-type]
    """What to learn."""

    def run(self) -> int:
        """Train, then export; 130 or 143 where a signal ended the run."""
        from agents.on_policy.train import start  # torch: not for --help

        chosen: Any = self.task
        if isinstance(chosen, _NoTask):
            raise LandwardError("name a task to train; `landward list` shows them")
        for path, value in engine_overrides(chosen.engine, None).items():
            override(chosen.env, path, value)
        device = chosen.device or ("cuda" if chosen.gpus > 1 else None)
        if device is not None:
            place(chosen.agent, chosen.env, device)
        if chosen.gpus != 1:
            return self._with_ranks(chosen)
        runner = start(chosen.task, chosen.agent, chosen.num_envs, chosen.root, chosen.env)
        print(f"run folder: {runner.folder.path}")
        return finish(runner, chosen.export)

    def _with_ranks(self, chosen: Any) -> int:
        from agents.cli.ranks import launch
        from agents.on_policy import settings

        chosen.agent.validate()
        job = {
            "task": chosen.task,
            "agent": dataclasses.asdict(chosen.agent),
            "num_envs": chosen.num_envs,
            "root": str(chosen.root),
            "env": settings.document(chosen.env),
            "export": chosen.export,
        }
        return launch(job, chosen.gpus, chosen.agent.device)


def place(agent: TrainConfig, env: Any, device: str) -> None:
    """Set the device of the networks and, where its engine runs there, of the simulator."""
    agent.device = device
    engine = ENGINES.get(getattr(env, "engine", ""))
    able = engine is None or device.partition(":")[0] in engine.devices
    if hasattr(env, "device") and able:
        env.device = device


def finish(runner: Any, with_export: bool) -> int:
    """Train to the end of the run and export its policy, by the first rank; returns the exit status."""
    from agents.on_policy.train import describe, export

    with runner.source:
        status = runner.train()
    runner.world.leave()
    if not runner.world.main:
        return status
    if status:
        print(f"stopped; go on with: landward resume {runner.folder.path}")
        return status
    if with_export:
        print(f"exported {describe(export(runner.folder.path))}")
    return 0
