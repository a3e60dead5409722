"""Observation and action terms: one named array of a policy's interface each, with unit, frame and order."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any

from landward import values
from landward.errors import SpecError
from landward.kinds import ACTION_KINDS, DTYPES, IMAGE_KINDS, OBSERVATION_KINDS

Details = tuple[tuple[str, Any], ...] | Mapping[str, Any]
"""Facts that have no field of their own, such as a camera's field of view; kept as pairs sorted by key."""


@dataclasses.dataclass(frozen=True)
class Noise:
    """Measurement noise, independent for every element and step.

    Raises:
        SpecError: unknown kind, or a negative or non-finite scale.
    """

    kind: str
    """Either "uniform" or "gaussian"."""
    scale: float
    """Half-width of the uniform, standard deviation of the gaussian, in the unit of the term."""

    def __post_init__(self) -> None:
        values.check_choice(self.kind, ("uniform", "gaussian"), "noise kind")
        object.__setattr__(self, "scale", values.number(self.scale, "noise scale"))
        if self.scale < 0.0:
            raise SpecError(f"noise scale must not be negative, got {self.scale:g}")


@dataclasses.dataclass(frozen=True)
class ObservationTerm:
    """One named measurement; a network sees (x - offset) * scale of it.

    `names`, and `scale`, `offset` and `unit` where they are sequences, run along the last axis of `shape`.

    Raises:
        SpecError: a malformed field; the message names the term and the field.
    """

    name: str
    """Unique in its group; the name of the exported policy's input."""
    kind: str
    """One of OBSERVATION_KINDS."""
    shape: tuple[int, ...]
    """Without the batch axis; () for one value."""
    dtype: str = "float32"
    """One of kinds.DTYPES."""
    unit: str | tuple[str, ...] = "1"
    """SI unit; "1" where there is none. A tuple where the elements differ."""
    frame: str = ""
    """Coordinate frame, where there is one."""
    names: tuple[str, ...] = ()
    """Element names in order."""
    scale: float | tuple[float, ...] = 1.0
    offset: float | tuple[float, ...] = 0.0
    """In `unit`; subtracted before scaling."""
    clip: tuple[float, float] | None = None
    """(low, high) in `unit`, applied after the noise."""
    noise: Noise | None = None
    delay: tuple[float, float] = (0.0, 0.0)
    """(min, max) latency [s]; each environment draws its own at every reset."""
    history: int = 1
    """How many frames the network sees, the present one included."""
    details: Details = ()
    """Further facts by name: texts, booleans, numbers or sequences of numbers."""

    def __post_init__(self) -> None:
        where = f"observation term {self.name!r}"
        _normalise(self, where)
        set_field = functools.partial(object.__setattr__, self)
        set_field("delay", values.pair(self.delay, f"{where}: delay"))
        set_field("history", values.integer(self.history, f"{where}: history", least=1))
        self.validate()

    @property
    def size(self) -> int:
        """Number of elements of one frame."""
        return math.prod(self.shape)

    @property
    def is_image(self) -> bool:
        """Whether this is a picture, (height, width) or (height, width, channels), for an encoder to read."""
        return len(self.shape) in (2, 3) and (self.kind in IMAGE_KINDS or self.dtype == "uint8")

    def validate(self) -> None:
        """Check every field.

        Raises:
            SpecError: the first thing that is wrong.
        """
        where = f"observation term {self.name!r}"
        _check_common(self, where)
        values.check_choice(self.kind, OBSERVATION_KINDS, f"{where}: kind")
        _check_along_last_axis(self, ("names", "unit", "scale", "offset"), where)
        if self.noise is not None and not isinstance(self.noise, Noise):
            raise SpecError(f"{where}: noise must be a Noise, got {self.noise!r}")
        if self.delay[0] < 0.0:
            raise SpecError(f"{where}: delay must not be negative, got {self.delay[0]:g} s")
        if self.dtype == "str" and (self.noise, self.clip, self.scale, self.offset) != (None, None, 1.0, 0.0):
            raise SpecError(f"{where}: a text has no noise, clip, scale or offset")


