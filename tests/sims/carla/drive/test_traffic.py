"""Where other road users are put."""

import numpy as np

from sims.carla.drive.cfg import TrafficCfg
from sims.carla.drive.traffic import choose_places, kerbs
from tests.sims.carla.drive.scenes import straight

PLACES = np.array([[5.0, 0.0], [40.0, 20.0], [60.0, -30.0], [500.0, 0.0], [0.0, 400.0]])


def choose(count, seed=0, **changes):
    return choose_places(
        PLACES, straight(), TrafficCfg(vehicles=count, **changes), np.random.default_rng(seed)
    )


def test_places_near_the_route_come_first_and_the_start_stays_free():
    assert set(choose(2)) == {1, 2}
    assert set(choose(9)) == {1, 2, 3, 4}
    assert 0 in choose(9, clear=1.0)


def test_the_seed_decides():
    assert choose(9, seed=4) == choose(9, seed=4)
    assert len({tuple(choose(4, seed=seed)) for seed in range(8)}) > 1


def test_no_vehicles_or_no_places():
    assert choose(0) == []
    assert choose_places(np.zeros((0, 2)), straight(), TrafficCfg(), np.random.default_rng(0)) == []


def test_kerbs_face_each_other_across_both_directions():
    sides, z = kerbs(straight(left=1.75, right=1.75), np.random.default_rng(2))
    assert z == 0.0
    assert sides[0, 0] == sides[1, 0]
    right, left = max(sides[:, 1]), min(sides[:, 1])
    assert 1.75 + 1.5 <= right <= 1.75 + 3.0
    assert -(5.25 + 3.0) <= left <= -(5.25 + 1.5), "beyond the opposite lane"
