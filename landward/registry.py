"""Named things that users, and packages outside this repository, add to: robots, tasks, verbs."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, cast

from landward.errors import LandwardError, RegistryError


class Registry[T]:
    """Names and the values behind them, in the order of registration.

    A value is handed out so that no caller can change what the next one gets: a frozen dataclass as it is,
    the result of a new call for a callable, a deep copy of anything else.

    A package adds to a registry without being imported first, by an entry point in the registry's group.
    Its name is the registered name; its target is the value (`go1 = "robots.go1:GO1"`) or a module that
    registers the name when it is imported (`go1 = "robots.go1"`). An entry point is loaded only when its
    own name is looked up.
    """

    def __init__(self, kind: str, entry_point_group: str) -> None:
        """Make an empty registry.

        Args:
            kind: what is registered, in the singular, for messages: "robot".
            entry_point_group: "landward.robots".
        """
        self.kind = kind
        self.entry_point_group = entry_point_group
        self._values: dict[str, T | Callable[[], T]] = {}

    def register(self, name: str, value: T | Callable[[], T]) -> None:
        """Add a value, or a function that makes one, under a name.

        Raises:
            RegistryError: the name is taken by another value.
        """
        if self._values.get(name, value) is not value:
            raise RegistryError(
                f"the {self.kind} {name!r} is registered twice: as {_origin(self._values[name])} and as "
                f"{_origin(value)}; give one of them another name"
            )
        self._values[name] = value

    def get(self, name: str) -> T:
        """The value of that name, safe to change.

        Raises:
            RegistryError: the name is unknown (the closest are listed), or its entry point does not load.
        """
        if name not in self._values:
            self._load(name)
        value: Any = self._values[name]
        if callable(value):
            return cast(T, value())
        return value if _is_frozen(value) else copy.deepcopy(value)

    def names(self) -> list[str]:
        """Every known name, sorted, without importing what is behind it."""
        return sorted({*self._values, *(point.name for point in self._entry_points())})

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def _entry_points(self) -> list[EntryPoint]:
        # An editable install of a checkout on sys.path can list the same entry point twice.
        return list(dict.fromkeys(entry_points(group=self.entry_point_group)))

    def _load(self, name: str) -> None:
        points = [point for point in self._entry_points() if point.name == name]
        if not points:
            raise RegistryError(self._unknown(name))
        for point in points:
            where = f"entry point {point.name} = {point.value} in {self.entry_point_group}"
            try:
                value = point.load()
            except LandwardError:
                raise
            except Exception as error:
                raise RegistryError(
                    f"the {self.kind} {name!r} does not load ({where}): {type(error).__name__}: {error}; "
                    "mend or uninstall the package that declares it"
                ) from error
            if not isinstance(value, ModuleType):
                self.register(name, value)
        if name not in self._values:
            raise RegistryError(
                f"importing {points[0].value} did not register the {self.kind} {name!r}, "
                f"which its entry point in {self.entry_point_group} promises"
            )

    def _unknown(self, name: str) -> str:
        known = self.names()
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        if not known:
            remedy = f"none is installed: packages add one with an entry point in {self.entry_point_group}"
        elif close:
            remedy = f"did you mean {', '.join(close)}? (all: {', '.join(known)})"
        else:
            remedy = f"choose one of {', '.join(known)}"
        return f"unknown {self.kind} {name!r}: {remedy}"


def _is_frozen(value: Any) -> bool:
    parameters = getattr(type(value), "__dataclass_params__", None)
    return parameters is not None and parameters.frozen


def _origin(value: Any) -> str:
    module = getattr(value, "__module__", "") or type(value).__module__
    return f"{module}.{getattr(value, '__qualname__', type(value).__qualname__)}"
