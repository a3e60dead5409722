import numpy as np

from sims.state import RobotState
from sims.velocity import quantities
from sims.velocity.solo12 import CONSTRAINTS

F32 = np.float32


def state():
    return RobotState(
        {
            "command": np.array([[0.5, 0.0, 0.3], [0.0, 0.2, 0.0]], F32),
            "action": np.array([[0.2], [0.0]], F32),
            "previous_action": np.array([[-0.2], [0.0]], F32),
            "body_force": np.array([[0.0, 2.0], [0.5, 0.0]], F32),
            "projected_gravity_b": np.array([[0.3, 0.4, -0.86], [0.0, 0.0, 1.0]], F32),
            "touchdown": np.array([[True, False], [True, False]]),
            "last_air_time": np.array([[0.1, 0.2], [0.3, 0.4]], F32),
            "foot_contact": np.array([[1, 1, 1, 0], [1, 1, 0, 0]], bool),
        }
    )


def test_by_hand():
    s = state()
    np.testing.assert_allclose(quantities.action_rate(s, 0.02), [[20.0], [0.0]])
    assert quantities.body_contact(s, 0.02).tolist() == [True, False]
    assert quantities.upside_down(s, 0.02).tolist() == [False, True]
    np.testing.assert_allclose(quantities.tilt(s, 0.02), [0.5, 0.0], atol=1e-6)
    np.testing.assert_allclose(quantities.landing_air_time(s, 0.02), [[0.1, 1.0], [0.3, 1.0]])
    np.testing.assert_allclose(quantities.feet_off_two(s, 0.02), [1.0, 0.0])
    assert quantities.walking_straight(s, 0.02).tolist() == [True, False]
    assert quantities.commanded_fast(s, 0.02).tolist() == [True, False]
    assert quantities.resting(s, 0.02).tolist() == [False, False]


def test_only_what_the_constraints_name_is_computed():
    names = [name for name, _ in quantities.needed(CONSTRAINTS)]
    assert set(names) == {
        "action_rate",
        "body_contact",
        "upside_down",
        "tilt",
        "landing_air_time",
        "feet_off_two",
        "walking_straight",
        "resting",
        "commanded_fast",
    }
    assert quantities.needed(()) == ()
