import math

import numpy as np
import pytest

from landward_ros.samples import CommandSample, ImuSample, JointSample


def imu(*wxyz):
    return ImuSample(0.0, np.zeros(3), np.array(wxyz, dtype=float))


def test_gravity_points_down_the_body_when_it_is_upright():
    upright = imu(1, 0, 0, 0)
    assert upright.gravity.tolist() == [0.0, 0.0, -1.0]
    assert upright.tilt == 0.0


def test_gravity_and_tilt_of_a_pitched_and_of_a_rolled_body():
    # Nose down by 30 degrees (a turn about y, REP-103): gravity leans forward.
    half = math.radians(15.0)
    nose_down = imu(math.cos(half), 0, math.sin(half), 0)
    np.testing.assert_allclose(nose_down.gravity, [0.5, 0.0, -math.sqrt(0.75)], atol=1e-12)
    assert nose_down.tilt == pytest.approx(math.radians(30.0))
    # Rolled to the right side by 90 degrees (about x): gravity along -y, which is the right.
    on_its_side = imu(math.sqrt(0.5), math.sqrt(0.5), 0, 0)
    np.testing.assert_allclose(on_its_side.gravity, [0.0, -1.0, 0.0], atol=1e-12)
    assert on_its_side.tilt == pytest.approx(math.pi / 2)


def test_turning_about_the_vertical_is_no_tilt_and_on_its_back_is_pi():
    assert imu(math.cos(1.0), 0, 0, math.sin(1.0)).tilt == pytest.approx(0.0)
    assert imu(0, 1, 0, 0).tilt == pytest.approx(math.pi)


def test_a_nan_or_no_quaternion_gives_a_nan_tilt():
    assert math.isnan(imu(math.nan, 0, 0, 0).tilt)
    assert math.isnan(imu(0, 0, 0, 0).tilt)


def test_a_quaternion_of_another_length_points_the_same_way():
    np.testing.assert_allclose(imu(2, 0.4, 0, 0).gravity, imu(1, 0.2, 0, 0).gravity)


def test_the_exact_stamp_follows_the_stamp():
    zeros = np.zeros(1)
    assert JointSample(1.5, zeros, zeros, zeros).stamp_ns == 1_500_000_000
    assert JointSample(1.5, zeros, zeros, zeros, 1_500_000_001).stamp_ns == 1_500_000_001
    assert CommandSample(0.25, None).is_damping and CommandSample(0.25, None).stamp_ns == 250_000_000
    assert not CommandSample(0.25, zeros).is_damping
