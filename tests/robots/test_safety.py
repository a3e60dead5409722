from dataclasses import replace

import pytest

from landward.errors import SpecError
from robots import get_robot
from robots.go1 import GO1


@pytest.mark.parametrize("name", ["go1", "solo12"])
def test_every_safety_number_is_there_and_sourced(name):
    robot = get_robot(name)
    assert len(robot.safety.damping) == len(robot.joint_names) == len(robot.safety.target_rate)
    assert robot.safety.effort == robot.effort_limit and robot.safety.velocity == robot.velocity_limit
    assert {"safety.tilt", "safety.damping", "safety.sensor_age"} <= set(robot.sources)
    # Four measurements in a control period, and none older than one.
    assert robot.safety.sensor_rate * robot.control_period >= 4.0
    assert robot.safety.sensor_age < robot.control_period


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tilt": 0.0}, "tilt must be positive and finite, got 0.0"),
        ({"sensor_age": float("nan")}, "sensor_age must be positive"),
        ({"effort": (1.0,) * 11 + (-1.0,)}, "effort must be positive"),
        ({"position_margin": float("inf")}, "position_margin"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(SpecError, match=message):
        replace(GO1.safety, **change)


def test_a_joint_without_play_needs_no_margin():
    assert replace(GO1.safety, position_margin=0.0).position_margin == 0.0


def test_a_robot_whose_safety_is_incomplete_is_refused():
    with pytest.raises(SpecError, match=r"safety.damping has 1 entries for 12 joints"):
        replace(GO1, safety=replace(GO1.safety, damping=(3.0,)))
    sources = {name: text for name, text in GO1.sources.items() if name != "safety.tilt"}
    with pytest.raises(SpecError, match=r"say in `sources`.*safety.tilt"):
        replace(GO1, sources=sources)
    with pytest.raises(SpecError, match="control_period must be positive"):
        replace(GO1, control_period=0.0)
