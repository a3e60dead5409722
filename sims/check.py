"""`check_env`: does an environment keep the contract of `sims.env`? Every finding says the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from landward.action import decode_all
from landward.array import to_numpy
from landward.errors import LandwardError
from landward.spec import PolicySpec
from sims.check_episodes import EPISODE_CHECKS
from sims.check_tools import CheckContext, Finding, group_shape

PRIVILEGED: dict[str, str] = {
    "linear_velocity": "no sensor of a walking robot measures the base's linear velocity",
    "foot_contact": "contact truth comes from the simulator",
    "contact_force": "contact forces come from the simulator",
    "foot_height": "height above the ground comes from the simulator",
    "physics_parameters": "friction, payload and delays are unknown on the robot",
}
"""Kinds of observation that exist in the simulator only, and why."""
PRIVILEGED_WORDS = (
    "lin_vel",
    "linear_velocity",
    "contact",
    "foot_force",
    "foot_height",
    "base_height",
    "friction",
)
"""Words in a term's name that suggest one of the kinds above under another kind."""


def check_env(env: Any, seed: int = 0) -> list[Finding]:
    """Try an environment out and report what breaks the contract.

    It is stepped, reset and timed out many times; make it with few environments. Nothing is raised: an
    exception inside the environment is a finding too.

    Args:
        env: of `sims.env.Env`'s shape; a subclass is not required.
        seed: of the resets and of the random actions.

    Returns:
        Findings in the order of the checks, empty for a sound environment.
    """
    findings = _guarded("spec", lambda: list(check_spec(env)))
    if any(f.level == "error" for f in findings):
        return findings
    context = CheckContext(env, seed)
    for name, check in (*STATIC_CHECKS, *EPISODE_CHECKS):
        findings += _guarded(name, lambda check=check: list(check(context)))
    return findings


def _guarded(name: str, run: Callable[[], list[Finding]]) -> list[Finding]:
    """Findings of one check; what it raises becomes a finding."""
    try:
        found = run()
    except Exception as error:
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        found = [
            Finding(
                "error", f"the check stopped on {message}", "make this call work as sims/env.py describes it"
            )
        ]
    return [Finding(f.level, f.message, f.remedy, name) for f in found]


def check_spec(env: Any) -> Iterator[Finding]:
    """The spec exists, is consistent and has an actor's group; counters have their shapes."""
    spec = getattr(env, "spec", None)
    if not isinstance(spec, PolicySpec):
        yield Finding(
            "error", f"env.spec is {type(spec).__name__}, not a PolicySpec", "set spec to a PolicySpec"
        )
        return
    try:
        spec.validate()
    except LandwardError as error:
        yield Finding("error", f"the spec is not valid: {error}", "correct the term that the message names")
        return
    yield from image_findings(spec)
    if not (isinstance(env.num_envs, int) and env.num_envs > 0):
        yield Finding("error", f"num_envs is {env.num_envs!r}", "set num_envs to the size of the batch")
    elif tuple(env.episode_steps.shape) != (env.num_envs,):
        shape = tuple(env.episode_steps.shape)
        yield Finding(
            "error", f"episode_steps has shape {shape}", f"keep one counter an environment: ({env.num_envs},)"
        )
    if not env.max_episode_steps > 0:
        yield Finding(
            "error", f"max_episode_steps is {env.max_episode_steps!r}", "set it to a positive number of steps"
        )


def image_findings(spec: PolicySpec) -> Iterator[Finding]:
    """Images are groups of their own, and what reads them gets small numbers."""
    for group, terms in spec.groups.items():
        for term in (term for term in terms if term.is_image):
            where = f"the image {term.name!r} of group {group!r}"
            if len(terms) > 1:
                remedy = "make it a group of its own: it is handed out as (N, *shape), flat terms as (N, D)"
                yield Finding("error", f"{where} stands beside other terms", remedy)
            if term.history > 1:
                remedy = "set its history to 1 and give earlier frames channels of their own"
                yield Finding("error", f"{where} has a history of {term.history} frames", remedy)
            if term.dtype == "uint8" and term.scale == 1.0 and term.kind != "image_semantic":
                remedy = "set its scale, to 1 / 255 where 255 is white"
                yield Finding("warning", f"{where} has no scale: networks would read 0 to 255", remedy)


def check_privileged(context: CheckContext) -> Iterator[Finding]:
    """The actor sees what the real robot measures, and nothing else."""
    spec = context.env.spec
    remedy = f"privileged: belongs in the critic's group; move it out of {', '.join(map(repr, spec.actor))}"
    for term in spec.actor_terms:
        if term.kind in PRIVILEGED:
            message = f"the actor sees {term.name!r} of kind {term.kind!r}: {PRIVILEGED[term.kind]}"
            yield Finding("error", message, remedy)
        elif any(word in term.name.lower() for word in PRIVILEGED_WORDS):
            yield Finding(
                "warning", f"the actor's {term.name!r} sounds like simulator truth", f"if so, {remedy}"
            )


