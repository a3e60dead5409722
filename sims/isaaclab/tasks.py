"""Isaac Lab's tasks on Landward's command line: isaaclab:NAME, resolved when it is asked for."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from landward.spec import PolicySpec
from sims.isaaclab.cfg import IsaacLabCfg
from sims.registry import TaskEntry, TaskFamily, register_family


def task_entry(name: str) -> TaskEntry:
    """The entry of one of Isaac Lab's tasks; that there is such a task is checked when it is made.

    Args:
        name: with its prefix, isaaclab:Isaac-Cartpole-Direct.
    """
    task = name.partition(":")[2]
    return TaskEntry(
        name=name,
        summary=f"Isaac Lab's task {task}",
        make_cfg=default_cfg,
        make_env=make_env,
        agent="agents.isaaclab:train_config",
    )


def default_cfg(play: bool) -> IsaacLabCfg:
    """Newton on the CPU, nothing overridden; `play` takes the task's play mode."""
    return IsaacLabCfg(play=play)


def make_env(name: str, cfg: IsaacLabCfg, num_envs: int, seed: int, dump_dir: Path | None = None) -> Any:
    """Launch Isaac Lab where it does not run yet, make the task and wrap it.

    Args:
        name: isaaclab:NAME.
        cfg: settings.
        num_envs: batch size.
        seed: of every random stream.
        dump_dir: unused: Isaac Lab does not save states that diverge.

    Raises:
        LandwardError: Isaac Lab or an asset is not here, or it refuses the configuration.
        SpecError: the task has something that a spec cannot express.
    """
    from sims.isaaclab.app import launch, quiet_stdout, task_config

    task = name.partition(":")[2]
    lab_cfg, agent_cfg = task_config(task, cfg.engine, cfg.overrides, cfg.play)
    lab_cfg.scene.num_envs, lab_cfg.sim.device, lab_cfg.seed = num_envs, cfg.device, seed
    # Final observations: those of a manager we compute ourselves, with their histories.
    lab_cfg.compute_final_obs = not hasattr(lab_cfg, "observations")
    launch(lab_cfg, name, cfg.device, cfg.app)
    import gymnasium

    with quiet_stdout():
        lab = gymnasium.make(task, cfg=lab_cfg).unwrapped
        try:
            return wrap(name, lab, agent_cfg, cfg, seed)
        except BaseException:
            with contextlib.suppress(Exception):
                lab.close()
            raise


def wrap(name: str, lab: Any, agent_cfg: Any, cfg: IsaacLabCfg, seed: int) -> Any:
    """Isaac Lab's environment as an `Env`.

    Args:
        name: for the spec.
        lab: its environment, unwrapped.
        agent_cfg: its configuration of rsl_rl, which says what the actor reads and how actions are clipped.
        cfg: our settings.
        seed: of every random stream.
    """
    from sims.isaaclab.direct import direct_terms, horizon
    from sims.isaaclab.env import IsaacLabEnv
    from sims.isaaclab.scene import LabScene, embodiment
    from sims.manager_based.spec import manager_based_spec

    bound = getattr(agent_cfg, "clip_actions", None)
    clip = None if bound is None else (-float(bound), float(bound))
    actor = actor_groups(agent_cfg)
    period, robot = float(lab.step_dt), embodiment(lab)
    if hasattr(lab, "observation_manager"):
        managers = lab.observation_manager, lab.action_manager
        spec, groups = manager_based_spec(
            name, robot, period, *managers, LabScene(lab), cfg.constraints, actor, clip
        )
        steps = int(lab.max_episode_length)
    else:
        steps = horizon(lab)
        obs, _ = lab.reset(seed=seed)
        groups, actions = direct_terms(lab, obs, actor, clip)
        observations = {group.name: group.terms for group in groups}
        read = tuple(group.name for group in groups if group.source in actor)
        spec = PolicySpec(name, robot, period, observations, actions, cfg.constraints, read)
    env = IsaacLabEnv(lab, spec, groups, steps, bound)
    env.reset(seed=seed)
    return env


def actor_groups(agent_cfg: Any) -> tuple[str, ...]:
    """The observation groups that a task's rsl_rl actor reads; "policy" where it does not say."""
    groups = getattr(agent_cfg, "obs_groups", None)
    chosen = groups.get("actor") or groups.get("policy") if isinstance(groups, dict) else None
    return tuple(chosen) if chosen else ("policy",)


FAMILY = register_family(
    TaskFamily("isaaclab", "any task of Isaac Lab, such as isaaclab:Isaac-Cartpole-Direct", task_entry)
)
