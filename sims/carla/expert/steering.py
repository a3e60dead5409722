"""Pure pursuit, and how fast a curve may be taken.

R. C. Coulter, Implementation of the pure pursuit path tracking algorithm, CMU-RI-TR-92-01 (1992).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def lookahead(speed: float, time: float = 0.6, shortest: float = 3.5, longest: float = 14.0) -> float:
    """Distance of the point that is steered for [m]: `time` seconds of driving, within bounds."""
    return float(np.clip(speed * time + 2.0, shortest, longest))


def pursuit_angle(target: Floats, wheelbase: float) -> float:
    """Angle of the front wheels that leads on an arc through a point [rad], positive to the LEFT.

    The arc's curvature is 2 y / (x^2 + y^2); a wheel angle delta drives the curvature tan(delta) / wheelbase.

    Args:
        target: (2,) the point, seen from the rear axle: x forward, y left [m].
        wheelbase: [m].
    """
    distance = float(target[0] ** 2 + target[1] ** 2)
    if distance < 1e-6:
        return 0.0
    return float(np.arctan(wheelbase * 2.0 * float(target[1]) / distance))


def curvature(yaw: Floats, s: Floats, window: float = 4.0) -> Floats:
    """(P,) change of heading per metre along a route, measured over `window` metres [1/m].

    Args:
        yaw: (P,) heading [rad].
        s: (P,) arc length [m].
        window: a heading may jump where two lanes meet; over the window such jumps average out.
    """
    unwrapped = np.unwrap(yaw)
    ahead = np.interp(np.minimum(s + window / 2.0, s[-1]), s, unwrapped)
    behind = np.interp(np.maximum(s - window / 2.0, s[0]), s, unwrapped)
    return (ahead - behind) / window


def curve_speed(
    curvatures: Floats, distance: Floats, lateral: float, braking: float, slowest: float = 3.0
) -> float:
    """Speed now that lets every curve ahead be taken [m/s].

    At a curve v^2 |k| = lateral acceleration; before it, v^2 = v_curve^2 + 2 b d.

    Args:
        curvatures: (P,) ahead [1/m].
        distance: (P,) to each [m], those passed are 0.
        lateral: acceptable acceleration [m/s^2].
        braking: acceptable deceleration before a curve [m/s^2].
        slowest: no curve asks for less [m/s].
    """
    if not len(curvatures):
        return np.inf
    square = np.maximum(lateral / np.maximum(np.abs(curvatures), 1e-6), slowest**2)
    return float(np.sqrt(np.min(square + 2.0 * braking * np.maximum(distance, 0.0))))
