"""Checks of `sims.check` that follow episodes: seeds, ends, auto-reset, final observations, saved states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from landward.array import to_numpy
from sims.check_tools import CheckContext, Finding, column_tolerance

SHORT = 5
"""Steps of a rollout that is compared with another."""
WANDER = 150
"""Steps of random actions in which deaths are looked for."""


def rollout(context: CheckContext, steps: int) -> list[np.ndarray]:
    """Everything that `steps` random actions return, as a flat list of arrays."""
    arrays = []
    for _ in range(steps):
        step = context.env.step(context.action())
        arrays += [np.array(to_numpy(step.obs[name])) for name in sorted(step.obs)]
        arrays += [np.array(to_numpy(step.constraints[name])) for name in sorted(step.constraints)]
        arrays += [np.array(to_numpy(v)) for v in (step.reward, step.terminated, step.truncated)]
    return arrays


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    """Bit-equal, NaN included."""
    return len(first) == len(second) and all(
        a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True)
    )


def check_seeds(context: CheckContext) -> Iterator[Finding]:
    """The same seed gives the same rollout; another seed gives another."""
    runs = []
    for seed in (context.seed, context.seed, context.seed + 1):
        start = [np.array(to_numpy(v)) for v in context.reset(seed).values()]
        runs.append(start + rollout(context, SHORT))
    if not same(runs[0], runs[1]):
        remedy = (
            "draw every random number from streams that reset(seed) restarts; no global or unseeded generator"
        )
        yield Finding("error", f"two rollouts from reset(seed={context.seed}) differ", remedy)
    if same(runs[0], runs[2]):
        message = f"seeds {context.seed} and {context.seed + 1} give the same rollout"
        yield Finding("warning", message, "use the seed, unless nothing in this environment is random")


def check_partial_reset(context: CheckContext) -> Iterator[Finding]:
    """`reset(env_ids=...)` restarts those environments and leaves the others alone."""
    env = context.env
    if env.num_envs < 2:
        return
    context.reset()
    step = env.step(context.action())
    before = {name: np.array(to_numpy(value)) for name, value in step.obs.items()}
    clock = np.array(to_numpy(env.episode_steps))
    obs = env.reset(env_ids=np.array([0]))
    after = np.array(to_numpy(env.episode_steps))
    if after[0] != 0 or not np.array_equal(after[1:], clock[1:]):
        message = f"after reset(env_ids=[0]) episode_steps went from {clock.tolist()} to {after.tolist()}"
        yield Finding("error", message, "set the counters of env_ids to 0 and leave the others")
    changed = [
        name for name, value in obs.items() if not np.array_equal(to_numpy(value)[1:], before[name][1:])
    ]
    if changed:
        message = f"reset(env_ids=[0]) changed observations of other environments ({', '.join(changed)})"
        yield Finding("error", message, "return all observations, with only the rows of env_ids new")


def check_time_outs(context: CheckContext) -> Iterator[Finding]:
    """The clock truncates at max_episode_steps, resets in the same step and keeps the final observation."""
    env = context.env
    context.reset()
    lead = min(3, env.max_episode_steps)
    reached = _run_to_time_out(context, lead)
    died = np.zeros(env.num_envs, bool)
    for t in range(lead):
        step = next(reached)
        terminated, truncated = to_numpy(step.terminated), to_numpy(step.truncated)
        died = died | terminated
        if t < lead - 1 and truncated.any():
            message = f"truncated {lead - 1 - t} steps before max_episode_steps ({env.max_episode_steps})"
            yield Finding("error", message, "truncate when episode_steps reaches max_episode_steps")
            return
    if died.all() or not truncated[~died].all():
        missed = "terminated instead" if died.any() else "not truncated"
        message = f"environments that reached max_episode_steps ({env.max_episode_steps}) are {missed}"
        remedy = (
            "set truncated, never terminated, when the clock ends the episode; keep terminated for real ends"
        )
        yield Finding("error", message, remedy)
        return
    yield from end_findings(env, step, "a time-out")
    if step.final_obs is not None and set(step.final_obs) == set(step.obs):
        yield from _final_obs_findings(context, step, lead, np.flatnonzero(truncated))


def _run_to_time_out(context: CheckContext, lead: int) -> Iterator[Any]:
    """Steps of random actions after the clock was set `lead` steps before the time-out."""
    context.env.episode_steps[:] = context.env.max_episode_steps - lead
    for _ in range(lead):
        yield context.env.step(context.action())


def _final_obs_findings(context: CheckContext, step: Any, lead: int, ended: np.ndarray) -> Iterator[Finding]:
    """Compare final_obs with the same rollout where the clock did not run out."""
    env = context.env
    final = {name: np.array(to_numpy(value)) for name, value in step.final_obs.items()}
    fresh = {name: np.array(to_numpy(value)) for name, value in step.obs.items()}
    context.reset()
    if env.max_episode_steps <= lead:
        return
    for _ in range(lead):
        going_on = env.step(context.action())
    for name, terms in env.spec.groups.items():
        truth = np.array(to_numpy(going_on.obs[name]))[ended].astype(np.float64)
        width = column_tolerance(terms) if truth.ndim == 2 else 0.0
        remedy = (
            "keep a copy of the observations from before the auto-reset in final_obs, for the rows that ended"
        )
        if not (np.abs(final[name][ended] - truth) <= width + 1e-4 * np.abs(truth)).all():
            is_fresh = np.array_equal(final[name][ended], fresh[name][ended])
            what = "is the first one of the next episode" if is_fresh else "is not the one before the reset"
            yield Finding("error", f"final_obs[{name!r}] of a time-out {what}", remedy)


def end_findings(env: Any, step: Any, what: str) -> Iterator[Finding]:
    """What must hold in a step in which environments ended."""
    terminated, truncated = to_numpy(step.terminated), to_numpy(step.truncated)
    ended = terminated | truncated
    if (terminated & truncated).any():
        remedy = "a death in the last step is terminated; truncated = time-out & ~terminated"
        yield Finding("error", f"terminated and truncated are both set after {what}", remedy)
    left = to_numpy(env.episode_steps)[ended]
    if left.any():
        message = f"episode_steps is {int(left.max())} right after {what}"
        yield Finding(
            "error", message, "reset in the same step that ends the episode, and set its counter to 0"
        )
    if step.final_obs is None:
        remedy = "set Step.final_obs whenever an episode ends: its value is needed to bootstrap time-outs"
        yield Finding("error", f"final_obs is None after {what}", remedy)
        return
    if set(step.final_obs) != set(step.obs):
        yield Finding("error", "final_obs has other groups than obs", "give final_obs the layout of obs")
        return
    for name, value in step.final_obs.items():
        if not np.array_equal(to_numpy(value)[~ended], to_numpy(step.obs[name])[~ended]):
            message = f"final_obs[{name!r}] differs from obs in environments that did not end"
            yield Finding("error", message, "copy the rows of obs for environments that go on")


def check_deaths(context: CheckContext) -> Iterator[Finding]:
    """Wander with random actions; whatever ends must end properly."""
    env = context.env
    context.reset()
    for _ in range(WANDER):
        clock = np.array(to_numpy(env.episode_steps))
        step = env.step(context.action())
        terminated, truncated = to_numpy(step.terminated), to_numpy(step.truncated)
        early = truncated & (clock + 1 < env.max_episode_steps)
        if early.any():
            message = f"truncated at step {int(clock[early][0]) + 1} of {env.max_episode_steps}"
            yield Finding(
                "warning", message, "only the clock truncates; an end for any other reason is terminated"
            )
            return
        if (terminated | truncated).any():
            found = list(end_findings(env, step, "a death" if terminated.any() else "a time-out"))
            yield from found
            if found:
                return
        elif step.final_obs is not None:
            yield Finding(
                "error", "final_obs is set though no episode ended", "leave final_obs None in such steps"
            )
            return


def check_saved_state(context: CheckContext) -> Iterator[Finding]:
    """`load_state_dict(state_dict())` goes on bit-equal."""
    env = context.env
    context.reset()
    rollout(context, SHORT)
    try:
        saved = env.state_dict()
    except NotImplementedError:
        return
    actions = [np.array(to_numpy(context.action())) for _ in range(SHORT)]
    first = _replay(context, actions)
    env.load_state_dict(saved)
    if not same(first, _replay(context, actions)):
        message = "after load_state_dict(state_dict()) the environment goes on differently"
        remedy = "save copies of physics, buffers, counters and every random stream, and restore them all"
        yield Finding("error", message, remedy)


def _replay(context: CheckContext, actions: list[np.ndarray]) -> list[np.ndarray]:
    """What given actions return."""
    arrays = []
    for action in actions:
        step = context.env.step(context.like_actions(action))
        arrays += [np.array(to_numpy(step.obs[name])) for name in sorted(step.obs)]
        arrays.append(np.array(to_numpy(step.reward)))
    return arrays


EPISODE_CHECKS: tuple[tuple[str, Callable[[CheckContext], Iterator[Finding]]], ...] = (
    ("seeds", check_seeds),
    ("partial reset", check_partial_reset),
    ("time-outs", check_time_outs),
    ("deaths", check_deaths),
    ("saved state", check_saved_state),
)
