"""Terms and constraints fit what is observed."""

import numpy as np
import pytest

from sims.carla.drive.cfg import DriveCfg, junction_cfg, lane_cfg, route_cat_cfg, route_cfg
from sims.carla.drive.observe import constraint_state, privileged_terms, state_terms
from sims.carla.drive.reward import Penalties
from sims.carla.drive.scene import NO_COLLISION
from sims.carla.drive.signals import RED, STOP
from sims.carla.drive.terms import LOOKAHEAD, observation_groups, state_constraints
from tests.sims.carla.drive.scenes import car, ego_at, road_users, scene, stop_lines, straight


def seen():
    return scene(
        ego=ego_at(x=2.0, y=0.5, yaw=0.1, speed=6.0, control=(0.1, 0.3, 0.0)),
        others=road_users(car(20.0, 0.0, vx=3.0)),
        lines=stop_lines((30.0, 0.0, 0.0, RED), (40.0, 0.0, 0.0, STOP)),
    )


def test_every_term_has_its_shape_and_dtype():
    groups = observation_groups(DriveCfg())
    cfg = DriveCfg()
    values = state_terms(seen()) | privileged_terms(Penalties(cfg.reward).remaining, 90.0, 200.0, 0.0)
    terms = [term for group in ("state", "privileged") for term in groups[group]]
    assert [term.name for term in terms] == list(values)
    for term in terms:
        assert values[term.name].shape == term.shape
        assert values[term.name].dtype == np.dtype(term.dtype)


def test_what_the_network_sees_is_about_one():
    for term in observation_groups(DriveCfg())["state"]:
        scaled = np.abs(state_terms(seen())[term.name] * np.array(term.scale))
        assert scaled.max() <= 1.5, term.name


def test_values_by_hand():
    values = state_terms(seen())
    assert values["lane_error"] == pytest.approx([-0.5, -0.1])
    assert values["lead"] == pytest.approx([20.0 - 2.0 - 2.4 - 2.0, 3.0, 1.0])
    assert values["light"] == pytest.approx([30.0 - 2.0 - 2.4, 1.0, 0.0, 0.0])
    assert values["stop_sign"] == pytest.approx([40.0 - 2.0 - 2.4, 1.0])
    assert values["pedals"] == pytest.approx([0.1, 0.3, 0.0])
    # The route lies 0.5 m to the left and bends left against a nose that points 0.1 rad right.
    d = LOOKAHEAD[3]
    assert values["route_ahead"][3] == pytest.approx(
        [d * np.cos(0.1) - 0.5 * np.sin(0.1), d * np.sin(0.1) + 0.5 * np.cos(0.1)], abs=1e-5
    )


def test_constraints_belong_to_the_variant_without_factors():
    assert state_constraints(route_cfg()) == ()
    assert len({item.name for item in state_constraints(route_cat_cfg())}) == 14


def batch(**changes):
    state = constraint_state(scene(**changes), NO_COLLISION, {})
    return {name: np.array([value], np.float32) for name, value in state.items()}


def value(name, state):
    constraint = next(item for item in state_constraints(route_cat_cfg()) if item.name == name)
    return float(constraint.value(state, {})[0, 0])


def test_calm_driving_violates_nothing():
    state = batch(ego=ego_at(speed=9.0))
    for constraint in state_constraints(route_cat_cfg()):
        assert not constraint.violated(state, {}).any(), constraint.name


@pytest.mark.parametrize(
    ("name", "ego", "excess"),
    [
        ("speed_limit", ego_at(speed=12.0), 1.7),
        ("lane_centre", ego_at(y=0.8), 0.3),
        ("off_lane", ego_at(y=2.0), 0.15),
        ("acceleration", ego_at(acceleration=np.array([3.0, 0.0])), 0.6),
        ("deceleration", ego_at(acceleration=np.array([-5.0, 0.0])), 0.95),
        ("lateral", ego_at(acceleration=np.array([0.0, -5.0])), 0.11),
        ("jerk", ego_at(jerk=np.array([6.0, 8.0])), 1.63),
        ("lon_jerk", ego_at(jerk=np.array([-5.0, 0.0])), 0.87),
        ("yaw_rate", ego_at(yaw_rate=-1.0), 0.05),
        ("yaw_acceleration", ego_at(yaw_acceleration=2.0), 0.07),
    ],
)
def test_each_limit(name, ego, excess):
    assert value(name, batch(ego=ego)) == pytest.approx(excess, abs=1e-5)


def test_hard_limits_and_forecast():
    state = constraint_state(scene(), 0.4, {"collision_static": 1, "red_light": 1, "stop_sign": 1})
    arrays = {name: np.array([entry], np.float32) for name, entry in state.items()}
    assert [value(name, arrays) for name in ("collision", "red_light", "stop_sign")] == [1.0, 1.0, 1.0]
    assert value("time_to_collision", arrays) == pytest.approx(0.6)


def test_lane_changes_may_leave_the_centre():
    changing = batch(ego=ego_at(y=0.8), route=straight(option=5))
    assert value("lane_centre", changing) == 0.0


@pytest.mark.parametrize("make", [route_cfg, route_cat_cfg, lane_cfg, junction_cfg])
def test_settings_of_every_task_make_terms(make):
    assert set(observation_groups(make())) == {"bev", "state", "privileged"}
