import math

import numpy as np
import pytest

from sims.carla.expert.steering import curvature, curve_speed, lookahead, pursuit_angle


def test_lookahead_is_bounded() -> None:
    assert lookahead(0.0) == 3.5
    assert lookahead(10.0) == pytest.approx(8.0)
    assert lookahead(100.0) == 14.0


def test_pursuit_by_hand() -> None:
    assert pursuit_angle(np.array([5.0, 0.0]), 2.8) == 0.0
    # (4, 2): curvature 2 * 2 / 20 = 0.2; atan(2.8 * 0.2)
    assert pursuit_angle(np.array([4.0, 2.0]), 2.8) == pytest.approx(math.atan(0.56))
    assert pursuit_angle(np.array([4.0, -2.0]), 2.8) == pytest.approx(-math.atan(0.56))
    assert pursuit_angle(np.array([0.0, 0.0]), 2.8) == 0.0


def test_pursuit_drives_onto_a_circle() -> None:
    """A kinematic bicycle with this steering stays within 15 cm of a circle of 12 m."""
    radius, wheelbase, speed, dt = 12.0, 2.8, 5.0, 0.05
    x, y, yaw = radius, 0.3, math.pi / 2  # rear axle, 30 cm off in phase
    errors = []
    for _ in range(400):
        phase = math.atan2(y, x) + lookahead(speed) / radius
        d = np.array([radius * math.cos(phase) - x, radius * math.sin(phase) - y])
        seen = np.array(
            [d[0] * math.cos(yaw) + d[1] * math.sin(yaw), -d[0] * math.sin(yaw) + d[1] * math.cos(yaw)]
        )
        yaw += speed * dt * math.tan(pursuit_angle(seen, wheelbase)) / wheelbase
        x, y = x + speed * dt * math.cos(yaw), y + speed * dt * math.sin(yaw)
        errors.append(abs(math.hypot(x, y) - radius))
    assert max(errors[100:]) < 0.15


def test_curvature_of_a_circle_and_across_the_seam_of_angles() -> None:
    s = np.arange(0.0, 60.0)
    yaw = (s / 20.0 + 3.0 + math.pi) % (2 * math.pi) - math.pi
    np.testing.assert_allclose(curvature(yaw, s)[3:-3], 0.05, atol=1e-9)


def test_curve_speed_by_hand() -> None:
    # radius 20 m at 2 m/s^2: v^2 = 40; 10 m before it at 1.5 m/s^2: 40 + 30
    assert curve_speed(np.array([0.05]), np.array([0.0]), 2.0, 1.5) == pytest.approx(math.sqrt(40.0))
    assert curve_speed(np.array([-0.05]), np.array([10.0]), 2.0, 1.5) == pytest.approx(math.sqrt(70.0))
    assert curve_speed(np.array([10.0]), np.array([0.0]), 2.0, 1.5) == 3.0
    assert curve_speed(np.zeros(0), np.zeros(0), 2.0, 1.5) == math.inf
    assert curve_speed(np.zeros(3), np.zeros(3), 2.0, 1.5) > 1000.0
