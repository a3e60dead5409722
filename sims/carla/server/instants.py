"""The resolution of a world's time."""

from __future__ import annotations

import math

INSTANTS = 2.0**32
"""[1/s]"""


def exact(dt: float) -> float:
    """The length of a step [s] as a world's time counts it: the next whole number of instants.

    Sums and differences of such times are exact, so that what waits for a time, such as a gearbox or a
    client's TrafficManager, waits for as many steps whenever it begins. Sums of 0.1 are not: whether 0.5 s
    are over after five of them would depend on when they began.
    """
    return math.ceil(dt * INSTANTS) / INSTANTS
