"""How a robot's physics is stepped, and what may differ from one environment to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from landward.errors import SpecError

Array = Any


@dataclass
class PhysicsCfg:
    """Numerical settings of the rigid-body engine."""

    timestep: float = 0.005
    """Physics step [s]."""
    substeps: int = 4
    """Physics steps in one control step."""
    cone: Literal["pyramidal", "elliptic"] = "pyramidal"
    """Friction cone. Elliptic is the more accurate one and about a third slower."""
    iterations: int = 5
    """Most iterations of the constraint solver."""
    ls_iterations: int = 8
    """Most line-search iterations of the constraint solver."""
    actuator: Literal["pd", "dc_motor"] = "pd"
    """pd: torque clipped at the effort limit, integrated implicitly. dc_motor: clipped at the torque-speed
    line as well, computed once a physics step."""
    max_latency: float = 0.02
    """Longest command delay that the delay line can hold [s]."""
    contact_bodies: Literal["feet", "watched", "all"] = "watched"
    """Which links touch the ground: feet and base only; those and the watched links; every link."""
    peak_forces: int = 1
    """Contact forces are the largest of this many last physics steps."""

    @property
    def control_period(self) -> float:
        """Time between two actions [s]."""
        return round(self.timestep * self.substeps, 9)

    def validate(self) -> None:
        """Raise SpecError for settings that no engine can run."""
        if not (self.timestep > 0 and math.isfinite(self.timestep)):
            raise SpecError(f"physics.timestep is {self.timestep} s; it must be positive, such as 0.005")
        if self.substeps < 1:
            raise SpecError(f"physics.substeps is {self.substeps}; it must be at least 1")
        if not 1 <= self.peak_forces <= self.substeps:
            raise SpecError(f"physics.peak_forces is {self.peak_forces}; use 1 to substeps ({self.substeps})")
        if not (self.max_latency >= 0 and math.isfinite(self.max_latency)):
            raise SpecError(f"physics.max_latency is {self.max_latency} s; it must be 0 or positive")


@dataclass
class PhysicsParameters:
    """Per-environment physics, n environments. None leaves a parameter as it is."""

    friction: Array | None = None
    """(n,) sliding friction of the feet."""
    payload: Array | None = None
    """(n,) mass added to the base, its inertia scaled alike [kg]."""
    strength: Array | None = None
    """(n,) factor on gains and effort limits (battery, heat)."""
    stiffness: Array | None = None
    """(n, J) factor on the proportional gains."""
    damping: Array | None = None
    """(n, J) factor on the derivative gains."""
    armature: Array | None = None
    """(n,) factor on the rotor inertias."""
    latency: Array | None = None
    """(n,) delay from command to torque [s], rounded to physics steps by the engine."""

    NAMES = ("friction", "payload", "strength", "stiffness", "damping", "armature", "latency")