def check_observations(context: CheckContext) -> Iterator[Finding]:
    """Groups, shapes and dtypes of `reset` and `observe` are the spec's; every number is finite."""
    env = context.env
    obs = context.reset()
    yield from group_findings(env.spec, env.num_envs, obs, "reset()")
    latest = env.observe()
    for name, value in obs.items():
        if name in latest and not np.array_equal(to_numpy(latest[name]), to_numpy(value)):
            message = f"observe() differs from what reset() returned in group {name!r}"
            yield Finding("error", message, "return the latest observations again; draw no new noise")
    steps = to_numpy(env.episode_steps)
    if steps.any():
        yield Finding(
            "error",
            f"episode_steps is {steps.max()} after reset()",
            "set it to 0 for every reset environment",
        )


def group_findings(spec: PolicySpec, num_envs: int, obs: dict[str, Any], source: str) -> Iterator[Finding]:
    """Compare observations with the spec's groups."""
    expected = spec.groups
    for name in sorted(set(expected) ^ set(obs)):
        what = "lacks the spec's group" if name in expected else "has a group that the spec does not know:"
        yield Finding("error", f"{source} {what} {name!r}", "return exactly the groups of spec.observations")
    for name, terms in expected.items():
        if name not in obs:
            continue
        value, shape, dtype = obs[name], *group_shape(terms, num_envs)
        if tuple(value.shape) != shape:
            sizes = ", ".join(
                f"{t.name} {t.shape}" + (f" x{t.history}" if t.history > 1 else "") for t in terms
            )
            message = (
                f"{source} group {name!r} has shape {tuple(value.shape)}, the spec says {shape} ({sizes})"
            )
            yield Finding(
                "error", message, "encode exactly the spec's terms, or correct their shape and history"
            )
        elif dtype_name(value) != dtype:
            message = f"{source} group {name!r} is {dtype_name(value)}, the spec says {dtype}"
            yield Finding("error", message, f"convert it to {dtype}")
        elif not np.isfinite(to_numpy(value)).all():
            row = int(np.flatnonzero(~np.isfinite(to_numpy(value).reshape(num_envs, -1)).all(1))[0])
            message = f"{source} group {name!r} of environment {row} is not finite"
            yield Finding(
                "error", message, "find the term that divides by zero or reads uninitialised memory"
            )


def dtype_name(value: Any) -> str:
    """`float32` for numpy.float32 and torch.float32 alike."""
    return str(value.dtype).rsplit(".", 1)[-1]


def check_measurements(context: CheckContext) -> Iterator[Finding]:
    """`measurements()` holds the actor's terms in SI units, without last_action."""
    env = context.env
    context.reset()
    measured, expected = env.measurements(), {t.name: t for t in env.spec.inputs}
    for name in sorted(set(expected) ^ set(measured)):
        what = "lacks the actor's term" if name in expected else "has what is no input of the actor:"
        remedy = "return every term of spec.inputs by name: the actor's, except those of kind last_action"
        yield Finding("error", f"measurements() {what} {name!r}", remedy)
    for name, term in expected.items():
        if name not in measured:
            continue
        shape = (env.num_envs, *term.shape)
        if tuple(measured[name].shape) != shape:
            message = (
                f"measurements()[{name!r}] has shape {tuple(measured[name].shape)}, the spec says {shape}"
            )
            yield Finding("error", message, "return SI values before scale and history, (N, *shape)")
        elif not np.can_cast(dtype_name(measured[name]), term.dtype, "same_kind"):
            message = f"measurements()[{name!r}] is {dtype_name(measured[name])}, the spec says {term.dtype}"
            yield Finding("error", message, f"hand it out as {term.dtype}, which exported policies expect")
        elif not np.isfinite(to_numpy(measured[name])).all():
            yield Finding(
                "error", f"measurements()[{name!r}] is not finite", "check the sensor model of this term"
            )


