"""The observation groups of a spec, made of its terms: pipelines for numbers, images as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.array import NumpyRandom
from landward.errors import SpecError
from landward.pipeline import ObservationPipeline
from landward.spec import PolicySpec
from landward.terms import ObservationTerm

Arrays = dict[str, NDArray[Any]]


class ObservationGroups:
    """Observations of N environments from their terms.

    A group of numbers goes through an observation pipeline. An image is a group by itself, as it is measured:
    its scale belongs to the network's graph.
    """

    def __init__(self, spec: PolicySpec, num_envs: int, seed: int) -> None:
        """Lay the groups out.

        Args:
            spec: the contract.
            num_envs: N.
            seed: of noise and delays.

        Raises:
            SpecError: an image with noise, delay or history, which nothing here applies.
        """
        self._spec = spec
        self._measured: Arrays = {}
        self._images = {name: _plain(term).name for name, term in spec.images.items()}
        self._pipelines: dict[str, ObservationPipeline] = {}
        for name, terms in spec.groups.items():
            if name not in self._images:
                random = NumpyRandom(seed + len(self._pipelines))
                self._pipelines[name] = ObservationPipeline(terms, num_envs, spec.control_period, random)

    def observe(self, terms: Mapping[str, NDArray[Any]]) -> Arrays:
        """The observations of a control step: new arrays.

        Args:
            terms: name -> (N, *shape) true values in SI units.
        """
        groups: Arrays = {}
        for name in self._spec.groups:
            if name in self._images:
                groups[name] = np.array(terms[self._images[name]])
            else:
                pipeline = self._pipelines[name]
                groups[name] = pipeline.encode(pipeline.measure(terms))
        self._images_of(groups)
        return groups

    def begin(self, rows: NDArray[np.int64], terms: Mapping[str, NDArray[Any]], now: Arrays) -> Arrays:
        """The observations after new episodes began in some rows; the others stay as they are.

        Args:
            rows: sorted unique indices of environments; all of them where there was no step yet.
            terms: name -> (N, *shape); the chosen rows are those of the new episodes.
            now: what `observe` or `begin` returned last; empty where there was no step yet.
        """
        groups: Arrays = {}
        for name in self._spec.groups:
            if name in self._images:
                groups[name] = np.array(now.get(name, terms[self._images[name]]))
                groups[name][rows] = terms[self._images[name]][rows]
            else:
                self._pipelines[name].reset(rows, terms)
                groups[name] = self._pipelines[name].obs
        self._images_of(groups)
        return groups

    def measurements(self) -> Arrays:
        """The actor's terms as an exported policy is fed them now, name -> (N, *shape)."""
        values: Arrays = dict(self._measured)
        for name in self._spec.actor:
            if name in self._pipelines:
                pipeline = self._pipelines[name]
                values |= pipeline.split(pipeline.si)
        return {term.name: values[term.name] for term in self._spec.inputs}

    def _images_of(self, groups: Arrays) -> None:
        self._measured = {term: groups[name] for name, term in self._images.items()}


def _plain(term: ObservationTerm) -> ObservationTerm:
    if term.noise is not None or term.history > 1 or any(term.delay):
        raise SpecError(f"the image {term.name!r} has noise, delay or history: leave them out")
    return term
