"""CaRL's reward, every factor by hand numbers (card C8)."""

import numpy as np
import pytest

from sims.carla.drive.cfg import RewardCfg
from sims.carla.drive.reward import (
    Penalties,
    comfort_factor,
    factors,
    lane_factor,
    outside_factor,
    reward,
    speed_factor,
    ttc_factor,
    uncomfortable,
)
from sims.carla.drive.route import RoadOption
from sims.carla.drive.terms import COMFORT, TIMERS
from tests.sims.carla.drive.scenes import ego_at, scene, straight

CALM = dict.fromkeys(COMFORT, 0.0)


def test_outside():
    assert (outside_factor(0.0), outside_factor(0.01)) == (1.0, 0.0)


def test_speeding():
    assert speed_factor(10.0, 10.0, 2.23) == 1.0
    assert speed_factor(3.0, 10.0, 2.23) == 1.0
    assert speed_factor(11.115, 10.0, 2.23) == pytest.approx(0.5)
    assert speed_factor(13.0, 10.0, 2.23) == 0.0


def test_time_to_collision():
    assert (ttc_factor(0.0, 0.5), ttc_factor(0.1, 0.5)) == (1.0, 0.5)


def test_comfort_is_the_share_of_the_six():
    assert comfort_factor(CALM, 0.5) == 1.0
    assert comfort_factor(CALM | {"jerk": 3.0, "yaw_rate": 1.0}, 0.5) == pytest.approx(1.0 - 0.5 * 2 / 6)
    assert comfort_factor(dict.fromkeys(COMFORT, 1.0), 0.5) == pytest.approx(0.5)


def test_lane():
    assert (lane_factor(3.0, 3.0, 0.5), lane_factor(3.1, 3.0, 0.5)) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("lon_acceleration", 2.3, 2.5),
        ("lon_acceleration", -4.0, -4.1),
        ("lat_acceleration", 4.8, -4.9),
        ("jerk", 8.3, 8.4),
        ("lon_jerk", -4.1, 4.2),
        ("yaw_rate", 0.94, -0.96),
        ("yaw_acceleration", 1.9, -2.0),
    ],
)
def test_comfort_limits(name, good, bad):
    assert uncomfortable(CALM | {name: good}) == ()
    assert uncomfortable(CALM | {name: bad}) == (name,)


def test_penalties_last_as_long_as_asked_for():
    penalties = Penalties(RewardCfg(penalty_s=2.0))
    penalties.update(scene(ego=ego_at(yaw_rate=1.0)), True, 0.1)
    lasting = 0
    while penalties.remaining["yaw_rate"] > 1e-9:
        assert penalties.remaining["time_to_collision"] > 0.0
        penalties.update(scene(), False, 0.1)
        lasting += 1
    assert lasting == 20
    assert all(penalties.remaining[name] < 1e-9 for name in TIMERS)


def test_the_lane_timer_runs_only_away_from_the_centre_and_not_in_lane_changes():
    penalties = Penalties(RewardCfg())
    for _ in range(5):
        penalties.update(scene(ego=ego_at(y=0.6)), False, 0.1)
    assert penalties.remaining["lane"] == pytest.approx(0.5)
    penalties.update(scene(ego=ego_at(y=0.4)), False, 0.1)
    assert penalties.remaining["lane"] == 0.0
    changing = straight(option=RoadOption.CHANGELANELEFT)
    penalties.update(scene(ego=ego_at(y=0.6), route=changing), False, 0.1)
    assert penalties.remaining["lane"] == 0.0


def test_all_factors_together():
    cfg = RewardCfg()
    penalties = Penalties(cfg)
    ego = ego_at(speed=11.115, acceleration=np.array([3.0, 0.0]), y=0.2)
    penalties.update(scene(ego=ego), True, 0.1)
    soft = factors(scene(ego=ego), penalties, cfg)
    assert soft == pytest.approx(
        {"outside": 1.0, "speed": 0.5, "time_to_collision": 0.5, "comfort": 1.0 - 0.5 / 6.0, "lane": 1.0}
    )
    assert reward(0.4, soft, False, cfg) == pytest.approx(0.4 * 0.25 * 11.0 / 12.0)
    assert reward(0.4, soft, True, cfg) == pytest.approx(0.4 * 0.25 * 11.0 / 12.0 - 1.0)


def test_with_constraints_progress_alone_counts():
    cfg = RewardCfg(penalties="constraints")
    assert reward(0.4, {"speed": 0.0}, True, cfg) == pytest.approx(0.4)
