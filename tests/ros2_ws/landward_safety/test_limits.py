"""Clamps of a position target, by hand.

ROBOT's hip: limits [-1, 1] rad, 10 rad/s, stiffness 20 N m/rad, damping 1 N m s/rad, torque 8 N m: the torque
interval around q + 0.05 qd has a half-width of 8 / 20 = 0.4 rad. Its knee: limits [-2, 2], 20 rad/s, 10, 0.5,
4 N m: around q + 0.05 qd, 0.4 rad too.
"""

from dataclasses import replace

import numpy as np
import pytest

from landward.errors import SpecError
from landward_safety.limits import Limits, clamp, clamp_position, clamp_rate, clamp_torque, predicted_torque
from tests.ros2_ws.landward_safety.scenes import ROBOT

LIMITS = Limits.of(ROBOT, 0.1)
ZERO = np.zeros(2)


def test_measured_limits_have_their_margins():
    np.testing.assert_allclose(LIMITS.measured_low, (-1.1, -2.1))
    np.testing.assert_allclose(LIMITS.measured_high, (1.1, 2.1))
    np.testing.assert_allclose(LIMITS.measured_velocity, (11.0, 22.0))
    np.testing.assert_allclose(LIMITS.measured_effort, (8.8, 4.4))
    assert LIMITS.tilt == 0.5


def test_a_joint_without_stiffness_is_refused():
    with pytest.raises(SpecError, match="robot two: joint knee has no stiffness"):
        Limits.of(replace(ROBOT, stiffness=(20.0, 0.0)), 0.1)


@pytest.mark.parametrize(
    ("target", "expected"),
    [((1.5, 2.5), (1.0, 2.0)), ((-1.5, -2.5), (-1.0, -2.0)), ((0.3, -1.9), (0.3, -1.9))],
)
def test_position(target, expected):
    np.testing.assert_array_equal(clamp_position(np.array(target), LIMITS), expected)


@pytest.mark.parametrize(
    ("target", "expected"),
    # 10 rad/s * 0.02 s = 0.2 rad and 20 * 0.02 = 0.4 rad from (0.1, -0.5).
    [((0.9, 0.5), (0.3, -0.1)), ((-0.9, -1.5), (-0.1, -0.9)), ((0.25, -0.2), (0.25, -0.2))],
)
def test_rate(target, expected):
    last = np.array((0.1, -0.5))
    np.testing.assert_allclose(clamp_rate(np.array(target), last, 0.02, LIMITS), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("target", "velocity", "expected"),
    [
        ((0.9, -1.4), (0.0, 0.0), (0.5, -0.9)),
        ((-0.9, 0.4), (0.0, 0.0), (-0.3, -0.1)),
        # 4 rad/s: the interval moves by 0.05 * 4 = 0.2 rad; -6 rad/s by -0.3 rad.
        ((0.9, -1.4), (4.0, -6.0), (0.7, -1.2)),
        ((0.2, -0.6), (0.0, 0.0), (0.2, -0.6)),
    ],
)
def test_torque(target, velocity, expected):
    position, velocity = np.array((0.1, -0.5)), np.array(velocity)
    clamped = clamp_torque(np.array(target), position, velocity, LIMITS)
    np.testing.assert_allclose(clamped, expected, atol=1e-12)
    assert (np.abs(predicted_torque(clamped, position, velocity, LIMITS)) <= LIMITS.effort + 1e-9).all()


def test_predicted_torque():
    torque = predicted_torque(np.array((0.3, -0.4)), np.array((0.1, -0.5)), np.array((2.0, -3.0)), LIMITS)
    np.testing.assert_allclose(torque, (20 * 0.2 - 1 * 2, 10 * 0.1 + 0.5 * 3))


def test_all_three_in_order_and_named():
    # 1.5 -> limit 1.0 -> rate 0.3 (from 0.1) -> torque: q = -0.2, so at most 0.2.
    done = clamp(np.array((1.5, -0.5)), np.array((0.1, -0.5)), 0.02, np.array((-0.2, -0.5)), ZERO, LIMITS)
    np.testing.assert_allclose(done.position, (0.2, -0.5), atol=1e-9)
    assert done.clamps == ("clamped.position", "clamped.rate", "clamped.torque")


@pytest.mark.parametrize(
    ("target", "position", "names"),
    [
        ((0.1, -0.5), (0.1, -0.5), ()),
        ((0.1 + 1e-8, -0.5), (0.1, -0.5), ()),
        ((0.9, -0.5), (0.1, -0.5), ("clamped.rate",)),
        ((0.1, -0.5), (-0.35, -0.5), ("clamped.torque",)),
    ],
)
def test_only_clamps_that_moved_it_are_named(target, position, names):
    last = np.array((0.1, -0.5))
    assert clamp(np.array(target), last, 0.02, np.array(position), ZERO, LIMITS).clamps == names


def test_rounding_at_the_limit_is_clamped_but_not_named():
    last = np.array((1.0, 0.0))
    done = clamp(np.array((1.0 + 1e-8, 0.0)), last, 0.02, last, ZERO, LIMITS)
    assert done.position is not None
    assert done.position[0] == 1.0 and done.clamps == ()


def test_no_target_satisfies_rate_and_torque():
    # The hip is at -0.6: torque allows [-1.0, -0.2], the rate [-0.1, 0.3] around 0.1.
    done = clamp(np.array((0.1, -0.5)), np.array((0.1, -0.5)), 0.02, np.array((-0.7, -0.5)), ZERO, LIMITS)
    assert done.position is None
    assert done.conflict.startswith(
        "hip at -0.700 rad and 0.00 rad/s: no target within 0.200 rad of the last"
    )


def test_no_target_satisfies_joint_limit_and_torque():
    # At the upper limit with 9 rad/s outwards: torque allows at least 1 + 0.45 - 0.4 = 1.05 > 1.
    at = np.array((1.0, -0.5))
    done = clamp(at, at, 0.02, at, np.array((9.0, 0.0)), LIMITS)
    assert done.position is None and done.conflict.startswith("hip at 1.000 rad and 9.00 rad/s")


@pytest.mark.parametrize("broken", ["target", "position", "velocity"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_gives_no_target_or_a_finite_one(broken, value):
    arrays = {"target": np.array((0.1, -0.5)), "position": np.array((0.1, -0.5)), "velocity": np.zeros(2)}
    arrays[broken][1] = value
    with np.errstate(invalid="ignore"):
        done = clamp(
            arrays["target"], np.array((0.1, -0.5)), 0.02, arrays["position"], arrays["velocity"], LIMITS
        )
    assert done.position is None or np.isfinite(done.position).all()
    assert broken == "target" or done.position is None
