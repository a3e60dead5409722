"""The PolicySpec of a manager-based task, read from its observation and action managers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from landward.constraint import Constraint
from landward.spec import ActionTerm, PolicySpec
from sims.manager_based.actions import action_terms, distinct, element_names
from sims.manager_based.groups import Group, group_of
from sims.manager_based.observations import MeaningOf, frame_shape, known_meaning, observation_term
from sims.manager_based.scene import Scene


def observation_groups(
    manager: Any,
    period: float,
    scene: Scene,
    actions: tuple[ActionTerm, ...],
    meaning_of: MeaningOf = known_meaning,
) -> tuple[Group, ...]:
    """Every group of an observation manager.

    Args:
        manager: of Isaac Lab or mjlab, prepared.
        period: control period [s].
        scene: the task's scene.
        actions: the task's action terms.
        meaning_of: says what a term returns, where the name of its function does not.
    """
    names = element_names(actions)
    clip = actions[0].clip
    groups: list[Group] = []
    for source, term_names in manager.active_terms.items():
        configured = zip(
            term_names,
            manager._group_obs_term_cfgs[source],
            manager.group_obs_term_dim[source],
            strict=True,
        )
        terms = [
            observation_term(name, cfg, frame_shape(cfg, shape), period, scene, names, meaning_of)
            for name, cfg, shape in configured
        ]
        # The task remembers the clipped action, an exported policy the unclipped one: it clips when it reads.
        terms = [replace(term, clip=clip) if term.kind == "last_action" and clip else term for term in terms]
        time_major = getattr(manager, "_group_obs_time_major", {}).get(source, False)
        groups += group_of(source, tuple(terms), manager.group_obs_concatenate[source], time_major)
    return tuple(groups)


def manager_based_spec(
    task: str,
    robot: str,
    period: float,
    observation_manager: Any,
    action_manager: Any,
    scene: Scene,
    constraints: tuple[Constraint, ...] = (),
    actor: tuple[str, ...] = ("policy",),
    clip: tuple[float, float] | None = None,
    meaning_of: MeaningOf = known_meaning,
) -> tuple[PolicySpec, tuple[Group, ...]]:
    """The contract of a task's policy, and how its groups come out of the manager.

    Args:
        task: its name.
        robot: the embodiment.
        period: control period [s].
        observation_manager: prepared.
        action_manager: prepared.
        scene: names and defaults of robots and commands.
        constraints: declarations that go into the spec.
        actor: the manager's groups that the policy reads.
        clip: bounds of the raw action, where the training configuration clips it.
        meaning_of: says what an observation returns, where the name of its function does not.

    Raises:
        SpecError: something that the spec cannot express; the message names the term.
    """
    terms = [(name, action_manager.get_term(name)) for name in action_manager.active_terms]
    actions = action_terms(terms, scene, clip)
    groups = observation_groups(observation_manager, period, scene, actions, meaning_of)
    read = tuple(group for group in groups if group.source in actor)
    taken = {term.name for group in read for term in group.terms}
    spec = PolicySpec(
        task=task,
        robot=robot,
        control_period=period,
        observations={group.name: group.terms for group in groups},
        actions=distinct(actions, taken),
        constraints=constraints,
        actor=tuple(group.name for group in read),
    )
    return spec, groups
