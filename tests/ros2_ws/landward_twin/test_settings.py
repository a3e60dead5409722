"""ROS parameters: types, and what they come to."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make setup-ros")
from rclpy.node import Node
from rclpy.parameter import Parameter

from landward.errors import LandwardError
from landward_twin.settings import Settings, physics_step, read_settings
from robots import get_robot

pytestmark = pytest.mark.ros


def read(**values: object) -> Settings:
    node = Node("settings", parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])
    try:
        return read_settings(node)
    finally:
        node.destroy_node()


def test_without_parameters_the_defaults_hold(ros_node: Node) -> None:
    assert read() == Settings()


def test_parameters_are_read_and_whole_numbers_pass_as_numbers(ros_node: Node) -> None:
    assert read(rate=2, noise=False, seed=7, start="lying") == Settings(
        rate=2.0, noise=False, seed=7, start="lying"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("rate", "fast", "parameter rate is 'fast': it must be of type float"),
        ("seed", 0.5, "parameter seed is 0.5: it must be of type int"),
        ("noise", 1, "parameter noise is 1: it must be of type bool"),
        ("robot", 3, "parameter robot is 3: it must be of type str"),
        ("latency", True, "parameter latency is True: it must be of type float"),
    ],
)
def test_a_wrong_type_is_named(ros_node: Node, name: str, value: object, said: str) -> None:
    with pytest.raises(LandwardError, match=said):
        read(**{name: value})


@pytest.mark.parametrize(
    ("rate", "step"), [(200.0, 0.005 / 3), (250.0, 0.002), (500.0, 0.002), (1000.0, 0.001), (100.0, 0.002)]
)
def test_a_sensor_period_is_a_whole_number_of_physics_steps(rate: float, step: float) -> None:
    assert physics_step(rate) == pytest.approx(step)


def test_the_control_period_is_the_robots_unless_it_is_given() -> None:
    robot = get_robot("go1")
    assert Settings().twin(robot).control_period == robot.control_period
    assert Settings(control_period=0.01).twin(robot).control_period == 0.01


def test_rough_ground_is_made_and_what_is_unknown_refused() -> None:
    assert Settings().ground().heights is None
    ground = Settings(terrain="slope_up", difficulty=0.5).ground()
    assert ground.heights is not None and np.ptp(ground.heights) > 0.5
    with pytest.raises(LandwardError, match="terrain is 'moon': use one of flat, "):
        Settings(terrain="moon").ground()
    with pytest.raises(LandwardError, match=r"difficulty is 2\.0"):
        Settings(terrain="uneven", difficulty=2.0).ground()


def test_the_guide_lists_every_parameter_with_its_default(root: Path) -> None:
    page = (root / "docs" / "twin.md").read_text(encoding="utf-8")
    table = page.split("## Parameters")[1].split("## ")[0]
    rows = [row.split("|")[1:3] for row in table.splitlines() if row.startswith("| `")]
    listed = {
        name: default
        for names, defaults in rows
        for name, default in zip(re.findall(r"`(\w+)`", names), defaults.split(","), strict=True)
    }
    assert list(sorted(listed)) == sorted(field.name for field in fields(Settings))
    for field in fields(Settings):
        text = listed[field.name].strip(" `")
        default = field.default
        assert text == (str(default).lower() if isinstance(default, bool | str) else f"{default:g}") or (
            isinstance(default, float) and float(text) == default
        )
