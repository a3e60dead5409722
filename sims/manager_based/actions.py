"""Action managers -> the spec's action terms, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from landward.spec import ActionTerm
from sims.manager_based.meaning import joint_units
from sims.manager_based.numbers import common_row, number_or_row
from sims.manager_based.observations import FLOAT32_MAX
from sims.manager_based.scene import Scene

JOINT_ACTIONS = {
    "JointPositionAction": ("joint_position_target", "rad"),
    "JointVelocityAction": ("joint_velocity_target", "rad/s"),
    "JointEffortAction": ("joint_effort", "N m"),
}
"""Class of an action term whose processed action is the joints' command -> its kind and unit."""


def action_term(name: str, term: Any, scene: Scene, clip: tuple[float, float] | None = None) -> ActionTerm:
    """One term of an action manager.

    Joint positions, velocities and efforts are affine in the raw action, and the spec says how. Every other
    action (inverse kinematics, grippers, actions relative to the present state) is of kind "raw": its SI
    value is the raw action, and the task's own term turns it into commands.

    Args:
        name: of the term.
        term: the action term of the manager.
        scene: the task's scene.
        clip: bounds of the raw action, where the training configuration clips it.
    """
    class_name = type(term).__name__
    kind, unit = JOINT_ACTIONS.get(class_name, ("raw", "1"))
    names = _names(term)
    size = int(term.action_dim)
    raw = ActionTerm(
        name,
        "raw",
        (size,),
        names=names if len(names) == size else (),
        clip=clip,
        details={"action": class_name},
    )
    if kind == "raw":
        return raw
    scale, offset = _row(term, ("_scale", "scale")), _row(term, ("_offset", "offset"))
    if scale is None or offset is None:
        return replace(raw, details={**dict(raw.details), "affine": "differs between environments"})
    asset = term.cfg.asset_name if hasattr(term.cfg, "asset_name") else term.cfg.entity_name
    joints, gains = scene.named_joints(asset, names), scene.gains(asset, names)
    return ActionTerm(
        name=name,
        kind=kind,
        shape=(size,),
        names=names,
        unit=joint_units(unit, joints.slides),
        scale=scale,
        offset=offset,
        clip=clip,
        limits=_limits(term, size),
        stiffness=gains.stiffness,
        damping=gains.damping,
        effort_limit=gains.effort_limit,
    )


def action_terms(
    terms: Iterable[tuple[str, Any]], scene: Scene, clip: tuple[float, float] | None = None
) -> tuple[ActionTerm, ...]:
    """All terms of an action manager, in the order of the raw action; see `action_term`."""
    return tuple(action_term(name, term, scene, clip) for name, term in terms)


def element_names(terms: Iterable[ActionTerm]) -> tuple[str, ...]:
    """Names of the elements of the whole raw action; the term's name and an index where it has none."""
    return tuple(
        name
        for term in terms
        for name in (term.names or tuple(f"{term.name}_{index}" for index in range(term.size)))
    )


def distinct(terms: tuple[ActionTerm, ...], taken: set[str]) -> tuple[ActionTerm, ...]:
    """The terms with "_target" appended to names that an observation has too.

    Both are names of one exported graph's inputs and outputs, and velocity tasks call the observed and the
    commanded joint positions alike.
    """
    return tuple(replace(term, name=f"{term.name}_target") if term.name in taken else term for term in terms)


def _names(term: Any) -> tuple[str, ...]:
    for attribute in ("_joint_names", "_target_names", "target_names"):
        names = getattr(term, attribute, None)
        if names:
            return tuple(names)
    return ()


def _row(term: Any, attributes: tuple[str, str]) -> float | tuple[float, ...] | None:
    """A scale or an offset: a number, or an (N, A) tensor with equal rows; None where rows differ."""
    value = next(getattr(term, name) for name in attributes if hasattr(term, name))
    if getattr(value, "ndim", 0) < 2:
        return number_or_row(value)
    row = common_row(value)
    return None if row is None else number_or_row(row)


def _limits(term: Any, size: int) -> tuple[tuple[float, float], ...]:
    """Bounds of the processed action; an infinite one becomes the largest float32."""
    if getattr(term.cfg, "clip", None) is None:
        return ()
    bounds = term._clip[0].detach().cpu().clamp(-FLOAT32_MAX, FLOAT32_MAX).reshape(size, 2).tolist()
    return tuple((float(low), float(high)) for low, high in bounds)
