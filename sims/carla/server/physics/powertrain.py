"""Engine and gearbox.

The clutch is either closed, and engine and wheels turn together, or open while the gear changes. The force at
the wheels is ratio / radius times what the engine gives: its torque curve times the throttle, less what it
loses in proportion to its speed (PhysX's damping rates, blended by the throttle).
"""

from __future__ import annotations

import numpy as np

RPM = 60.0 / (2.0 * np.pi)
"""[rpm] A radian a second."""
LATENCY = 1.0
"""[s] The automatic gearbox waits so long before it shifts again; as Unreal has it."""


def shift(gear: int, share: float, thresholds: list[tuple[float, float]]) -> int:
    """The gear that an automatic gearbox takes next.

    Args:
        gear: the present forward gear, from 1.
        share: engine speed in shares of its maximum.
        thresholds: (down, up) of each gear.
    """
    down, up = thresholds[gear - 1]
    if share > up and gear < len(thresholds):
        return gear + 1
    if share < down and gear > 1:
        return gear - 1
    return gear
