"""Runs a policy again on recorded inputs, and finds where its outputs differ from the recorded ones."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landward.errors import SpecMismatchError
from landward.onnx_policy import OnnxPolicy
from landward.runs import find_policy
from landward.spec import PolicySpec
from landward.terms import ActionTerm
from landward_ros import names
from landward_tools.bag import Bag, BagError, Joints, Observations

TOLERANCE = 1e-5
"""[rad] Two processors may round differently by less."""
TARGET = "joint_position_target"


@dataclass(frozen=True)
class First:
    """The first inference whose output differs by more than the tolerance."""

    row: int
    """Number of the inference in the recording, from 0."""
    tick: int
    """Inferences since the policy's memory was reset."""
    seconds: float
    """Since the first inference of the recording [s]."""
    joint: str
    """The joint that differs most."""
    recorded: float
    """[rad]"""
    replayed: float
    """[rad]"""
    influence: dict[str, float]
    """Input -> how far this joint's target moves [rad] when that input alone is taken from one inference
    earlier; the greatest first. Where an input with much influence explains the difference, look at it first.
    Empty for the first inference after a reset."""


@dataclass(frozen=True)
class Replay:
    """How far a policy's outputs are from the recorded ones."""

    bag: str
    policy: str
    same_file: bool | None
    """Whether it is the very policy that was recorded; None where the recording does not say."""
    inferences: int
    """Recorded."""
    compared: int
    missing: tuple[int, ...]
    """Rows before which inferences are missing in the recording."""
    skipped: int
    """Inferences after a missing one, until the policy's memory was reset: its memory is unknown there."""
    unmatched: int
    """Inferences without a recorded command."""
    max_difference: dict[str, float]
    """Joint -> [rad]."""
    mean_difference: dict[str, float]
    """Joint -> [rad]."""
    tolerance: float
    first: First | None
    """None where every compared output is equal within the tolerance."""

    @property
    def equal(self) -> bool:
        """Whether no output differs by more than the tolerance."""
        return self.first is None


def replay(bag: Path, policy: Path, namespace: str = "", tolerance: float = TOLERANCE) -> Replay:
    """Run a policy on a recording.

    Args:
        bag: the recording.
        policy: a policy file or a run folder.
        namespace: of the robot in the recording.
        tolerance: [rad] difference that still counts as equal.

    Raises:
        BagError: the recording is missing or damaged, or has no inference that can be compared.
        PolicyFileError: the policy file is damaged.
        SpecMismatchError: the policy expects other inputs or commands other joints than the recorded one.
    """
    opened, runner = Bag(bag, namespace), OnnxPolicy(find_policy(policy))
    observations = opened.observations()
    commands = opened.joints(names.POLICY_COMMAND)
    if not len(observations.tick):
        raise BagError(f"{bag} has no message of {opened.topic(names.OBSERVATION)}: the policy never walked")
    term = _target_term(runner)
    _refuse_other_spec(opened, runner, term, observations, commands)
    # Without memory each inference stands alone.
    known, missing = comparable(observations.tick, stateful=bool(runner.state()))
    outputs = _run(runner, term, observations)
    match = pair(observations, commands)
    chosen = known & (match >= 0)
    if not chosen.any():
        raise BagError(
            f"{bag}: no inference can be compared: of {len(known)}, {int((match >= 0).sum())} have a command "
            f"and {int(known.sum())} follow a recorded reset of the policy's memory. Start the recording "
            "before the policy walks"
        )
    order = [commands.names.index(name) for name in term.names]
    recorded = commands.position[:, order][match]
    difference = np.where(chosen[:, None], np.abs(outputs - recorded), 0.0)
    first = _first(runner, term, observations, outputs, recorded, difference > tolerance)
    recorded_hash = opened.facts.get("policy_hash")
    return Replay(
        bag=str(bag),
        policy=str(runner.path),
        same_file=None if recorded_hash is None else recorded_hash == runner.graph_hash,
        inferences=len(known),
        compared=int(chosen.sum()),
        missing=missing,
        skipped=int((~known).sum()),
        unmatched=int((known & (match < 0)).sum()),
        max_difference=_by_joint(term, difference[chosen].max(axis=0)),
        mean_difference=_by_joint(term, difference[chosen].mean(axis=0)),
        tolerance=tolerance,
        first=first,
    )


def comparable(tick: np.ndarray, stateful: bool) -> tuple[np.ndarray, tuple[int, ...]]:
    """Which inferences have a known memory, and where some are missing.

    Args:
        tick: (N,) inferences since the last reset.
        stateful: whether the policy has a memory.

    Returns:
        (N,) bool: an unbroken row of inferences leads from a reset to this one; and the rows before which
        inferences are missing.
    """
    expected = np.concatenate([[0], tick[:-1] + 1])
    # A tick of 0 is a reset: nothing is missing before it.
    gaps = np.flatnonzero((tick != expected) & (tick != 0))
    known = np.ones(len(tick), bool)
    for gap in gaps if stateful else ():
        resets = np.flatnonzero(tick[gap:] == 0)
        known[gap : gap + resets[0] if len(resets) else None] = False
    return known, tuple(gaps.tolist())