@dataclasses.dataclass(frozen=True)
class ActionTerm:
    """One named command; its SI target is offset + scale * clip(raw).

    `names`, `limits`, the gains, and `scale`, `offset` and `unit` where they are sequences, run along the
    last axis of `shape`; only for the kind "discrete", `names` are the choices and the value is an index into
    them.

    Raises:
        SpecError: a malformed field; the message names the term and the field.
    """

    name: str
    """Unique in its spec; the name of the exported policy's output."""
    kind: str
    """One of ACTION_KINDS."""
    shape: tuple[int, ...]
    """Without the batch and chunk axes; () for one value. A chunked term's target is (N, chunk, *shape)."""
    names: tuple[str, ...] = ()
    """Element names in order; the choices of a discrete action."""
    unit: str | tuple[str, ...] = "1"
    """SI unit of the target; "1" where there is none. A tuple where the elements differ."""
    frame: str = ""
    """Coordinate frame, where there is one."""
    scale: float | tuple[float, ...] = 1.0
    """`unit` per unit of the raw action."""
    offset: float | tuple[float, ...] = 0.0
    """In `unit`."""
    clip: tuple[float, float] | None = None
    """(low, high) of the raw action."""
    limits: tuple[tuple[float, float], ...] = ()
    """(low, high) of every element's target, in `unit`; none when empty."""
    chunk: int = 1
    """How many targets, one control period apart, one inference gives."""
    stiffness: tuple[float, ...] = ()
    """Proportional gain of every element's controller [unit of force per `unit`]."""
    damping: tuple[float, ...] = ()
    """Derivative gain of every element's controller [unit of force per `unit`/s]."""
    effort_limit: tuple[float, ...] = ()
    """Largest force or torque of every element [N or N m]."""
    dtype: str = "float32"
    """One of kinds.DTYPES."""
    details: Details = ()
    """Further facts by name: texts, booleans, numbers or sequences of numbers."""

    def __post_init__(self) -> None:
        where = f"action term {self.name!r}"
        _normalise(self, where)
        set_field = functools.partial(object.__setattr__, self)
        pairs = enumerate(self.limits)
        set_field("limits", tuple(values.pair(item, f"{where}: limits[{index}]") for index, item in pairs))
        set_field("chunk", values.integer(self.chunk, f"{where}: chunk", least=1))
        for field in ("stiffness", "damping", "effort_limit"):
            set_field(field, values.numbers(getattr(self, field), f"{where}: {field}"))
        self.validate()

    @property
    def size(self) -> int:
        """Number of elements of one target."""
        return math.prod(self.shape)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the SI target without the batch axis."""
        return (self.chunk, *self.shape) if self.chunk > 1 else self.shape

    def validate(self) -> None:
        """Check every field.

        Raises:
            SpecError: the first thing that is wrong.
        """
        where = f"action term {self.name!r}"
        _check_common(self, where)
        values.check_choice(self.kind, ACTION_KINDS, f"{where}: kind")
        fields = ("unit", "scale", "offset", "limits", "stiffness", "damping", "effort_limit")
        _check_along_last_axis(self, fields if self.kind == "discrete" else ("names", *fields), where)
        for field in ("stiffness", "damping", "effort_limit"):
            for index, gain in enumerate(getattr(self, field)):
                if gain < 0.0:
                    raise SpecError(f"{where}: {field}[{index}] must not be negative, got {gain:g}")
        if self.kind == "discrete" and not self.names:
            raise SpecError(f"{where}: a discrete action needs `names`, the choices in order")
        if self.kind == "discrete" and "int" not in self.dtype:
            raise SpecError(f"{where}: a discrete action is an index; give it dtype 'int64'")
        if self.dtype == "str":
            raise SpecError(f"{where}: an action cannot be a text; give it a numeric dtype")


def _normalise(term: ObservationTerm | ActionTerm, where: str) -> None:
    """Turn lists, arrays and NumPy scalars into tuples and Python numbers."""
    set_field = functools.partial(object.__setattr__, term)
    axes = term.shape if hasattr(term.shape, "__iter__") else (term.shape,)
    set_field("shape", tuple(values.integer(size, f"{where}: shape", least=1) for size in axes))
    set_field("names", values.strings(term.names, f"{where}: names"))
    if not isinstance(term.unit, str):
        set_field("unit", values.strings(term.unit, f"{where}: unit"))
    set_field("scale", values.number_or_numbers(term.scale, f"{where}: scale"))
    set_field("offset", values.number_or_numbers(term.offset, f"{where}: offset"))
    if term.clip is not None:
        set_field("clip", values.pair(term.clip, f"{where}: clip"))
    set_field("details", values.details(term.details, f"{where}: details"))


def _check_common(term: ObservationTerm | ActionTerm, where: str) -> None:
    values.check_name(term.name, f"{where}: name")
    values.check_choice(term.dtype, DTYPES, f"{where}: dtype")
    values.check_unique(term.names, f"{where}: names", "element")
    values.text(term.frame, f"{where}: frame")
    for field in ("unit", "scale", "offset"):
        if getattr(term, field) == ():
            raise SpecError(f"{where}: {field} is empty; give one value, or one for each element")


def _check_along_last_axis(term: ObservationTerm | ActionTerm, fields: tuple[str, ...], where: str) -> None:
    last = term.shape[-1] if term.shape else 1
    for field in fields:
        values.check_count(
            getattr(term, field), last, f"{where}: {field}", f"shape {term.shape}, along the last axis"
        )
