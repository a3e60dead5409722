"""What actors look like: shapes in the box [-1, 1]^3 that an actor's bounding box stretches.

x is forward, y right, z up. Where the actor has a colour, its paint is that colour.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sims.carla.server.scene.labels import RIDER
from sims.carla.server.scene.vertices import Colour, Triangles, disc, hull, quads, triangles

WHITE: Colour = (255, 255, 255)
GLASS: Colour = (52, 64, 76)
RUBBER: Colour = (28, 28, 30)
SKIN: Colour = (224, 178, 148)
TROUSERS: Colour = (52, 56, 84)
STEEL: Colour = (108, 112, 116)
HOUSING: Colour = (44, 46, 44)
RED_LAMP, YELLOW_LAMP, GREEN_LAMP, BRAKE_LAMP, HEAD_LAMP = 1, 2, 4, 8, 16
"""Bits of an instance's state: the lamps that are lit."""
SHAPES: tuple[str, ...] = ("box", "far_car", "car", "van", "bike", "walker", "lights", "sign")
"""Names, by which an instance's shape is numbered."""


def _box(
    low: tuple[float, float, float], high: tuple[float, float, float], colour: Colour, **more: int
) -> Triangles:
    return triangles(quads(hull(low, high)[:5]), colour, **more)


def _wheels(centres: tuple[float, float], radius: tuple[float, float]) -> list[Triangles]:
    treads = [
        _box((x - radius[0], y, -1.0), (x + radius[0], y + 0.25, -0.6), RUBBER)[:12]
        for x in centres
        for y in (-0.98, 0.73)
    ]
    return treads + [
        triangles(disc(x, -1.0 + radius[1], radius, side), RUBBER)
        for x in centres
        for side in (-1.005, 1.005)
    ]


def _patch(x: float, y: tuple[float, float], z: tuple[float, float], colour: Colour, lamp: int) -> Triangles:
    """A lamp on the front (x > 0) or back face."""
    corners = np.array([[x, y[0], z[0]], [x, y[1], z[0]], [x, y[1], z[1]], [x, y[0], z[1]]])
    return triangles(quads(corners[None] if x > 0 else corners[None, ::-1]), colour, lamp=lamp)


def _vehicle_lamps(height: tuple[float, float]) -> list[Triangles]:
    lamps = []
    for y in ((-0.92, -0.5), (0.5, 0.92)):
        lamps.append(_patch(1.01, y, height, (235, 235, 215), HEAD_LAMP))
        lamps.append(_patch(-1.01, y, height, (220, 24, 24), BRAKE_LAMP))
    return lamps


def _car(wheels: bool) -> Triangles:
    body = _box((-1.0, -1.0, -0.72), (1.0, 1.0, 0.08), WHITE, painted=True)
    cabin = hull((-0.82, -0.94, 0.08), (0.5, 0.94, 1.0), taper=(0.2, 0.38, 0.18, 0.18))
    parts = [body, triangles(quads(cabin[:4]), GLASS), triangles(quads(cabin[4:5]), WHITE, painted=True)]
    if wheels:
        parts += [*_wheels((-0.62, 0.64), (0.17, 0.44)), *_vehicle_lamps((-0.3, -0.08))]
    return np.concatenate(parts)


def _van() -> Triangles:
    windows = [
        triangles(quads(hull((-0.9, -1.004, 0.25), (0.92, 1.004, 0.72))[2:4]), GLASS),
        _patch(1.006, (-0.92, 0.92), (0.1, 0.75), GLASS, 0),
        _patch(-1.006, (-0.8, 0.8), (0.3, 0.75), GLASS, 0),
    ]
    body = _box((-1.0, -1.0, -0.8), (1.0, 1.0, 1.0), WHITE, painted=True)
    return np.concatenate(
        [body, *windows, *_wheels((-0.66, 0.68), (0.12, 0.24)), *_vehicle_lamps((-0.55, -0.4))]
    )


def _bike() -> Triangles:
    wheels = []
    for x in (-0.64, 0.64):
        for side in (-0.1, 0.1):
            wheels.append(triangles(disc(x, -0.58, (0.36, 0.42), side), RUBBER))
    frame = _box((-0.6, -0.14, -0.5), (0.6, 0.14, -0.2), WHITE, painted=True)
    bars = _box((0.42, -0.8, -0.02), (0.52, 0.8, 0.06), STEEL)
    rider = [
        _box((-0.3, -0.7, -0.2), (0.1, 0.7, 0.58), TROUSERS, label=RIDER),
        _box((-0.22, -0.4, 0.6), (0.08, 0.4, 1.0), SKIN, label=RIDER),
    ]
    return np.concatenate([*wheels, frame, bars, *rider])


def _walker() -> Triangles:
    legs = [_box((-0.4, y, -1.0), (0.4, y + 0.42, -0.1), TROUSERS) for y in (-0.5, 0.08)]
    torso = _box((-0.55, -0.95, -0.12), (0.55, 0.95, 0.66), WHITE, painted=True)
    head = _box((-0.5, -0.42, 0.68), (0.5, 0.42, 1.0), SKIN)
    return np.concatenate([*legs, torso, head])


def _lights() -> Triangles:
    """A signal head; x is the way of the traffic it is meant for, so its lamps look back."""
    lamps = [
        _patch(-1.02, (-0.6, 0.6), (z - 0.24, z + 0.24), colour, bit)
        for z, colour, bit in (
            (0.64, (255, 40, 30), RED_LAMP),
            (0.0, (255, 200, 20), YELLOW_LAMP),
            (-0.64, (40, 255, 90), GREEN_LAMP),
        )
    ]
    return np.concatenate([triangles(quads(hull((-1.0,) * 3, (1.0,) * 3)), HOUSING), *lamps])


def _whole_box() -> Triangles:
    return triangles(quads(hull((-1.0,) * 3, (1.0,) * 3)), WHITE, painted=True)


@cache
def shapes() -> tuple[Triangles, ...]:
    """The triangles of each of SHAPES."""
    made = {
        "box": _whole_box(),
        "far_car": _car(wheels=False),
        "car": _car(wheels=True),
        "van": _van(),
        "bike": _bike(),
        "walker": _walker(),
        "lights": _lights(),
        "sign": _whole_box(),
    }
    return tuple(made[name] for name in SHAPES)
