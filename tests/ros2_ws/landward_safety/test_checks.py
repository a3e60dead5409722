import numpy as np
import pytest

from landward_ros.samples import ImuSample
from landward_safety.checks import check_imu, check_joints, check_target
from landward_safety.limits import Limits
from tests.ros2_ws.landward_safety.scenes import NAMES, ROBOT, imu, joints

LIMITS = Limits.of(ROBOT, 0.1)


@pytest.mark.parametrize(
    "measured",
    [
        {},
        {"position": (1.0999, -2.0999)},
        {"velocity": (10.999, -21.999)},
        {"effort": (-8.799, 4.399)},
    ],
)
def test_within_limits_and_margins(measured):
    assert check_joints(joints(0.0, **measured), LIMITS) is None


@pytest.mark.parametrize(
    ("measured", "reason", "detail"),
    [
        ({"position": (1.101, 0.0)}, "joint_position", "hip is at 1.101 rad, outside [-1.100, 1.100] rad"),
        ({"position": (0.0, -2.101)}, "joint_position", "knee is at -2.101 rad"),
        ({"velocity": (-11.01, 0.0)}, "joint_velocity", "hip turns at -11.01 rad/s"),
        ({"velocity": (0.0, 22.01)}, "joint_velocity", "knee turns at 22.01 rad/s"),
        ({"effort": (8.81, 0.0)}, "joint_torque", "hip has 8.81 N m"),
        ({"effort": (0.0, -4.41)}, "joint_torque", "knee has -4.41 N m"),
        ({"position": (0.0, np.nan)}, "sensor_nan", "joint_states: position of knee is nan"),
        ({"velocity": (np.inf, 0.0)}, "sensor_nan", "joint_states: velocity of hip is inf"),
        ({"effort": (0.0, -np.inf)}, "sensor_nan", "joint_states: effort of knee is -inf"),
        ({"effort": (0.0,)}, "sensor_mismatch", "joint_states: effort has shape (1,) for 2 joints"),
    ],
)
def test_what_is_wrong_with_joints(measured, reason, detail):
    found = check_joints(joints(0.0, **measured), LIMITS)
    assert found is not None
    assert (found.reason, found.detail[: len(detail)]) == (reason, detail)


@pytest.mark.parametrize("roll", [0.0, 0.499, -0.499])
def test_the_body_may_lean(roll):
    assert check_imu(imu(0.0, roll), LIMITS) is None


@pytest.mark.parametrize("roll", [0.501, -0.501, np.pi])
def test_the_body_leans_too_far(roll):
    found = check_imu(imu(0.0, roll), LIMITS)
    assert found is not None
    assert str(found) == f"tilt: the body leans by {abs(roll):.3f} rad, the limit is 0.500 rad"


@pytest.mark.parametrize(
    ("rate", "orientation", "reason"),
    [
        ((0.0, np.nan, 0.0), (1.0, 0.0, 0.0, 0.0), "sensor_nan"),
        ((0.0, 0.0, 0.0), (np.nan, 0.0, 0.0, 0.0), "sensor_nan"),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), "sensor_nan"),
        ((0.0, 0.0), (1.0, 0.0, 0.0, 0.0), "sensor_mismatch"),
        ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), "sensor_mismatch"),
    ],
)
def test_what_is_wrong_with_an_imu(rate, orientation, reason):
    found = check_imu(ImuSample(0.0, np.array(rate), np.array(orientation)), LIMITS)
    assert found is not None and found.reason == reason


def test_a_target_is_finite():
    assert check_target(np.array((1e300, -5.0)), NAMES) is None
    found = check_target(np.array((0.0, np.nan)), NAMES)
    assert str(found) == "command_nan: the target of knee is nan"
