"""A blueprint and its attributes, as the client is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sims.carla.server.actor import Box

Kind = Literal["bool", "int", "float", "string", "color"]
KINDS: dict[Kind, int] = {"bool": 1, "int": 2, "float": 3, "string": 4, "color": 5}
"""ActorAttributeType as it is on the wire."""


@dataclass(frozen=True)
class Attribute:
    """One attribute of a blueprint."""

    name: str
    kind: Kind
    value: str
    """The default."""
    recommended: tuple[str, ...] = ()
    modifiable: bool = True

    def to_wire(self) -> list[Any]:
        """ActorAttribute."""
        return [self.name, KINDS[self.kind], self.value, list(self.recommended), self.modifiable, False]


@dataclass(frozen=True)
class Blueprint:
    """Something that can be spawned."""

    id: str
    """Such as vehicle.tesla.model3."""
    attributes: tuple[Attribute, ...] = ()
    box: Box = Box()
    """Bounding box in its own frame; a system that knows the actor better sets another."""
    tags: bytes = b""
    """CityObjectLabels, one byte each."""
    streams: bool = False
    """Whether it is a sensor that sends data."""

    def to_wire(self, uid: int) -> list[Any]:
        """ActorDefinition; the id's own words are its tags."""
        return [uid, self.id, self.id.replace(".", ","), [each.to_wire() for each in self.attributes]]


def integer(name: str, value: int) -> Attribute:
    """An attribute of type int."""
    return Attribute(name, "int", str(value))


def real(name: str, value: float) -> Attribute:
    """An attribute of type float."""
    return Attribute(name, "float", str(float(value)))


def boolean(name: str, value: bool) -> Attribute:
    """An attribute of type bool."""
    return Attribute(name, "bool", str(value).lower())


def choice(name: str, *values: str) -> Attribute:
    """An attribute of type string; the first value is the default."""
    return Attribute(name, "string", values[0], values)


def fact(name: str, value: str | int | bool) -> Attribute:
    """An attribute that clients can only read."""
    kind: Kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "string"
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return Attribute(name, kind, shown, modifiable=False)
