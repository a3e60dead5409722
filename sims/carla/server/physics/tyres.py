"""Tyres: how stiff they are, and how much they hold.

The stiffness is PhysX's (its guide, "Vehicles: tire shaders"): `lat_stiff_value` times the tyre's load at
rest gives the most that a tyre can have, which it reaches at `lat_stiff_max_load` loads at rest. The load at
rest is a wheel's even share of the weight, so that the heavier axle is relatively softer and cars
understeer. The force goes over into its limit as a hyperbolic tangent: a Pacejka curve without the fall
behind its peak.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
GRAVITY = 9.81
"""[m/s2]"""
SURFACE = 0.3
"""Friction coefficient of rubber on dry asphalt a unit of CARLA's `tire_friction`: its usual 3.5 is 1.05."""
SLIDING = 0.1
"""Least share of its grip that an axle keeps sideways, however hard it brakes: a locked wheel still rubs."""


def cornering_stiffness(grip: Array, bend: Array, crest: Array) -> Array:
    """Lateral stiffness of an axle, F = C times slip angle.

    C = crest s(bend grip) with s(x) = x - x^2 / 3 + x^3 / 27, which rises to 1 at x = 3 and stays there.

    Args:
        grip: (2, n) friction coefficient times load of the axles [N].
        bend: (n,) 3 / (friction coefficient times load at rest times `lat_stiff_max_load`) [1/N].
        crest: (n,) `lat_stiff_value` times that load at rest [N/rad].

    Returns:
        (2, n) [N/rad]
    """
    x = np.minimum(grip * bend, 3.0)
    return ((x * (1.0 / 27.0) - 1.0 / 3.0) * x + 1.0) * x * crest


def lateral_share(lengthwise: Array) -> Array:
    """What the friction ellipse leaves sideways: sqrt(1 - s^2), at least a tenth.

    Args:
        lengthwise: (n,) driving and braking force in shares of the grip.
    """
    return np.sqrt(np.maximum(1.0 - lengthwise * lengthwise, SLIDING**2))
