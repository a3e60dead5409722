import numpy as np
import pytest

from landward.errors import LandwardError
from sims.carla.evaluate.drivers import AutopilotDriver, Candidate, ExpertDriver, make_driver, told_points


@pytest.mark.parametrize(
    ("name", "label", "policy", "remote"),
    [
        ("expert", "expert", False, False),
        ("autopilot", "autopilot", False, False),
        ("ws://localhost:8000", "ws://localhost:8000", True, True),
        ("runs/carla-route/2026_seed1", "2026_seed1", True, False),
        ("runs/carla-route/2026_seed1/policy.onnx", "2026_seed1", True, False),
        ("mine.onnx", "mine", True, False),
    ],
)
def test_candidates(name: str, label: str, policy: bool, remote: bool) -> None:
    candidate = Candidate(name)
    assert (candidate.label, candidate.is_policy, candidate.is_remote) == (label, policy, remote)


def test_drivers_that_are_no_policy() -> None:
    assert isinstance(make_driver(Candidate("expert"), None), ExpertDriver)
    assert isinstance(make_driver(Candidate("autopilot"), None), AutopilotDriver)
    with pytest.raises(LandwardError, match="nobody to drive is called 'somebody'"):
        make_driver(Candidate("somebody"), None)


def test_the_traffic_manager_is_told_no_place_inside_a_junction() -> None:
    junction = np.zeros(60, bool)
    junction[18:33] = True
    assert told_points(junction).tolist() == [10, 35, 40, 50, 59]
    assert told_points(np.zeros(5, bool)).tolist() == [4]
