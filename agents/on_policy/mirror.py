"""Left-right mirror of observations and actions, built from the spec and the robot's declaration.

Mirroring is the reflection y -> -y of the body frame (x forward, y left, z up): vectors change the sign of y,
axial vectors (angular velocity) those of x and z, joints and feet swap sides. A mirrored sample is as valid
as the original one, so training on both makes a policy symmetric and doubles its data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tensordict import TensorDict

from landward.errors import SpecError
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from robots.robot import Robot
from sims.velocity.height_scan import mirror_permutation

POLAR = (1.0, -1.0, 1.0)
AXIAL = (-1.0, 1.0, -1.0)
VECTOR_SIGNS: dict[str, tuple[float, ...]] = {
    "angular_velocity": AXIAL,
    "linear_velocity": POLAR,
    "linear_acceleration": POLAR,
    "projected_gravity": POLAR,
    "command": (1.0, -1.0, -1.0),
}
"""Kind -> sign of (x, y, z); a command is a planar velocity (vx, vy, yaw rate)."""
UNCHANGED = ("physics_parameters",)
"""Kinds without a side."""


@dataclass(frozen=True)
class SignedPermutation:
    """The map x -> sign * x[..., index] of the last axis."""

    index: np.ndarray
    """(D,) integers."""
    sign: np.ndarray
    """(D,) float32, +1 or -1."""

    @staticmethod
    def join(parts: Sequence[SignedPermutation]) -> SignedPermutation:
        """Side by side, as concatenated columns."""
        starts = np.cumsum([0, *(len(p.index) for p in parts[:-1])])
        index = np.concatenate([p.index + start for p, start in zip(parts, starts, strict=True)])
        return SignedPermutation(index, np.concatenate([p.sign for p in parts]))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The mirror image of an array (..., D)."""
        return x[..., self.index] * self.sign

    def check_affine(self, term: ObservationTerm | ActionTerm, where: str) -> None:
        """Raise SpecError unless the term's scale and offset are mirror images of themselves."""
        scale, offset = (np.broadcast_to(v, term.shape or (1,)).ravel() for v in (term.scale, term.offset))
        if not np.allclose(scale[self.index], scale):
            raise SpecError(f"{where}: left and right have different scales, so it cannot be mirrored")
        if not np.allclose(self.sign * offset[self.index], offset, atol=1e-6):
            raise SpecError(f"{where}: the offsets of left and right are not mirror images of each other")


@dataclass(frozen=True)
class Mirror:
    """Mirror maps of everything a policy reads and writes; usable as rsl_rl's augmentation function."""

    groups: Mapping[str, SignedPermutation]
    """Observation group -> map of its encoded columns."""
    action: SignedPermutation
    """Map of the raw actions."""

    def __call__(
        self, env: Any, obs: TensorDict | None, actions: torch.Tensor | None
    ) -> tuple[TensorDict | None, torch.Tensor | None]:
        """Append mirrored rows, as rsl_rl's `Symmetry` asks for.

        Args:
            env: unused.
            obs: groups (B, D) or None.
            actions: (B, A) or None.

        Returns:
            Both with 2 B rows, originals first; None where the input is None.
        """
        if obs is not None:
            both = {
                name: _with_mirrored(obs[name], mirror) for name, mirror in self.groups.items() if name in obs
            }
            obs = TensorDict(both, batch_size=[2 * obs.batch_size[0]])
        return obs, None if actions is None else _with_mirrored(actions, self.action)


def build_mirror(spec: PolicySpec, robot: Robot, groups: Sequence[str]) -> Mirror:
    """Derive the mirror maps of a policy.

    Args:
        spec: kinds, element names, scales, offsets and history lengths of all terms.
        robot: mirror images of joints and feet.
        groups: observation groups of flat terms that the policy or its critic reads.

    Raises:
        SpecError: a term has no known mirror image; the message names it.
    """
    actions = [_action_map(term, robot) for term in spec.actions]
    action = SignedPermutation.join(actions)
    maps = {}
    for group in groups:
        terms = [_observation_map(term, robot, action, f"{group}.{term.name}") for term in spec.group(group)]
        maps[group] = SignedPermutation.join(terms)
    return Mirror(maps, action)


def _with_mirrored(x: torch.Tensor, mirror: SignedPermutation) -> torch.Tensor:
    index = torch.from_numpy(mirror.index).to(x.device)
    return torch.cat([x, x.index_select(1, index) * torch.from_numpy(mirror.sign).to(x.device)])


def _action_map(term: ActionTerm, robot: Robot) -> SignedPermutation:
    where = f"action '{term.name}'"
    if term.kind == "twist" and tuple(term.shape) == (3,):
        part = SignedPermutation(np.arange(3), np.array(VECTOR_SIGNS["command"], np.float32))
    elif set(term.names) <= set(robot.mirror) and len(term.names) == term.size and term.chunk == 1:
        part = _by_name(term.names, robot.mirror, where)
    else:
        raise SpecError(
            f"{where} of kind '{term.kind}' has no known mirror image: switch mirror augmentation off"
        )
    part.check_affine(term, where)
    return part


def _observation_map(
    term: ObservationTerm, robot: Robot, action: SignedPermutation, where: str
) -> SignedPermutation:
    frame = _frame_map(term, robot, action, f"observation '{where}'")
    frame.check_affine(term, f"observation '{where}'")
    return SignedPermutation.join([frame] * term.history)


def _frame_map(
    term: ObservationTerm, robot: Robot, action: SignedPermutation, where: str
) -> SignedPermutation:
    size, names = term.size, term.names
    feet = {foot: (image, 1.0) for foot, image in robot.mirror_feet}
    if term.kind in UNCHANGED:
        return SignedPermutation(np.arange(size), np.ones(size, np.float32))
    if term.kind == "last_action" and size == len(action.index):
        return action
    if term.kind in VECTOR_SIGNS and size == 3:
        return SignedPermutation(np.arange(3), np.array(VECTOR_SIGNS[term.kind], np.float32))
    if names and set(names) <= set(robot.mirror):
        part = _by_name(names, robot.mirror, where)
    elif names and set(names) <= set(feet):
        part = _by_name(names, feet, where)
    elif term.kind == "height_scan" and names and all("_y" in name for name in names):
        part = _grid(names, where)
    else:
        raise SpecError(
            f"{where} of kind '{term.kind}' and shape {term.shape} has no known mirror image: give its "
            "elements the names of joints or feet, or switch mirror augmentation off"
        )
    if size != len(names):
        raise SpecError(f"{where} has {size} numbers for {len(names)} element names: it cannot be mirrored")
    return part


def _by_name(names: Sequence[str], images: Mapping[str, tuple[str, float]], where: str) -> SignedPermutation:
    missing = [images[name][0] for name in names if images[name][0] not in names]
    if missing:
        raise SpecError(f"{where} lacks {missing[0]}, the mirror image of one of its elements")
    index = np.array([list(names).index(images[name][0]) for name in names])
    return SignedPermutation(index, np.array([images[name][1] for name in names], np.float32))


def _grid(names: Sequence[str], where: str) -> SignedPermutation:
    try:
        index = mirror_permutation(tuple(names))
    except SpecError as error:
        raise SpecError(f"{where}: {error}") from error
    return SignedPermutation(np.array(index), np.ones(len(names), np.float32))
