"""Arrays that an environment and its worker processes share: one row an environment, no copy on the way."""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.constraint import Constraint
from landward.errors import LandwardError
from landward.spec import PolicySpec

ALIGNMENT = 64
"""[bytes] Every array begins at a multiple of it, a cache line, so that workers do not share one."""
OBS, FINAL, STATE = "obs.", "final.", "state."
"""Prefixes of the names: observation terms, the same at the end of an episode, entries for constraints."""


@dataclass(frozen=True)
class Field:
    """One array of a block."""

    name: str
    shape: tuple[int, ...]
    """Of one environment's row."""
    dtype: str

    @property
    def nbytes(self) -> int:
        """Size of a row, rounded up to the alignment."""
        size = math.prod(self.shape) * np.dtype(self.dtype).itemsize
        return -(-size // ALIGNMENT) * ALIGNMENT


def fields_of(spec: PolicySpec) -> tuple[Field, ...]:
    """What workers of a task write: terms, final terms, what constraints read, reward and ends."""
    terms = {term.name: term for group in spec.groups.values() for term in group}
    observed = [
        Field(prefix + name, term.shape, term.dtype)
        for prefix in (OBS, FINAL)
        for name, term in terms.items()
    ]
    entries = [Field(STATE + name, (), "float32") for name in state_entries(spec.constraints)]
    ends = [Field("reward", (), "float32"), Field("terminated", (), "bool"), Field("truncated", (), "bool")]
    return (*observed, *entries, *ends)


def state_entries(constraints: Iterable[Constraint]) -> tuple[str, ...]:
    """Names that the constraints read, in order, each once."""
    names = (name for c in constraints for name in (c.reads, c.reference, c.when) if name)
    return tuple(dict.fromkeys(names))


class Block:
    """Anonymous shared memory; it goes with the last process that has it open."""

    def __init__(self, fields: Iterable[Field], num_envs: int, descriptor: int | None = None) -> None:
        """Map the memory.

        Args:
            fields: the arrays; the same in all processes.
            num_envs: N rows.
            descriptor: of the memory that another process made; new memory, all zeros, when None.

        Raises:
            LandwardError: this is not Linux.
        """
        if not hasattr(os, "memfd_create"):
            raise LandwardError("simulators in worker processes need Linux: they share memory without a file")
        self.fields: tuple[Field, ...] = tuple(fields)
        self._row = sum(field.nbytes for field in self.fields)
        size = max(self._row * num_envs, 1)
        self.descriptor = os.memfd_create("landward", 0) if descriptor is None else descriptor
        if descriptor is None:
            os.ftruncate(self.descriptor, size)
        self._memory = mmap.mmap(self.descriptor, size)
        self.arrays: Mapping[str, NDArray[Any]] = self._views(num_envs)
        """Name -> (N, *shape)."""
        self._named: dict[str, list[tuple[str, str, NDArray[Any]]]] = {}

    def named(self, prefix: str) -> list[tuple[str, str, NDArray[Any]]]:
        """(whole name, name without the prefix, array) of the arrays under a prefix.

        Args:
            prefix: one of OBS, FINAL and STATE, or "" for those that have none.
        """
        if prefix not in self._named:
            marks = (OBS, FINAL, STATE)
            self._named[prefix] = [
                (key, key.removeprefix(prefix), array)
                for key, array in self.arrays.items()
                if key.startswith(prefix or tuple(marks)) == bool(prefix)
            ]
        return self._named[prefix]

    def _views(self, num_envs: int) -> dict[str, NDArray[Any]]:
        views, start = {}, 0
        for field in self.fields:
            dtype = np.dtype(field.dtype)
            inner = np.empty(field.shape, dtype).strides
            views[field.name] = np.ndarray(
                (num_envs, *field.shape), dtype, self._memory, start, (self._row, *inner)
            )
            start += field.nbytes
        return views

    def close(self) -> None:
        """Close this process's end; the arrays must not be used any more."""
        if self.descriptor >= 0:
            self.arrays, self._named = {}, {}
            os.close(self.descriptor)
            self.descriptor = -1
