import fnmatch

import msgpack
import pytest

from sims.carla.server.blueprints.blueprint import KINDS
from sims.carla.server.blueprints.library import library

PROGRAMS_NAME = """
vehicle.lincoln.mkz_2017 vehicle.lincoln.mkz_2020 vehicle.tesla.model3 vehicle.audi.tt
vehicle.chevrolet.impala vehicle.dodge.charger_police_2020 vehicle.carlamotors.carlacola
vehicle.nissan.micra vehicle.nissan.patrol vehicle.volkswagen.t2 vehicle.jeep.wrangler_rubicon
vehicle.kawasaki.ninja vehicle.diamondback.century vehicle.bh.crossbike vehicle.gazelle.omafiets
walker.pedestrian.0001 static.prop.streetbarrier static.prop.chainbarrier static.prop.constructioncone
static.prop.container static.prop.vendingmachine static.prop.trafficwarning static.prop.warningconstruction
static.prop.warningaccident static.prop.dirtdebris01 static.prop.dirtdebris02 static.prop.mesh
static.trigger.friction controller.ai.walker sensor.camera.rgb sensor.camera.depth
sensor.camera.semantic_segmentation sensor.lidar.ray_cast sensor.lidar.ray_cast_semantic sensor.other.radar
sensor.other.imu sensor.other.gnss sensor.other.collision sensor.other.lane_invasion sensor.other.obstacle
"""
"""Blueprints that CARLA's own examples, scenario_runner and the leaderboard ask for by name."""


def wire() -> list:
    """The library as the client gets it."""
    return msgpack.unpackb(library().packed)[0][1]


def test_what_public_programs_name_is_there() -> None:
    assert set(PROGRAMS_NAME.split()) <= set(library().by_id)


def test_definitions_are_well_formed() -> None:
    uids = [uid for uid, *_ in wire()]
    assert uids == list(range(1, len(uids) + 1))
    for _, name, tags, attributes in wire():
        assert tags.split(",") == name.split(".")
        assert "role_name" in {attribute[0] for attribute in attributes}, name
        assert len({attribute[0] for attribute in attributes}) == len(attributes), name
        for _, kind, value, recommended, modifiable, restricted in attributes:
            assert kind in KINDS.values()
            assert isinstance(value, str)
            assert isinstance(modifiable, bool) and isinstance(restricted, bool)
            assert not recommended or value == recommended[0]


@pytest.mark.parametrize(
    ("pattern", "least"), [("vehicle.*", 41), ("walker.*", 50), ("sensor.*", 15), ("static.prop.*", 80)]
)
def test_there_are_as_many_as_carla_has(pattern: str, least: int) -> None:
    assert len(fnmatch.filter(library().by_id, pattern)) >= least


def test_vehicles_tell_what_programs_filter_by() -> None:
    for name, blueprint in library().by_id.items():
        if name.startswith("vehicle."):
            values = {attribute.name: attribute.value for attribute in blueprint.attributes}
            kind = values["base_type"]
            assert kind in ("car", "truck", "van", "bus", "motorcycle", "bicycle")
            assert values["number_of_wheels"] == ("2" if kind in ("motorcycle", "bicycle") else "4")
            assert values["generation"] in ("1", "2")


def test_walkers_have_a_speed_to_walk_and_one_to_run() -> None:
    (speed,) = (each for each in library().by_id["walker.pedestrian.0001"].attributes if each.name == "speed")
    still, walk, run = map(float, speed.recommended)
    assert still == 0.0 < walk < run


def test_only_sensors_that_send_have_a_stream() -> None:
    streaming = {name for name, blueprint in library().by_id.items() if blueprint.streams}
    sensors = {name for name in library().by_id if name.startswith("sensor.")}
    assert sensors - streaming == {"sensor.other.lane_invasion"}
    assert streaming <= sensors
