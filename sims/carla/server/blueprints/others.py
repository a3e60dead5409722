"""Blueprints of walkers, props, triggers and what else can be spawned."""

from __future__ import annotations

from sims.carla.server.actor import Box
from sims.carla.server.blueprints.blueprint import Attribute, Blueprint, boolean, choice, fact, real

PEDESTRIAN, STATIC, DYNAMIC = 12, 20, 21
"""CityObjectLabels."""
WALKERS = 50
CHILDREN = frozenset({9, 10, 11, 12, 13, 14, 48, 49})
"""Numbers of the walkers that are children; whom a number shows is our choice."""
WALKING = {"adult": ("0.0", "1.4", "3.0"), "child": ("0.0", "1.1", "2.4")}
"""Age -> speeds [m/s] of standing, walking and running."""
STATURE = {
    "adult": Box((0.0, 0.0, 0.0), (0.19, 0.19, 0.93)),
    "child": Box((0.0, 0.0, 0.0), (0.25, 0.25, 0.64)),
}
"""Age -> bounding box [m] around the middle of the body, which is where a walker's transform is."""
SIZES = {
    "tiny": (0.1, 0.1, 0.1),
    "small": (0.25, 0.25, 0.4),
    "medium": (0.5, 0.4, 0.5),
    "big": (0.9, 0.6, 0.9),
    "huge": (3.0, 1.25, 1.3),
}
"""Size attribute -> half sizes [m] of a prop that has none of its own."""
PLAIN = {
    "tiny": "briefcase brokentile01 brokentile02 brokentile03 brokentile04 colacan mobile motorhelmet "
    "platformgarbage01 purse wateringcan",
    "small": "bin box01 box02 box03 clothcontainer creasedbox01 creasedbox02 creasedbox03 doghouse "
    "gardenlamp gnome guitarcase helmet ironplank mailbox plantpot01 plantpot02 plantpot03 plantpot04 "
    "plantpot05 plantpot06 plantpot07 plantpot08 plasticbag pushchair shoppingbag shoppingtrolley streetsign "
    "streetsign01 streetsign04 trashbag trashcan01 trashcan02 trashcan03 trashcan04 trashcan05 travelcase",
    "medium": "atm barbeque barrel bench01 bench02 bench03 calibrator fountain garbage01 glasscontainer "
    "maptable plasticchair plastictable slide streetfountain swing swingcouch table trampoline",
    "big": "advertisement kiosk_01",
}
"""Size -> ids without "static.prop." of props that have its box."""
PROPS: dict[str, tuple[str, tuple[float, float, float]]] = {
    **{name: (size, SIZES[size]) for size, names in PLAIN.items() for name in names.split()},
    "busstop": ("huge", (2.2, 0.9, 1.3)),
    "busstoplb": ("huge", (2.2, 0.9, 1.3)),
    "chainbarrier": ("small", (0.75, 0.12, 0.5)),
    "chainbarrierend": ("small", (0.12, 0.12, 0.5)),
    "constructioncone": ("small", (0.17, 0.17, 0.29)),
    "container": ("huge", (3.0, 1.22, 1.3)),
    "dirtdebris01": ("medium", (1.2, 1.1, 0.1)),
    "dirtdebris02": ("medium", (1.0, 0.9, 0.1)),
    "dirtdebris03": ("medium", (0.9, 0.8, 0.1)),
    "streetbarrier": ("medium", (0.6, 0.19, 0.54)),
    "trafficcone01": ("small", (0.2, 0.2, 0.36)),
    "trafficcone02": ("small", (0.2, 0.2, 0.36)),
    "trafficwarning": ("big", (1.18, 1.0, 1.8)),
    "vendingmachine": ("big", (0.55, 0.45, 1.0)),
    "warningaccident": ("medium", (0.53, 0.4, 0.6)),
    "warningconstruction": ("medium", (0.53, 0.4, 0.6)),
}
"""Id without "static.prop." -> (size, half sizes [m]); sizes by general knowledge of the things."""


def walker(index: int) -> Blueprint:
    """A pedestrian's blueprint."""
    age = "child" if index in CHILDREN else "adult"
    attributes = (
        choice("role_name", "pedestrian"),
        choice("ros_name", f"walker.pedestrian.{index:04d}"),
        Attribute("speed", "float", WALKING[age][0], WALKING[age]),
        boolean("is_invincible", True),
        boolean("use_wheelchair", False),
        fact("gender", "female" if index % 2 else "male"),
        fact("age", age),
        fact("generation", 1 if index <= 14 else 2),
        fact("can_use_wheelchair", False),
    )
    return Blueprint(f"walker.pedestrian.{index:04d}", attributes, STATURE[age], bytes([PEDESTRIAN]))


def prop(name: str) -> Blueprint:
    """A prop's blueprint; its box stands on the ground."""
    size, extent = PROPS[name]
    attributes = (choice("role_name", "prop"), choice("ros_name", f"static.prop.{name}"), fact("size", size))
    return Blueprint(f"static.prop.{name}", attributes, Box((0.0, 0.0, extent[2]), extent), bytes([DYNAMIC]))


MESH = Blueprint(
    "static.prop.mesh",
    (choice("role_name", "prop"), choice("mesh_path", ""), real("mass", 0.0), real("scale", 1.0)),
    Box((0.0, 0.0, 0.5), (0.5, 0.5, 0.5)),
    bytes([DYNAMIC]),
)
"""A box of a metre: this server has no mesh files, and reads no path that a client names."""
FRICTION = Blueprint(
    "static.trigger.friction",
    (choice("role_name", "trigger"), real("friction", 3.5), *(real(f"extent_{axis}", 1.0) for axis in "xyz")),
)
CONTROLLER = Blueprint("controller.ai.walker", (choice("role_name", "controller"),))
EMPTY = Blueprint("util.actor.empty", (choice("role_name", "empty"),))

OTHERS = (
    *(walker(index) for index in range(1, WALKERS + 1)),
    *(prop(name) for name in sorted(PROPS)),
    MESH,
    FRICTION,
    CONTROLLER,
    EMPTY,
)
