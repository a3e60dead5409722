"""The intelligent driver model: how hard to accelerate behind a leader, before a stop line, or alone.

M. Treiber, A. Hennecke, D. Helbing, Congested traffic states in empirical observations and microscopic
simulations, Physical Review E 62 (2000), 1805, equations (2) and (3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class IdmCfg:
    """How somebody drives."""

    acceleration: float = 2.0
    """a: largest [m/s^2]."""
    braking: float = 2.5
    """b: comfortable deceleration [m/s^2]."""
    headway: float = 1.3
    """T: time to the leader [s]."""
    jam: float = 2.5
    """s0: gap at standstill [m]."""
    exponent: float = 4.0
    """delta."""
    hardest: float = 8.0
    """Strongest braking [m/s^2]; what dry tyres give."""


def free_acceleration(speed: float, wanted: float, cfg: IdmCfg) -> float:
    """The free term a (1 - (v / v0)^delta), not below -b [m/s^2].

    Args:
        speed: own [m/s].
        wanted: v0 [m/s]; at 0 the answer is -b.
        cfg: the driver.
    """
    if wanted <= 0.0:
        return -cfg.braking
    return max(cfg.acceleration * (1.0 - (max(speed, 0.0) / wanted) ** cfg.exponent), -cfg.braking)


def interaction(speed: float, gap: Floats, leader_speed: Floats, cfg: IdmCfg) -> Floats:
    """The term a (s* / s)^2, the deceleration that each leader causes, (N,) [m/s^2].

    Args:
        speed: own [m/s].
        gap: (N,) s, bumper to bumper [m].
        leader_speed: (N,) along the own way [m/s].
        cfg: the driver.
    """
    approach = speed * (speed - np.asarray(leader_speed)) / (2.0 * np.sqrt(cfg.acceleration * cfg.braking))
    wanted = cfg.jam + np.maximum(0.0, speed * cfg.headway + approach)
    return cfg.acceleration * (wanted / np.maximum(gap, 0.1)) ** 2


def acceleration(speed: float, wanted: float, gap: Floats, leader_speed: Floats, cfg: IdmCfg) -> float:
    """What the most demanding leader leaves of the free acceleration [m/s^2].

    Args:
        speed: own [m/s].
        wanted: speed on a free road [m/s].
        gap: (N,) to each leader [m]; none is fine.
        leader_speed: (N,) [m/s].
        cfg: the driver.
    """
    held_back = float(np.max(interaction(speed, gap, leader_speed, cfg), initial=0.0))
    return max(free_acceleration(speed, wanted, cfg) - held_back, -cfg.hardest)


def stopping(speed: float, distance: float, cfg: IdmCfg) -> float:
    """Acceleration that ends at a stop line: comfortable as long as it can be [m/s^2].

    IDM keeps its jam distance from a leader; a line is to be reached. The constant deceleration to stop on it
    is v^2 / (2 d); until that is as hard as the comfortable one the line asks for nothing.

    Args:
        speed: own [m/s].
        distance: of the front bumper to the line [m]; past it, the hardest braking is the answer.
        cfg: the driver.
    """
    if distance <= 0.0:
        return -cfg.hardest
    needed = speed * speed / (2.0 * distance)
    # 0.6: begins a little early, so that the pedals' delay is made good before the braking gets hard.
    if needed < 0.6 * cfg.braking and distance > 1.0:
        return np.inf
    return -min(needed, cfg.hardest)


def can_stop(speed: float, distance: float, braking: float) -> bool:
    """Whether constant braking [m/s^2] stops within the distance [m]."""
    return speed * speed <= 2.0 * braking * max(distance, 0.0)
