"""The towns of our own as the real client reads them: closed, smooth, and lawful."""

import math

import numpy as np
import pytest

from sims.carla.maps.generate.highway import highway
from sims.carla.maps.generate.network import Network
from sims.carla.maps.generate.roundabout import roundabout
from sims.carla.maps.generate.town_small import town_small
from sims.carla.maps.generate.xodr import to_text
from sims.carla.maps.town import FOLDER, available
from tests.sims.carla.maps.networks import NEAR, backwards, driving, edges, following, last, reachable, town

carla = pytest.importorskip("carla")
NAMES = ("Highway", "Roundabout", "Town_Small")


@pytest.mark.parametrize("network", [highway(), roundabout(), town_small()], ids=lambda network: network.name)
def test_the_committed_files_are_what_the_generator_writes(network: Network) -> None:
    assert (FOLDER / f"{network.name}.xodr").read_text(encoding="utf-8") == to_text(network)


def test_all_towns_are_offered() -> None:
    assert available() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_lanes_go_on_without_gap_or_kink(name: str) -> None:
    """Not a centimetre, not a degree."""
    for strip in driving(town(name)):
        end, found = last(town(name), strip), following(town(name), strip)
        assert found, f"road {strip.road} lane {strip.lane} is a dead end"
        for start in found:
            assert (start.road_id, start.lane_id) != (strip.road, strip.lane)
            gap = end.transform.location.distance(start.transform.location)
            turn = end.transform.rotation.yaw - start.transform.rotation.yaw
            assert gap < 3 * NEAR + 0.01, f"road {strip.road} lane {strip.lane}: {gap:.3f} m"
            assert abs((turn + 180) % 360 - 180) < 1.0, f"road {strip.road} lane {strip.lane}: {turn:.2f} deg"


@pytest.mark.parametrize("name", NAMES)
def test_every_lane_is_reached_from_every_other(name: str) -> None:
    graph = edges(town(name))
    some = next(iter(graph))
    assert reachable(graph, some) == set(graph) == reachable(backwards(graph), some)


@pytest.mark.parametrize("name", NAMES)
def test_lanes_are_changed_only_over_dashes(name: str) -> None:
    """As the client reports it, with the mark that it reports beside it."""
    for strip in driving(town(name)):
        if strip.junction < 0:
            waypoint = town(name).map.get_waypoint_xodr(strip.road, strip.lane, float(strip.s.mean()))
            allowed = str(waypoint.lane_change) in ("Right", "Both")
            assert allowed == (str(waypoint.right_lane_marking.type) == "Broken")


@pytest.mark.parametrize("name", NAMES)
def test_vehicles_spawn_in_their_lane_clear_of_junctions(name: str) -> None:
    points = town(name).spawn_points
    assert len(points) >= 150
    assert len(np.unique(points.round(3), axis=0)) == len(points)
    for x, y, z, pitch, yaw, roll in points[:60]:
        where = carla.Location(x, y, z)
        waypoint = town(name).map.get_waypoint(where)
        assert waypoint.transform.location.distance(where) == pytest.approx(0.3, abs=0.2)
        assert math.cos(math.radians(waypoint.transform.rotation.yaw - yaw)) > 0.9999
        assert (pitch, roll) == pytest.approx((0, 0))
        assert not any(w.is_junction for w in (*waypoint.next(9.9), *waypoint.previous(9.9), waypoint))


def test_the_small_town_is_as_the_docs_tell() -> None:
    small = town("Town_Small")
    kinds = [signal.kind for signal in small.signals]
    assert (kinds.count("light"), kinds.count("stop"), kinds.count("yield")) == (17, 6, 1)
    junctions = {strip.junction for strip in small.strips} - {-1}
    lit = {signal.junction for signal in small.signals if signal.kind == "light"}
    assert len(junctions) == 8 and len(lit) == 5 and lit < junctions
    assert {strip.speed for strip in driving(small) if strip.junction < 0} == {30.0, 50.0}
    roads = {strip.road: strip.length for strip in small.strips if strip.junction < 0}
    assert 1500 < sum(roads.values()) < 4000
    assert len(small.map.get_crosswalks()) == 5 * len(small.crosswalks) == 5 * 26


def test_the_highway_has_three_lanes_each_way_and_no_crossing() -> None:
    fast = town("Highway")
    assert {strip.speed for strip in driving(fast)} == {60.0, 80.0, 90.0, 120.0}
    lanes = [len([s for s in driving(fast) if s.road == road]) for road in {s.road for s in driving(fast)}]
    assert lanes.count(3) >= 10 and lanes.count(4) == 2
    assert not [s for s in fast.signals if s.kind != "speed_limit"]
