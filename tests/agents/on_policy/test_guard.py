import dataclasses

import pytest
import torch
from tensordict import TensorDict

from agents.on_policy.guard import check_step
from landward.errors import SimulationError
from tests.agents.fakes import make_spec
from tests.agents.images import PICTURE, image_spec


def parts():
    obs = TensorDict({"policy": torch.zeros(4, 12), "critic": torch.zeros(4, 13)}, batch_size=[4])
    return obs, torch.zeros(4), {"speed": torch.zeros(4, 1)}


def test_finite_numbers_pass():
    check_step(make_spec(), *parts(), 1)


@pytest.mark.parametrize(
    ("column", "name"),
    [(0, r"velocity\[vx\]"), (5, r"velocity\[vy\]"), (7, r"command\[vy\]"), (11, r"last_action\[1\]")],
)
def test_the_term_the_element_and_the_environment_are_named(column, name):
    obs, rewards, constraints = parts()
    obs["policy"][2, column] = float("inf")
    with pytest.raises(
        SimulationError, match=rf"observation policy\.{name} is inf in environment 2 at control step 9"
    ):
        check_step(make_spec(), obs, rewards, constraints, 9)


def test_a_constraint_is_named():
    obs, rewards, constraints = parts()
    constraints["speed"][1, 0] = float("nan")
    with pytest.raises(SimulationError, match="constraint 'speed' .element 0. is nan in environment 1"):
        check_step(make_spec(), obs, rewards, constraints, 1)


def test_infinities_of_both_signs_do_not_cancel():
    obs, rewards, constraints = parts()
    rewards[0], rewards[1] = float("inf"), float("-inf")
    with pytest.raises(SimulationError, match="the reward is inf in environment 0"):
        check_step(make_spec(), obs, rewards, constraints, 1)


def test_a_pixel_is_named_and_bytes_are_not_searched():
    picture = dataclasses.replace(PICTURE, dtype="float32")
    spec = dataclasses.replace(image_spec(), observations={**image_spec().groups, "view": (picture,)})
    view = torch.zeros(2, 16, 16, 2)
    flat = {"state": torch.zeros(2, 1), "privileged": torch.zeros(2, 1)}
    check_step(spec, TensorDict({"view": view.byte(), **flat}, batch_size=[2]), torch.zeros(2), {}, 1)
    view[1, 3, 5, 0] = float("nan")
    obs = TensorDict({"view": view, **flat}, batch_size=[2])
    with pytest.raises(
        SimulationError, match=r"observation view\.picture\[3, 5, 0\] is nan in environment 1"
    ):
        check_step(spec, obs, torch.zeros(2), {}, 1)