def pair(observations: Observations, commands: Joints) -> np.ndarray:
    """(N,) row of the position target that answers each inference, -1 where there is none.

    Both carry the stamp of the joint states that were used, the observation in whole microseconds. Where the
    sensors stood still and several commands carry the same stamp, the one received closest is taken.
    """
    rows: dict[int, list[int]] = {}
    for row in np.flatnonzero(commands.is_target):
        rows.setdefault(int(commands.stamp[row]) // 1000, []).append(int(row))
    match = np.full(len(observations.tick), -1)
    for i, (stamp, received) in enumerate(
        zip(observations.stamp_us.tolist(), observations.received, strict=True)
    ):
        free = rows.get(stamp)
        if free:
            closest = min(free, key=lambda row: abs(int(commands.received[row]) - int(received)))
            free.remove(closest)
            match[i] = closest
    return match


def to_json(found: Replay) -> dict[str, Any]:
    """Everything, and whether all is equal."""
    return {**dataclasses.asdict(found), "equal": found.equal}


def _run(runner: OnnxPolicy, term: ActionTerm, observations: Observations) -> np.ndarray:
    """(N, J) targets [rad]; the memory is reset where the recorded one was."""
    outputs = np.zeros((len(observations.tick), term.size))
    for row, tick in enumerate(observations.tick.tolist()):
        if tick == 0:
            runner.reset()
        outputs[row] = runner(_inputs(runner.spec, observations, row))[term.name][0]
    return outputs


def _first(
    runner: OnnxPolicy,
    term: ActionTerm,
    observations: Observations,
    outputs: np.ndarray,
    recorded: np.ndarray,
    differs: np.ndarray,
) -> First | None:
    """The first difference, with what each input does to the joint that differs most."""
    rows = np.flatnonzero(differs.any(axis=1))
    if not len(rows):
        return None
    row = int(rows[0])
    joint = int(np.abs(outputs[row] - recorded[row]).argmax())
    return First(
        row=row,
        tick=int(observations.tick[row]),
        seconds=float(observations.received[row] - observations.received[0]) / 1e9,
        joint=term.names[joint],
        recorded=float(recorded[row, joint]),
        replayed=float(outputs[row, joint]),
        influence=_influence(runner, term, observations, row, joint),
    )


def _influence(
    runner: OnnxPolicy, term: ActionTerm, observations: Observations, row: int, joint: int
) -> dict[str, float]:
    if row == 0 or observations.tick[row] == 0:
        return {}
    start = (
        row - int(np.flatnonzero(observations.tick[row::-1] == 0)[0]) if 0 in observations.tick[:row] else 0
    )
    runner.reset()
    for earlier in range(start, row):
        runner(_inputs(runner.spec, observations, earlier))
    memory = runner.state()
    now, before = (_inputs(runner.spec, observations, i) for i in (row, row - 1))

    def target(inputs: Mapping[str, np.ndarray]) -> float:
        runner.set_state(memory)
        return float(runner(inputs)[term.name][0][joint])

    whole = target(now)
    moved = {name: abs(target({**now, name: before[name]}) - whole) for name in now}
    return dict(sorted(moved.items(), key=lambda item: -item[1]))


def _inputs(spec: PolicySpec, observations: Observations, row: int) -> dict[str, np.ndarray]:
    return {
        term.name: observations.inputs[term.name][row].reshape(1, *term.shape).astype(term.dtype)
        for term in spec.inputs
    }


def _target_term(runner: OnnxPolicy) -> ActionTerm:
    terms = [term for term in runner.spec.actions if term.kind == TARGET]
    if len(terms) != 1 or terms[0].chunk != 1:
        kinds = ", ".join(f"{term.name} ({term.kind})" for term in runner.spec.actions)
        raise SpecMismatchError(
            f"{runner.path} commands {kinds}; a replay compares one {TARGET} without chunks"
        )
    return terms[0]


def _refuse_other_spec(
    bag: Bag, runner: OnnxPolicy, term: ActionTerm, observations: Observations, commands: Joints
) -> None:
    lines = []
    if "spec" in bag.facts:
        lines = PolicySpec.from_json(json.dumps(bag.facts["spec"])).interface_diff(runner.spec)
    wanted = {entry.name: entry.size for entry in runner.spec.inputs}
    found = {name: values.shape[1] for name, values in observations.inputs.items()}
    if not lines:
        lines = [f"input {name}: recorded {found.get(name, 0)} numbers, the policy takes {size}"
                 for name, size in wanted.items() if found.get(name) != size]  # fmt: skip
        lines += [f"input {name}: recorded, the policy has none" for name in found if name not in wanted]
        absent = [name for name in term.names if name not in commands.names] if commands.names else []
        lines += [f"joint {name}: the policy commands it, the recording has no such joint" for name in absent]
    if lines:
        listed = "\n  ".join(lines)
        raise SpecMismatchError(
            f"{runner.path} cannot be run on {bag.path}, recorded with another interface:\n  {listed}"
        )


def _by_joint(term: ActionTerm, values: np.ndarray) -> dict[str, float]:
    return dict(zip(term.names, values.tolist(), strict=True))
