"""Engines and gearboxes by class of vehicle."""

from __future__ import annotations

from dataclasses import dataclass

Curve = tuple[tuple[float, float], ...]
"""Points (x, y) of a piecewise linear function, x ascending; constant beyond its ends."""


@dataclass(frozen=True)
class Gear:
    """One forward gear (GearPhysicsControl)."""

    ratio: float
    down_ratio: float
    """Share of the engine's maximum speed below which the automatic gearbox shifts down."""
    up_ratio: float
    """Share of the engine's maximum speed above which it shifts up."""


@dataclass(frozen=True)
class Engine:
    """An engine with its gearbox."""

    torque: Curve
    """Engine speed [rpm] -> torque at full throttle [N m]."""
    max_rpm: float
    gears: tuple[Gear, ...]
    final_ratio: float
    inertia: float = 1.0
    """[kg m2] Turns with the engine."""
    switch_time: float = 0.3
    """[s] Without drive while the gear changes."""
    damping: tuple[float, float, float] = (0.02, 0.16, 0.05)
    """[N m s] Torque lost a unit of engine speed: at full throttle; without throttle in gear; without
    throttle in neutral. CARLA has 0.15, 2.0 and 0.35 for all its vehicles, which stops a car that is let go
    within metres (its issue 3256); these let it coast as a real one does."""


def gears(*ratios: float, down: float = 0.3, up: float = 0.65) -> tuple[Gear, ...]:
    """Gears that shift at the same engine speeds."""
    return tuple(Gear(ratio, down, up) for ratio in ratios)


FIVE = gears(3.73, 2.05, 1.39, 1.03, 0.82)
"""Ratios as CARLA prints them for a small car; the shift points are ours, for they give 0 to 100 km/h as the
manufacturers state it."""
SIX = gears(4.58, 2.96, 1.91, 1.44, 1.0, 0.74)
"""Ford 6F55, as the Lincoln MKZ has it."""

ENGINES: dict[str, Engine] = {
    "compact": Engine(
        ((0.0, 120.0), (1900.0, 150.0), (4500.0, 145.0), (6300.0, 105.0)), 6300.0, FIVE, 4.0, 0.2
    ),
    "petrol": Engine(
        ((0.0, 240.0), (1900.0, 300.0), (4500.0, 300.0), (6500.0, 230.0)), 6500.0, FIVE, 4.0, 0.3
    ),
    "mkz": Engine(((0.0, 300.0), (1900.0, 373.0), (4500.0, 373.0), (6500.0, 280.0)), 6500.0, SIX, 3.36, 0.3),
    "sport": Engine(((0.0, 400.0), (1890.76, 500.0), (5729.58, 400.0)), 6500.0, FIVE, 3.5, 0.3),
    "electric": Engine(
        ((0.0, 400.0), (1890.76, 500.0), (4800.47, 499.61), (9000.0, 310.0), (15000.0, 190.0)),
        15000.0,
        gears(2.26),
        4.0,
        0.05,
        damping=(0.02, 0.15, 0.05),
    ),
    "microcar": Engine(
        ((0.0, 80.0), (1500.0, 89.0), (4500.0, 65.0), (7000.0, 40.0)), 7000.0, gears(2.0), 4.0, 0.05
    ),
    "diesel": Engine(
        ((0.0, 280.0), (1600.0, 400.0), (2800.0, 380.0), (4500.0, 250.0)), 4500.0, FIVE, 4.0, 0.4
    ),
    "heavy": Engine(
        ((0.0, 700.0), (1100.0, 1100.0), (1700.0, 1050.0), (2600.0, 700.0)),
        2600.0,
        gears(6.7, 3.8, 2.3, 1.5, 1.0, 0.75, down=0.4, up=0.85),
        4.3,
        1.0,
    ),
    "motorcycle": Engine(
        ((0.0, 60.0), (3000.0, 80.0), (9000.0, 110.0), (12000.0, 90.0)),
        12000.0,
        gears(5.0, 3.6, 2.8, 2.3, 2.0, 1.8, down=0.3, up=0.8),
        2.4,
        0.02,
        switch_time=0.15,
        damping=(0.01, 0.06, 0.02),
    ),
    "scooter": Engine(
        ((0.0, 9.0), (5000.0, 11.0), (8000.0, 10.0)),
        8500.0,
        gears(1.0),
        9.0,
        0.01,
        damping=(0.002, 0.01, 0.005),
    ),
    "bicycle": Engine(
        ((0.0, 55.0), (60.0, 30.0), (170.0, 10.0)), 190.0, gears(1.0), 1.0, 0.0, damping=(0.0, 0.0, 0.0)
    ),
}
"""By class. The curve of `sport` and the first three points of that of `electric` are CARLA's own, as
get_physics_control prints them for its cars; the others are fitted so that 0 to 100 km/h and top speed come
out as the manufacturers state them."""
