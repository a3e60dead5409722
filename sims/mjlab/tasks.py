"""mjlab's tasks on Landward's command line: mjlab:NAME, resolved when it is asked for."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landward.errors import LandwardError, RegistryError
from sims.mjlab.cfg import MjlabCfg, override
from sims.registry import TaskEntry, TaskFamily, register_family


def task_entry(name: str) -> TaskEntry:
    """The entry of one of mjlab's tasks; that there is such a task is checked when it is made.

    Args:
        name: with its prefix, mjlab:Mjlab-Velocity-Flat-Unitree-Go1.
    """
    return TaskEntry(
        name=name,
        summary=f"mjlab's task {name.partition(':')[2]}",
        make_cfg=_default_cfg,
        make_env=make_env,
        agent="agents.mjlab:train_config",
    )


def _default_cfg(play: bool) -> MjlabCfg:
    return MjlabCfg(play=play)


def make_env(name: str, cfg: MjlabCfg, num_envs: int, seed: int, dump_dir: Path | None = None) -> Any:
    """Make one of mjlab's tasks and wrap it.

    Args:
        name: mjlab:NAME.
        cfg: settings.
        num_envs: batch size.
        seed: of every random stream.
        dump_dir: unused: mjlab saves states that diverge by its own `sim.nan_guard`.

    Raises:
        LandwardError: mjlab is not here, has no such task, or an override does not fit.
        SpecError: the task has something that a spec cannot express.
    """
    from sims.manager_based.spec import manager_based_spec
    from sims.mjlab.env import MjlabEnv
    from sims.mjlab.scene import MjlabScene, embodiment

    task = registered(name)
    import warp

    # It tells stdout, which is the command's, of every kernel that it loads.
    warp.config.log_level = max(warp.config.log_level, warp.LOG_WARNING)
    lab_cfg = task.play_cfg if cfg.play else task.train_cfg
    for text in cfg.overrides:
        override(lab_cfg, text)
    lab_cfg.scene.num_envs, lab_cfg.seed, lab_cfg.auto_reset = num_envs, seed, False
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # its tables
            lab = task.make(lab_cfg, cfg.device)
    except FileNotFoundError as error:
        raise LandwardError(
            f"{name} asks for the file {error.filename!r}, which is not there: name one by an override, "
            "such as commands.motion.motion_file=PATH for motion tracking"
        ) from error
    try:
        scene, bound = MjlabScene(lab), task.rl_cfg.clip_actions
        spec, groups = manager_based_spec(
            name,
            embodiment(lab),
            float(lab.step_dt),
            lab.observation_manager,
            lab.action_manager,
            scene,
            cfg.constraints,
            tuple(task.rl_cfg.obs_groups["actor"]),
            None if bound is None else (-float(bound), float(bound)),
            scene.meaning,
        )
        env = MjlabEnv(lab, spec, groups, bound)
        env.reset(seed=seed)
    except BaseException:
        lab.close()
        raise
    return env


@dataclass(frozen=True)
class Registered:
    """Fresh copies of what mjlab registered under a name."""

    train_cfg: Any
    """ManagerBasedRlEnvCfg."""
    play_cfg: Any
    """The same for its play mode."""
    rl_cfg: Any
    """RslRlOnPolicyRunnerCfg."""
    make: Any
    """(configuration, device) -> environment."""


def registered(name: str) -> Registered:
    """What mjlab knows of a task.

    Args:
        name: mjlab:NAME.

    Raises:
        LandwardError: mjlab is not here.
        RegistryError: it has no such task; the message lists the closest names.
    """
    try:
        importlib.import_module("mjlab.tasks")  # registers them
        registry = importlib.import_module("mjlab.tasks.registry")
        make = importlib.import_module("mjlab.envs").ManagerBasedRlEnv
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mjlab":
            raise
        raise LandwardError(
            "mjlab is not installed here; it has an environment of its own, because pins collide: run "
            "make setup-mjlab in a checkout, then use .venv-mjlab/bin/landward"
        ) from None
    task, known = name.partition(":")[2], registry.list_tasks()
    if task not in known:
        close = difflib.get_close_matches(task, known, n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(close)}? " if close else ""
        raise RegistryError(f"mjlab has no task {task!r}: {hint}(all: {', '.join(known)})")
    train_cfg, play_cfg = (registry.load_env_cfg(task, play) for play in (False, True))
    return Registered(train_cfg, play_cfg, registry.load_rl_cfg(task), make)


FAMILY = register_family(
    TaskFamily("mjlab", "any task of mjlab, such as mjlab:Mjlab-Velocity-Flat-Unitree-Go1", task_entry)
)
