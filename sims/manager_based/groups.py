"""How a manager lays a group of observations out, and what the spec makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from landward.errors import SpecError
from landward.spec import ObservationTerm

Tensor = torch.Tensor


@dataclass(frozen=True)
class Group:
    """One group of the spec.

    A manager concatenates a group's terms, or returns them as a dictionary; an image is always a group of its
    own here, so a dictionary with images gives several groups.
    """

    name: str
    """In the spec."""
    source: str
    """In the manager."""
    terms: tuple[ObservationTerm, ...]
    keys: tuple[str, ...] = ()
    """The terms' names in the manager's dictionary; empty where the manager concatenates."""
    time_major: bool = False
    """The manager's history is frame by frame, each with all terms; ours is term by term."""

    @property
    def is_image(self) -> bool:
        """One term that stays as it is, (N, *shape)."""
        return len(self.terms) == 1 and (len(self.terms[0].shape) > 1 or self.terms[0].dtype != "float32")

    def arrange(self, source: Tensor | Mapping[str, Tensor]) -> Tensor:
        """What the manager returned for `source` as the spec has it: (N, D) float32, or an image as it is."""
        if isinstance(source, Mapping):
            parts = [source[key] for key in self.keys]
            value = parts[0] if self.is_image else torch.cat([part.flatten(1) for part in parts], 1)
        else:
            value = source
        if self.is_image:
            return value
        value = value.to(torch.float32)
        return _term_major(self.terms, value) if self.time_major else value


def group_of(
    source: str, terms: tuple[ObservationTerm, ...], concatenated: bool, time_major: bool = False
) -> tuple[Group, ...]:
    """The groups of the spec that one group of a manager becomes.

    Args:
        source: name of the manager's group.
        terms: in order, named as in the manager.
        concatenated: the manager concatenates them.
        time_major: it orders history by time.

    Raises:
        SpecError: images that are concatenated with other terms.
    """
    images = [term for term in terms if len(term.shape) > 1]
    if concatenated:
        if images and len(terms) > 1:
            raise SpecError(
                f"observation group {source!r} concatenates the image {images[0].name!r} with other terms: "
                "set concatenate_terms to False in the task's configuration"
            )
        return (Group(source, source, terms, time_major=time_major),)
    flat = tuple(term for term in terms if len(term.shape) <= 1)
    groups = [Group(source, source, flat, tuple(term.name for term in flat))] if flat else []
    for term in images:
        name = source if len(terms) == 1 else f"{source}_{term.name}"
        groups.append(Group(name, source, (term,), (term.name,)))
    return tuple(groups)


def si_values(terms: tuple[ObservationTerm, ...], encoded: Tensor) -> dict[str, Tensor]:
    """The SI values of a group's newest frame, name -> (N, *shape), recovered from what the network sees.

    The manager computes noise, clip, scale, delay and history in this order, so the newest frame divided by
    the scale is the measurement with noise, clip and delay, which is what an exported policy is fed. A term
    with scale 0 tells nothing; it gives its offset, from which the policy computes the same 0.

    Args:
        terms: of the group, in order.
        encoded: (N, D) with histories term by term, oldest frame first; or an image, as it is.
    """
    if encoded.ndim > 2 or encoded.dtype != torch.float32:
        return {terms[0].name: encoded}
    values, start = {}, 0
    for term in terms:
        stop = start + term.size * term.history
        frame = encoded[:, stop - term.size : stop].reshape(-1, *term.shape)
        values[term.name] = _unscale(term, frame)
        start = stop
    return values


def _unscale(term: ObservationTerm, frame: Tensor) -> Tensor:
    if term.scale != 1.0:
        scale = torch.as_tensor(term.scale, dtype=torch.float32, device=frame.device)
        frame = torch.where(scale == 0.0, 0.0, frame / torch.where(scale == 0.0, 1.0, scale))
    if term.offset != 0.0:
        return frame + torch.as_tensor(term.offset, dtype=torch.float32, device=frame.device)
    return frame


def _term_major(terms: tuple[ObservationTerm, ...], value: Tensor) -> Tensor:
    frames = value.reshape(value.shape[0], terms[0].history, -1)
    parts = frames.split([term.size for term in terms], 2)
    return torch.cat([part.flatten(1) for part in parts], 1)
