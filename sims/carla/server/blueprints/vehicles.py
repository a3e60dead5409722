"""Blueprints of vehicles; ids as in CARLA's vehicle catalogue, kinds by general knowledge of the models."""

from __future__ import annotations

from typing import NamedTuple

from sims.carla.server.actor import Box
from sims.carla.server.blueprints.blueprint import Attribute, Blueprint, boolean, choice, fact

LABELS = {"car": 14, "van": 14, "truck": 15, "bus": 16, "motorcycle": 18, "bicycle": 19}
"""base_type -> CityObjectLabel."""
BOXES = {
    "car": Box((0.0, 0.0, 0.75), (2.3, 0.95, 0.75)),
    "van": Box((0.0, 0.0, 1.2), (2.7, 1.0, 1.2)),
    "truck": Box((0.0, 0.0, 1.6), (3.5, 1.3, 1.6)),
    "bus": Box((0.0, 0.0, 2.1), (5.1, 1.97, 2.1)),
    "motorcycle": Box((0.0, 0.0, 0.75), (1.1, 0.4, 0.75)),
    "bicycle": Box((0.0, 0.0, 0.8), (0.85, 0.25, 0.8)),
}
"""base_type -> bounding box [m] until the physics gives the model's own."""
PAINTS = ("180,44,44", "26,66,138", "245,245,245", "20,20,20", "128,128,128", "33,90,46")
ROLES = ("autopilot", "scenario", "ego_vehicle")


class Model(NamedTuple):
    """What tells one vehicle from another, physics aside."""

    base_type: str = "car"
    special_type: str = ""
    generation: int = 1
    doors: bool = False
    lights: bool = True


OLD = Model()
NEW = Model(generation=2, doors=True)
MODELS = {
    "audi.a2": OLD,
    "audi.etron": OLD._replace(special_type="electric"),
    "audi.tt": OLD,
    "bmw.grandtourer": OLD,
    "carlamotors.carlacola": OLD._replace(base_type="truck"),
    "carlamotors.european_hgv": OLD._replace(base_type="truck", generation=2),
    "carlamotors.firetruck": OLD._replace(base_type="truck", special_type="emergency", generation=2),
    "chevrolet.impala": OLD,
    "citroen.c3": OLD,
    "dodge.charger_2020": NEW,
    "dodge.charger_police": OLD._replace(special_type="emergency"),
    "dodge.charger_police_2020": NEW._replace(special_type="emergency"),
    "ford.ambulance": NEW._replace(base_type="van", special_type="emergency"),
    "ford.crown": NEW._replace(special_type="taxi"),
    "ford.mustang": OLD,
    "jeep.wrangler_rubicon": OLD,
    "lincoln.mkz_2017": OLD,
    "lincoln.mkz_2020": NEW,
    "mercedes.coupe": OLD,
    "mercedes.coupe_2020": NEW,
    "mercedes.sprinter": NEW._replace(base_type="van"),
    "micro.microlino": OLD._replace(special_type="electric"),
    "mini.cooper_s": OLD,
    "mini.cooper_s_2021": NEW,
    "mitsubishi.fusorosa": OLD._replace(base_type="bus", generation=2),
    "nissan.micra": OLD,
    "nissan.patrol": OLD,
    "nissan.patrol_2021": NEW,
    "seat.leon": OLD,
    "tesla.cybertruck": OLD._replace(base_type="truck", special_type="electric"),
    "tesla.model3": OLD._replace(special_type="electric", generation=2, doors=True),
    "toyota.prius": OLD._replace(special_type="electric"),
    "volkswagen.t2": OLD._replace(base_type="van"),
    "volkswagen.t2_2021": NEW._replace(base_type="van"),
    "harley-davidson.low_rider": OLD._replace(base_type="motorcycle"),
    "kawasaki.ninja": OLD._replace(base_type="motorcycle"),
    "vespa.zx125": OLD._replace(base_type="motorcycle"),
    "yamaha.yzf": OLD._replace(base_type="motorcycle"),
    "bh.crossbike": OLD._replace(base_type="bicycle", lights=False),
    "diamondback.century": OLD._replace(base_type="bicycle", lights=False),
    "gazelle.omafiets": OLD._replace(base_type="bicycle", lights=False),
}
"""Id without "vehicle." -> model."""


def vehicle(name: str, model: Model) -> Blueprint:
    """A vehicle's blueprint."""
    two_wheels = model.base_type in ("motorcycle", "bicycle")
    attributes = (
        Attribute("role_name", "string", ROLES[0], ROLES),
        Attribute("color", "color", PAINTS[0], PAINTS),
        *((Attribute("driver_id", "int", "1", ("1", "2", "3")),) if two_wheels else ()),
        boolean("sticky_control", True),
        boolean("terramechanics", False),
        choice("ros_name", f"vehicle.{name}"),
        fact("number_of_wheels", 2 if two_wheels else 4),
        fact("generation", model.generation),
        fact("object_type", ""),
        fact("base_type", model.base_type),
        fact("special_type", model.special_type),
        fact("has_dynamic_doors", model.doors),
        fact("has_lights", model.lights),
    )
    labels = bytes([LABELS[model.base_type]])
    return Blueprint(f"vehicle.{name}", attributes, BOXES[model.base_type], labels)


VEHICLES = tuple(vehicle(name, model) for name, model in MODELS.items())
