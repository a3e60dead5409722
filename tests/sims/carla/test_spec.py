import numpy as np
import pytest

from landward.action import decode_all
from sims.carla.cfg import DrivingCfg
from sims.carla.drive.cfg import lane_cfg, route_cat_cfg, route_cfg
from sims.carla.spec import action_term, driving_spec


def test_the_policy_does_not_see_what_is_privileged() -> None:
    spec = driving_spec("carla-lane", DrivingCfg(drive=lane_cfg()))
    assert spec.actor == ("bev", "state")
    assert set(spec.groups) == {"bev", "state", "privileged"}
    assert spec.control_period == 0.1 and spec.robot == "vehicle.lincoln.mkz_2020"
    assert spec.from_json(spec.to_json()) == spec


def test_limits_are_constraints_or_factors_of_the_reward() -> None:
    soft = driving_spec("carla-route", DrivingCfg(drive=route_cfg()))
    constrained = driving_spec("carla-route-cat", DrivingCfg(drive=route_cat_cfg()))
    assert soft.constraints == () and constrained.constraints
    assert soft.interface_diff(constrained) == []


@pytest.mark.parametrize(
    ("control", "raw", "target"),
    [
        ("pedals", [0.25, -0.5], [0.25, -0.5]),
        ("pedals", [-3.0, 3.0], [-1.0, 1.0]),
        ("speed", [0.5, -1.0], [0.5, -4.0]),
        ("speed", [0.0, 0.0], [0.0, 5.0]),
        ("speed", [0.0, 9.0], [0.0, 14.0]),
    ],
)
def test_raw_actions_span_the_whole_range(control, raw, target) -> None:
    cfg = lane_cfg()
    cfg.control = control
    decoded = decode_all((action_term(cfg),), np.float32([raw]))
    np.testing.assert_allclose(decoded["control"], [target], rtol=1e-6)
