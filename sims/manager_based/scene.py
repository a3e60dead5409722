"""What the spec needs to know of a task's scene; each simulator's adapter answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Joints:
    """The joints that a term selects, in the order in which the simulator gives their values."""

    names: tuple[str, ...]
    slides: tuple[bool, ...]
    """Which are slides (metres and newtons) and not hinges."""
    default_pos: tuple[float, ...] | None
    """The default pose [rad or m]; None where it differs between environments."""
    default_vel: tuple[float, ...] | None
    """Default velocities [rad/s or m/s]; None where they differ between environments."""


@dataclass(frozen=True)
class Gains:
    """Of a joint controller, one number a joint; empty where the simulator cannot tell."""

    stiffness: tuple[float, ...] = ()
    """[N m/rad or N/m]"""
    damping: tuple[float, ...] = ()
    """[N m s/rad or N s/m]"""
    effort_limit: tuple[float, ...] = ()
    """[N m or N]"""


class Scene(Protocol):
    """Names and defaults of a task's robots and commands."""

    def joints(self, entity: Any) -> Joints:
        """The joints that a SceneEntityCfg selects."""
        ...

    def named_joints(self, asset: str, names: tuple[str, ...]) -> Joints:
        """Joints of an asset by their names."""
        ...

    def gains(self, asset: str, names: tuple[str, ...]) -> Gains:
        """Gains of the controllers of an asset's joints."""
        ...

    def command(self, name: str) -> tuple[str, ...]:
        """The element names of a command term, as the library has them; empty where unknown."""
        ...
