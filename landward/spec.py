"""The written contract of a policy: what it observes, what it commands, how often, within which bounds.

The same object is what a simulator produces, an agent trains on, an exported policy carries and a robot
enforces.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, ClassVar

from landward import spec_diff, spec_json, values
from landward.constraint import Constraint
from landward.errors import SpecError
from landward.kinds import ACTION_KINDS, DTYPES, OBSERVATION_KINDS
from landward.terms import ActionTerm, Noise, ObservationTerm

__all__ = [
    "ACTION_KINDS",
    "DTYPES",
    "OBSERVATION_KINDS",
    "SPEC_VERSION",
    "ActionTerm",
    "Constraint",
    "Noise",
    "ObservationTerm",
    "PolicySpec",
]

SPEC_VERSION = 1
"""Version of the spec's JSON; another version is refused."""

_TRAINING_ONLY = ("noise", "delay")
"""Fields of an observation term that describe how it was trained, not what the policy must be fed."""


@dataclasses.dataclass(frozen=True)
class PolicySpec:
    """Frozen and hashable; equal specs have equal JSON and equal `hash`.

    Raises:
        SpecError: something is malformed; the message names it.
    """

    PAIR_FIELDS: ClassVar[tuple[str, ...]] = ("observations",)

    task: str
    """What the policy does, such as "go1-flat"."""
    robot: str
    """The embodiment it drives."""
    control_period: float
    """Time between two inferences [s]."""
    observations: (
        tuple[tuple[str, tuple[ObservationTerm, ...]], ...] | Mapping[str, tuple[ObservationTerm, ...]]
    )
    """Group -> its terms in order; given as a mapping, kept as pairs."""
    actions: tuple[ActionTerm, ...]
    """In the order in which the raw action concatenates them."""
    constraints: tuple[Constraint, ...] = ()
    actor: tuple[str, ...] = ("policy",)
    """The groups that the policy itself reads; the others (such as "critic") exist in training only."""
    version: int = SPEC_VERSION

    def __post_init__(self) -> None:
        set_field = functools.partial(object.__setattr__, self)
        pairs = self.observations.items() if isinstance(self.observations, Mapping) else self.observations
        set_field("observations", tuple((group, tuple(terms)) for group, terms in pairs))
        set_field("actions", tuple(self.actions))
        set_field("constraints", tuple(self.constraints))
        set_field("control_period", values.number(self.control_period, "control_period"))
        set_field("actor", values.strings(self.actor, "actor"))
        set_field("version", values.integer(self.version, "version", least=1))
        self.validate()

    @property
    def groups(self) -> dict[str, tuple[ObservationTerm, ...]]:
        """Group -> its terms in order."""
        return dict(self.observations)

    def group(self, name: str) -> tuple[ObservationTerm, ...]:
        """The terms of one group.

        Raises:
            SpecError: there is no such group.
        """
        groups = self.groups
        if name not in groups:
            raise SpecError(
                f"the spec of {self.task!r} has no observation group {name!r}; it has {', '.join(groups)}"
            )
        return groups[name]

    @property
    def images(self) -> dict[str, ObservationTerm]:
        """Image groups -> their only term.

        Such a group is handed out as it is measured, (N, *shape) of the term's dtype; what reads it applies
        clip, offset and scale. The terms of all other groups are scaled and flattened to (N, D) float32.
        """
        return {
            group: terms[0] for group, terms in self.groups.items() if len(terms) == 1 and terms[0].is_image
        }

    @property
    def actor_terms(self) -> tuple[ObservationTerm, ...]:
        """The terms of all actor groups, in order."""
        return tuple(term for group in self.actor for term in self.group(group))

    @property
    def inputs(self) -> tuple[ObservationTerm, ...]:
        """What an exported policy is fed: the actor's terms without last_action, which is its own state."""
        return tuple(term for term in self.actor_terms if term.kind != "last_action")

    @property
    def hash(self) -> str:
        """The digest of the canonical JSON, as "sha256:" and 64 hexadecimal digits."""
        return spec_json.digest(self)

    def validate(self) -> None:
        """Check the spec as a whole; every term has checked itself.

        Raises:
            SpecError: the first thing that is wrong.
        """
        for field in ("task", "robot"):
            if not isinstance(getattr(self, field), str) or not getattr(self, field):
                raise SpecError(f"{field} must be a text that is not empty, got {getattr(self, field)!r}")
        if self.version != SPEC_VERSION:
            raise SpecError(
                f"the spec has version {self.version}; this Landward reads version {SPEC_VERSION}. Use the "
                "Landward that wrote it, or export the policy again"
            )
        if self.control_period <= 0.0:
            raise SpecError(f"control_period must be positive, got {self.control_period:g} s")
        self._validate_observations()
        self._validate_actions()
        _check_types(self.constraints, Constraint, "constraints")
        values.check_unique((item.name for item in self.constraints), "constraints", "constraint")

    def _validate_observations(self) -> None:
        if not self.observations:
            raise SpecError("observations has no group; a policy needs at least one")
        values.check_unique((pair[0] for pair in self.observations), "observations", "group")
        for group, terms in self.groups.items():
            where = f"observations.{group}"
            values.check_name(group, f"{where}: group")
            _check_types(terms, ObservationTerm, where)
            if not terms:
                raise SpecError(f"{where} is empty; give it a term or leave the group out")
            values.check_unique((term.name for term in terms), where, "term")
        if not self.actor:
            raise SpecError("actor is empty; name the observation groups that the policy reads")
        values.check_unique(self.actor, "actor", "group")
        values.check_unique(
            (term.name for term in self.actor_terms), f"actor ({', '.join(self.actor)})", "term"
        )

    def _validate_actions(self) -> None:
        if not self.actions:
            raise SpecError("actions is empty; a policy needs at least one action term")
        _check_types(self.actions, ActionTerm, "actions")
        values.check_unique((term.name for term in self.actions), "actions", "term")
        inputs = {term.name for term in self.inputs}
        for term in self.actions:
            if term.name in inputs:
                raise SpecError(
                    f"{term.name!r} names both an observation and an action; rename one, as they are the "
                    "inputs and outputs of one exported graph"
                )

    def to_json(self, indent: int | None = None) -> str:
        """The spec as JSON; lossless, floats in full precision."""
        text = spec_json.canonical(self)
        return text if indent is None else spec_json.pretty(text, indent)

    @classmethod
    def from_json(cls, text: str) -> PolicySpec:
        """The spec that `to_json` wrote.

        Raises:
            SpecError: not JSON, another version, an unknown or missing field, or a malformed value.
        """
        data = spec_json.parse(text)
        if isinstance(data, dict) and data.get("version", SPEC_VERSION) != SPEC_VERSION:
            raise SpecError(
                f"the spec has version {data['version']!r}; this Landward reads version {SPEC_VERSION}"
            )
        return spec_json.from_data(cls, _with_terms(data), "the spec")

    def diff(self, other: PolicySpec) -> list[str]:
        """Every difference, with this spec as the expected one; empty where they are equal."""
        lines = spec_diff.diff_fields("", self, other, skip=("observations", "actions", "constraints"))
        lines += spec_diff.diff_names("observations", list(self.groups), list(other.groups))
        for group, terms in self.groups.items():
            if group in other.groups:
                lines += spec_diff.diff_named(f"observations.{group}", terms, other.groups[group])
        lines += spec_diff.diff_named("actions", self.actions, other.actions)
        return lines + spec_diff.diff_named("constraints", self.constraints, other.constraints)

    def interface_diff(self, other: PolicySpec) -> list[str]:
        """The differences that matter when `other`'s policy is run where this spec is expected.

        Compared are the robot, the control period, the actor's terms (their noise and delay excepted) and the
        actions. A policy trained with other noise, constraints or critic terms, or for another task, still
        fits.
        """
        training = ("task", "observations", "actions", "constraints")
        lines = spec_diff.diff_fields("", self, other, skip=training)
        for group in self.actor:
            if group in other.groups:
                path = f"observations.{group}"
                lines += spec_diff.diff_named(path, self.group(group), other.group(group), _TRAINING_ONLY)
        return lines + spec_diff.diff_named("actions", self.actions, other.actions)