def check_step(context: CheckContext) -> Iterator[Finding]:
    """Shapes, dtypes and constraint names of one `Step`."""
    env = context.env
    context.reset()
    step = env.step(context.action())
    yield from group_findings(env.spec, env.num_envs, step.obs, "step()")
    for name, dtype in (("reward", "float32"), ("terminated", "bool"), ("truncated", "bool")):
        value = getattr(step, name)
        if tuple(value.shape) != (env.num_envs,) or dtype_name(value) != dtype:
            message = f"Step.{name} is {dtype_name(value)} {tuple(value.shape)}"
            yield Finding("error", message, f"return {dtype} of shape ({env.num_envs},)")
        elif not np.isfinite(to_numpy(value)).all():
            yield Finding(
                "error", f"Step.{name} is not finite", "guard the reward against division by zero and NaN"
            )
    yield from constraint_findings(env.spec, env.num_envs, step.constraints)
    for name, value in step.log.items():
        if not np.isscalar(value):
            yield Finding(
                "error", f"Step.log[{name!r}] is {type(value).__name__}", "log plain floats, averaged"
            )


def constraint_findings(spec: PolicySpec, num_envs: int, values: dict[str, Any]) -> Iterator[Finding]:
    """Step.constraints has the spec's names and (N, k) finite values."""
    names = {c.name for c in spec.constraints}
    for name in sorted(names ^ set(values)):
        what = "lacks the spec's" if name in names else "has what the spec does not declare:"
        yield Finding(
            "error", f"Step.constraints {what} {name!r}", "return a value for each of spec.constraints"
        )
    for name in sorted(names & set(values)):
        shape = tuple(values[name].shape)
        if len(shape) != 2 or shape[0] != num_envs or shape[1] < 1:
            message = f"Step.constraints[{name!r}] has shape {shape}"
            yield Finding(
                "error", message, f"return ({num_envs}, k), one column a component; > 0 means violated"
            )
        elif not np.isfinite(to_numpy(values[name])).all():
            yield Finding(
                "error", f"Step.constraints[{name!r}] is not finite", "check the state entry that it reads"
            )


def check_buffers(context: CheckContext) -> Iterator[Finding]:
    """Arrays that were handed out stay as they are, unless the environment declares that it reuses them."""
    env = context.env
    if getattr(env, "reuses_buffers", False):
        return
    obs = context.reset()
    first = env.step(context.action())
    held = {"reset() obs": obs, "step() obs": first.obs, "Step.constraints": first.constraints}
    held["Step"] = {"reward": first.reward, "terminated": first.terminated, "truncated": first.truncated}
    copies = {source: {k: np.array(to_numpy(v)) for k, v in group.items()} for source, group in held.items()}
    for _ in range(2):
        env.step(context.action())
    for source, group in held.items():
        changed = [
            name for name, value in group.items() if not np.array_equal(to_numpy(value), copies[source][name])
        ]
        if changed:
            message = f"a later step() overwrote what {source} had returned ({', '.join(changed)})"
            remedy = (
                "return new arrays, or set `reuses_buffers = True` on the class and say so in its docstring"
            )
            yield Finding("error", message, remedy)


def check_bad_actions(context: CheckContext) -> Iterator[Finding]:
    """Actions that are not finite, or of the wrong shape, are refused."""
    env = context.env
    good = to_numpy(context.action())
    bad = {"a NaN": np.full_like(good, np.nan), "an infinite": np.full_like(good, np.inf)}
    bad["a wrong-shaped"] = good[:, :0]
    for what, action in bad.items():
        context.reset()
        remedy = (
            "raise landward.errors.EnvContractError that names the environment, before anything is stepped"
        )
        try:
            env.step(context.like_actions(action))
        except LandwardError:
            continue
        except Exception as error:
            message = f"{what} action raises {type(error).__name__}, not a LandwardError"
            yield Finding("warning", message, remedy)
        else:
            yield Finding("error", f"step() accepts {what} action", remedy)


def check_step_si(context: CheckContext) -> Iterator[Finding]:
    """`step_si` with the decoded targets does what `step` does with the raw actions."""
    env = context.env
    if any(term.chunk > 1 for term in env.spec.actions):
        return
    context.reset()
    action = context.action()
    raw = env.step(action)
    context.reset()
    si = env.step_si(decode_all(env.spec.actions, action))
    for name, value in raw.obs.items():
        expected, actual = to_numpy(value).astype(np.float64), to_numpy(si.obs[name]).astype(np.float64)
        if not np.allclose(expected, actual, rtol=1e-3, atol=1e-3):
            message = f"step_si() leads elsewhere than step() with the same action (group {name!r})"
            yield Finding(
                "error", message, "step_si targets are offset + scale * clip(raw); invert exactly that"
            )
            return


Check = Callable[[CheckContext], Iterator[Finding]]
STATIC_CHECKS: tuple[tuple[str, Check], ...] = (
    ("privileged", check_privileged),
    ("observations", check_observations),
    ("measurements", check_measurements),
    ("step", check_step),
    ("buffers", check_buffers),
    ("actions", check_bad_actions),
    ("step_si", check_step_si),
)
