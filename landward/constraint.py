"""A constraint, declared once: training, evaluation and the robot's monitor read the same object."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from landward import values
from landward.array import Array, array_namespace, as_float32, constant
from landward.errors import SpecError

MEASURES = ("abs", "upper", "lower")
"""abs: |x| - limit; upper: x - limit; lower: limit - x."""


@dataclasses.dataclass(frozen=True)
class Constraint:
    """A bound on one entry of the robot state; `value(...) > 0` means violated.

    Raises:
        SpecError: a malformed field.
    """

    name: str
    """Unique in its spec."""
    reads: str
    """The state entry that is bounded: (N,), (N, k) or (N, ...), the last flattened to (N, k)."""
    limit: float | tuple[float, ...]
    """The bound, in `unit`; one number, or one for each of the k elements that are read."""
    unit: str
    """Unit of the entry and of the limit."""
    kind: str = "soft"
    """A "soft" violation terminates with a probability of at most p_max. A "hard" one with a probability of
    up to 1, from the first step of training on: no start, no ramp. Both grow with the violation."""
    p_max: float = 0.25
    """Largest termination probability of a soft constraint, in (0, 1]; CaT does not use it for a hard one."""
    dead_band: float = 0.0
    """Excess that is tolerated, in `unit`; not negative."""
    measure: str = "abs"
    """One of MEASURES."""
    reference: str = ""
    """State entry that is subtracted first; none when empty."""
    elements: tuple[str, ...] = ()
    """The elements of the entry that are bounded, by name; all when empty."""
    when: str = ""
    """A boolean (N,) state entry that switches the constraint on; always on when empty."""
    ramp: bool = True
    """Whether the p_max curriculum applies (soft constraints only)."""

    def __post_init__(self) -> None:
        where = f"constraint {self.name!r}"
        set_field = functools.partial(object.__setattr__, self)
        set_field("limit", values.number_or_numbers(self.limit, f"{where}: limit"))
        set_field("p_max", values.number(self.p_max, f"{where}: p_max"))
        set_field("dead_band", values.number(self.dead_band, f"{where}: dead_band"))
        set_field("elements", values.strings(self.elements, f"{where}: elements"))
        self.validate()

    def validate(self) -> None:
        """Check every field.

        Raises:
            SpecError: the first thing that is wrong.
        """
        where = f"constraint {self.name!r}"
        values.check_name(self.name, f"{where}: name")
        values.check_name(self.reads, f"{where}: reads")
        for field in ("unit", "reference", "when"):
            values.text(getattr(self, field), f"{where}: {field}")
        values.check_choice(self.kind, ("soft", "hard"), f"{where}: kind")
        values.check_choice(self.measure, MEASURES, f"{where}: measure")
        values.check_unique(self.elements, f"{where}: elements", "name")
        if self.limit == ():
            raise SpecError(f"{where}: limit is empty; give one number, or one for each element")
        if self.elements:
            values.check_count(
                self.limit, len(self.elements), f"{where}: limit", "one for each of `elements`"
            )
        if not 0.0 < self.p_max <= 1.0:
            raise SpecError(f"{where}: p_max must be in (0, 1], got {self.p_max:g}")
        if self.dead_band < 0.0:
            raise SpecError(f"{where}: dead_band must not be negative, got {self.dead_band:g}")
        if not isinstance(self.ramp, bool):
            raise SpecError(f"{where}: ramp must be true or false, got {self.ramp!r}")

    def value(self, state: Mapping[str, Array], names: Mapping[str, tuple[str, ...]]) -> Array:
        """How far the state is beyond the bound: measure(x - reference) - limit - dead_band.

        Args:
            state: named arrays of N environments.
            names: state entry -> names of its elements; needed only where `elements` is set.

        Returns:
            (N, k) in `unit`; > 0 violated, 0 where `when` switches the constraint off. NaN where the state is
            NaN.

        Raises:
            SpecError: the state lacks an entry, an element name is unknown, or the limit has the wrong
                length.
        """
        x = self._columns(state, self.reads, names)
        xp = array_namespace(x)
        if self.reference:
            x = x - self._columns(state, self.reference, names)
        bound = self._bound(x, xp)
        if self.measure == "lower":
            value = bound - x
        elif self.measure == "upper":
            value = x - bound
        else:
            value = xp.abs(x) - bound
        if self.when:
            gate = _entry(state, self.when, self.name)
            value = xp.where(gate[:, None], value, xp.zeros_like(value))
        return value

    def violated(self, state: Mapping[str, Array], names: Mapping[str, tuple[str, ...]]) -> Array:
        """(N, k) bool: where the constraint is violated; a NaN counts as a violation."""
        return ~(self.value(state, names) <= 0.0)

    def _columns(self, state: Mapping[str, Array], entry: str, names: Mapping[str, tuple[str, ...]]) -> Array:
        """A state entry as float (N, k), with the chosen elements only."""
        x = _entry(state, entry, self.name)
        xp = array_namespace(x)
        if x.dtype not in (xp.float32, xp.float64):
            x = as_float32(x)
        if x.ndim != 2:
            x = xp.reshape(x, (x.shape[0], -1))
        # A reference may be one number an environment; then it is subtracted from every element.
        if not self.elements or (entry == self.reference and x.shape[1] in (1, len(self.elements))):
            return x
        return x[:, _element_index(self.name, self.reads, self.elements, tuple(names.get(self.reads, ())))]

    def _bound(self, x: Array, xp: Any) -> Array | float:
        """Limit and dead band in the direction of the measure, ready to be subtracted."""
        slack = -self.dead_band if self.measure == "lower" else self.dead_band
        if not isinstance(self.limit, tuple):
            return self.limit + slack
        if len(self.limit) != x.shape[1]:
            raise SpecError(
                f"constraint {self.name!r}: limit has {len(self.limit)} numbers but {self.reads!r} has "
                f"{x.shape[1]} elements"
            )
        return constant([limit + slack for limit in self.limit], xp, getattr(x, "device", None))


def _entry(state: Mapping[str, Array], entry: str, constraint: str) -> Array:
    try:
        return state[entry]
    except KeyError:
        raise SpecError(
            f"constraint {constraint!r} reads {entry!r}, which the state lacks; "
            f"it has {', '.join(sorted(state))}"
        ) from None


@functools.lru_cache(maxsize=1024)
def _element_index(
    constraint: str, reads: str, elements: tuple[str, ...], names: tuple[str, ...]
) -> slice | list[int]:
    """Columns of the chosen elements; a slice where they are evenly spaced, because a slice is a view."""
    missing = [element for element in elements if element not in names]
    if missing:
        known = ", ".join(names) if names else "none: the names mapping lacks this entry"
        raise SpecError(f"constraint {constraint!r}: {reads!r} has no element {missing[0]!r}; it has {known}")
    index = [names.index(element) for element in elements]
    stride = index[1] - index[0] if len(index) > 1 else 1
    if stride > 0 and index == list(range(index[0], index[-1] + 1, stride)):
        return slice(index[0], index[-1] + 1, stride)
    return index
