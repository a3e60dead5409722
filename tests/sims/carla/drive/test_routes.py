"""Seeded route sets."""

import dataclasses

import numpy as np
import pytest

from landward.errors import LandwardError
from sims.carla.drive.cfg import RouteCfg, junction_cfg, lane_cfg, route_cfg
from sims.carla.drive.geometry import wrap
from sims.carla.drive.lanes import LaneGraph
from sims.carla.drive.routes import routes, starts
from sims.carla.maps.town import load_town


def test_sets_are_disjoint_and_cover_all_spawn_points():
    train, held = (starts(40, RouteCfg(), split) for split in ("train", "heldout"))
    assert not set(train) & set(held)
    assert sorted(train + held) == list(range(40))
    assert len(held) == 10


def test_the_same_arguments_give_the_same_routes(graph, spawn_points):
    first, second = (routes(graph, spawn_points, route_cfg().route, "heldout", 5) for _ in range(2))
    assert [route.name for route in first] == [route.name for route in second]
    assert all(np.array_equal(a.xy, b.xy) for a, b in zip(first, second, strict=True))
    other = routes(graph, spawn_points, route_cfg().route, "heldout", 5, seed=9)
    assert [route.name for route in first] != [route.name for route in other]


@pytest.mark.parametrize("make", [route_cfg, lane_cfg, junction_cfg])
def test_routes_are_as_long_as_asked_for(graph, spawn_points, make):
    cfg = make().route
    found = routes(graph, spawn_points, cfg, "train", 20)
    assert len(found) == 20
    assert len({route.name for route in found}) == 20
    for route in found:
        assert cfg.length[0] - 1.0 <= route.length <= cfg.length[1] + 1.0
        assert route.junctions >= cfg.junctions


def test_train_and_heldout_begin_at_different_places(graph, spawn_points):
    cfg = route_cfg().route
    train, held = (routes(graph, spawn_points, cfg, split, 40) for split in ("train", "heldout"))
    assert not {tuple(r.xy[0]) for r in train} & {tuple(r.xy[0]) for r in held}


def test_a_town_without_such_routes_says_so(graph, spawn_points):
    cfg = dataclasses.replace(route_cfg().route, length=(5000.0, 5001.0))
    with pytest.raises(LandwardError, match=r"has no train route of 5000 to 5001 m .* change --env\.drive"):
        routes(graph, spawn_points[:4], cfg, "train", 3)


@pytest.mark.parametrize("name", ["Roundabout", "Highway"])
def test_other_towns_have_smooth_routes(name):
    town = load_town(name)
    poses = np.asarray(town.spawn_points)
    points = np.stack((poses[:, 0], poses[:, 1], np.radians(poses[:, 4])), axis=-1)
    found = routes(LaneGraph(town.map), points, route_cfg().route, "heldout", 12)
    assert len(found) == 12
    assert max(np.abs(wrap(np.diff(route.yaw))).max() for route in found) < 0.2