def _check_types(items: tuple[Any, ...], cls: type, where: str) -> None:
    for item in items:
        if not isinstance(item, cls):
            raise SpecError(f"{where} must hold {cls.__name__} objects, got {item!r}")


def _with_terms(data: Any) -> Any:
    """Replace the nested objects of a parsed spec by terms and constraints."""
    if not isinstance(data, dict):
        return data
    nested = dict(data)
    if "observations" in data:
        groups = _object(data["observations"], "observations")
        nested["observations"] = {
            group: tuple(
                _observation(term, f"observations.{group}[{index}]")
                for index, term in _enumerate(terms, group)
            )
            for group, terms in groups.items()
        }
    for field, cls in (("actions", ActionTerm), ("constraints", Constraint)):
        if field in data:
            items = _enumerate(data[field], field)
            nested[field] = tuple(
                spec_json.from_data(cls, item, f"{field}[{index}]") for index, item in items
            )
    return nested


def _observation(data: Any, where: str) -> ObservationTerm:
    if isinstance(data, dict) and data.get("noise") is not None:
        data = {**data, "noise": spec_json.from_data(Noise, data["noise"], f"{where}.noise")}
    return spec_json.from_data(ObservationTerm, data, where)


def _object(data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise SpecError(f"{where} must be a JSON object, got {type(data).__name__}")
    return data


def _enumerate(data: Any, where: str) -> enumerate[Any]:
    if not isinstance(data, list):
        raise SpecError(f"{where} must be a JSON list, got {type(data).__name__}")
    return enumerate(data)
