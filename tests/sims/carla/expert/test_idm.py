import math

import numpy as np
import pytest

from sims.carla.expert.idm import (
    IdmCfg,
    acceleration,
    can_stop,
    free_acceleration,
    interaction,
    stopping,
)

CFG = IdmCfg(acceleration=2.0, braking=2.0, headway=1.5, jam=2.0, exponent=4.0, hardest=8.0)
NOBODY = np.zeros(0)


def test_free_road_by_hand() -> None:
    assert free_acceleration(0.0, 10.0, CFG) == 2.0
    assert free_acceleration(5.0, 10.0, CFG) == pytest.approx(2.0 * (1 - 1 / 16))
    assert free_acceleration(10.0, 10.0, CFG) == 0.0
    assert free_acceleration(20.0, 10.0, CFG) == -2.0  # 2 (1 - 16) is cut to the comfortable braking
    assert free_acceleration(3.0, 0.0, CFG) == -2.0


def test_a_leader_by_hand() -> None:
    # v = 10, leader 6: s* = 2 + 10 * 1.5 + 10 * 4 / (2 sqrt(2 * 2)) = 27; gap 30: 2 (27 / 30)^2 = 1.62
    np.testing.assert_allclose(interaction(10.0, np.array([30.0]), np.array([6.0]), CFG), [1.62])
    # 2 (1 - (10 / 20)^4) - 1.62 = 0.255
    assert acceleration(10.0, 20.0, np.array([30.0]), np.array([6.0]), CFG) == pytest.approx(0.255)


def test_a_faster_leader_only_leaves_the_jam_distance() -> None:
    # s* = 2 + max(0, 15 + 10 * (10 - 30) / 4) = 2, gap 4: 2 (2 / 4)^2 = 0.5
    np.testing.assert_allclose(interaction(10.0, np.array([4.0]), np.array([30.0]), CFG), [0.5])


def test_the_most_demanding_leader_counts() -> None:
    gaps, speeds = np.array([100.0, 30.0]), np.array([0.0, 6.0])
    alone = [acceleration(10.0, 20.0, gaps[i : i + 1], speeds[i : i + 1], CFG) for i in range(2)]
    assert acceleration(10.0, 20.0, gaps, speeds, CFG) == min(alone)
    assert acceleration(10.0, 20.0, NOBODY, NOBODY, CFG) == free_acceleration(10.0, 20.0, CFG)


def test_braking_is_bounded() -> None:
    assert acceleration(20.0, 20.0, np.array([0.0]), np.array([0.0]), CFG) == -8.0


def test_a_platoon_comes_to_rest_without_touching() -> None:
    speed, gap, dt = 14.0, 60.0, 0.1
    for _ in range(600):
        a = acceleration(speed, 14.0, np.array([gap]), np.array([0.0]), CFG)
        speed = max(0.0, speed + a * dt)
        gap -= speed * dt
    assert speed < 0.05
    assert 1.5 < gap < 3.0


def test_a_stop_line_by_hand() -> None:
    assert stopping(10.0, 100.0, CFG) == math.inf  # 0.5 m/s^2 would do: later
    assert stopping(10.0, 25.0, CFG) == -2.0
    assert stopping(10.0, 3.0, CFG) == -8.0
    assert stopping(10.0, 0.0, CFG) == -8.0


@pytest.mark.parametrize("speed", [3.0, 8.0, 14.0])
def test_a_stop_line_is_not_crossed_and_nearly_reached(speed: float) -> None:
    distance, dt = 80.0, 0.1
    wanted = speed
    for _ in range(600):
        a = min(free_acceleration(speed, wanted, CFG), stopping(speed, distance, CFG))
        speed = max(0.0, speed + a * dt)
        distance -= speed * dt
    assert 0.0 < distance < 1.2


def test_can_stop() -> None:
    assert can_stop(10.0, 25.0, 2.0)
    assert not can_stop(10.0, 24.9, 2.0)
    assert not can_stop(0.1, -1.0, 2.0)
