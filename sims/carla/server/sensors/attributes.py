"""Attributes of a sensor's description as numbers within bounds, since they come from clients."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sims.carla.server.actor import Description
from sims.carla.server.blueprints.library import library
from sims.carla.server.errors import RpcError


class Attributes:
    """A sensor's attributes; those that the client left out have the blueprint's value.

    Raises (each method):
        RpcError: the attribute is no number, or outside of its bounds.
    """

    def __init__(self, description: Description) -> None:
        self.type_id = description.type_id
        blueprint = library().by_id[description.type_id]
        self._values: Mapping[str, str] = {
            **{attribute.name: attribute.value for attribute in blueprint.attributes},
            **{name: value for name, _, value in description.attributes},
        }

    def real(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A float from low to high."""
        try:
            value = float(self._values[name])
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and low <= value <= high):
            raise RpcError(
                f"Spawn failed because of invalid actor description: {name} of {self.type_id} is "
                f"{self._values[name]!r}, and must be a number from {low:g} to {high:g}"
            )
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        """An int from low to high; a fraction is cut off."""
        return int(self.real(name, low, high))

    def flag(self, name: str) -> bool:
        """True or false."""
        return self._values[name].lower() in ("true", "1")

    def reals(self, *names: str) -> tuple[float, ...]:
        """Several floats."""
        return tuple(self.real(name) for name in names)
