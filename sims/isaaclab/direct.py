"""Direct tasks, which have no managers: what is known of their observations and actions.

A direct task says how many numbers it observes and takes, and nothing else. Those listed in KNOWN have been
read in Isaac Lab 3.0.0's source. Any other has one observation of kind "state" a block (or an image) and one
"raw" action: it trains and its policy exports, but only the simulator can feed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from landward.errors import SpecError
from landward.spec import ActionTerm, ObservationTerm
from sims.manager_based.groups import Group, group_of

Known = Callable[[Any], tuple[tuple[ObservationTerm, ...], tuple[ActionTerm, ...]]]


def cartpole(env: Any) -> tuple[tuple[ObservationTerm, ...], tuple[ActionTerm, ...]]:
    """Isaac-Cartpole-Direct: cart and pole positions and velocities; a force on the cart."""
    robot, cfg = env.scene["cartpole"], env.cfg
    default = dict(zip(robot.joint_names, robot.data.default_joint_pos.torch[0].tolist(), strict=True))
    parts = (("cart", cfg.cart_dof_name, "m"), ("pole", cfg.pole_dof_name, "rad"))
    positions = (
        ObservationTerm(
            f"{part}_pos", "joint_position", (1,), unit=unit, names=(joint,), offset=default[joint]
        )
        for part, joint, unit in parts
    )
    velocities = (
        ObservationTerm(f"{part}_vel", "joint_velocity", (1,), unit=f"{unit}/s", names=(joint,))
        for part, joint, unit in parts
    )
    force = ActionTerm(
        "cart_force",
        "joint_effort",
        (1,),
        unit="N",
        names=(cfg.cart_dof_name,),
        scale=float(env.action_scale),
    )
    return (*positions, *velocities), (force,)


KNOWN: dict[str, Known] = {"isaaclab_tasks.core.cartpole.cartpole_direct_env:CartpoleEnv": cartpole}
"""Class of a direct task -> its observation terms in order, and its actions."""


def direct_terms(
    env: Any, obs: Mapping[str, Any], actor: tuple[str, ...], clip: tuple[float, float] | None = None
) -> tuple[tuple[Group, ...], tuple[ActionTerm, ...]]:
    """Groups and actions of a direct task.

    Args:
        env: Isaac Lab's environment.
        obs: what it observes: group -> tensor, or a dictionary of tensors.
        actor: the groups that the policy reads.
        clip: bounds of the raw action, where the training configuration clips it.

    Raises:
        SpecError: a known task that observes another number of elements than is known, or an action space
            that is no vector.
    """
    key = f"{type(env).__module__}:{type(env).__name__}"
    known = KNOWN[key](env) if key in KNOWN else None
    groups: list[Group] = []
    for name, value in obs.items():
        if known is not None and name == actor[0]:
            _check_width(key, known[0], value)
            groups.append(Group(name, name, known[0]))
            continue
        parts = value if isinstance(value, Mapping) else {name: value}
        terms = tuple(_block(part, tensor) for part, tensor in parts.items())
        groups += group_of(name, terms, concatenated=not isinstance(value, Mapping))
    if known is not None:
        return tuple(groups), known[1]
    shape = getattr(env.single_action_space, "shape", None)
    if not shape or len(shape) != 1:
        raise SpecError(
            f"{key} takes actions of {env.single_action_space}: only vectors of numbers are supported"
        )
    return tuple(groups), (ActionTerm("action", "raw", tuple(shape), clip=clip),)


def horizon(env: Any) -> int:
    """Control steps of an episode that nothing but the clock ends, measured with one step.

    Direct tasks write their own clock: some cut an episode at `max_episode_length`, others one step before.
    Reset the environment afterwards.
    """
    limit = int(env.max_episode_length)
    if limit < 3:
        return limit
    env.episode_length_buf[:] = limit - 2
    env.step(torch.zeros(env.num_envs, *env.single_action_space.shape, device=env.device))
    return limit - 1 if bool(env.reset_time_outs.any()) else limit


def _block(name: str, value: torch.Tensor) -> ObservationTerm:
    """A tensor (N, *shape) of which nothing is known but its shape; three axes are an image."""
    kind = "image_rgb" if value.ndim == 4 and value.shape[-1] == 3 else "state"
    return ObservationTerm(name, kind, tuple(value.shape[1:]), dtype=str(value.dtype).rpartition(".")[2])


def _check_width(key: str, terms: tuple[ObservationTerm, ...], value: Any) -> None:
    width = sum(term.size for term in terms)
    if tuple(value.shape[1:]) != (width,):
        raise SpecError(
            f"{key} observes {tuple(value.shape[1:])}, but sims/isaaclab/direct.py knows it with {width} "
            "elements (Isaac Lab 3.0.0): use that version, or correct the terms there"
        )
