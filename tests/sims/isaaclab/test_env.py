import pytest
import torch

from landward.constraint import Constraint
from landward.errors import EnvContractError, SpecError
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from sims.isaaclab.direct import direct_terms, horizon
from sims.isaaclab.env import IsaacLabEnv
from sims.manager_based.groups import Group
from tests.sims.isaaclab.fakelab import JOINTS, FakeLab

FAST = Constraint("fast", "joint_vel", 3.0, "rad/s", elements=("knee",))
FEET = Constraint("feet", "contact_force", 4.5, "N")
QUAT = Constraint("tilt", "root_quat_w", (0.0, 0.0, 0.0, 0.0), "1", measure="upper")


def make(constraints=(), clip=None, lab=None) -> IsaacLabEnv:
    lab = lab or FakeLab()
    terms = (ObservationTerm("position", "state", (2,), scale=2.0),)
    action = ActionTerm("move", "joint_position_target", (2,), tuple(JOINTS), scale=0.5, offset=1.0)
    spec = PolicySpec("lab:Fake", "fake", 0.1, {"policy": terms}, (action,), constraints)
    return IsaacLabEnv(lab, spec, (Group("policy", "policy", terms),), 5, clip)


def test_deaths_and_time_outs_are_told_apart_and_final_observations_kept() -> None:
    env = make()
    env.episode_steps = torch.tensor([0, 4, 4])
    step = env.step(torch.tensor([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]]))
    assert step.terminated.tolist() == [False, False, True]
    assert step.truncated.tolist() == [False, True, False]  # the third died in its last step
    assert step.obs["policy"].tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    assert step.final_obs["policy"].tolist() == [[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]]
    assert step.reward.tolist() == [1.0, 2.0, 4.0]
    assert step.log == {"Episode/ended": 2.0}
    assert env.episode_steps.tolist() == [1, 0, 0]
    calm = env.step(torch.zeros(3, 2))
    assert calm.final_obs is None and calm.log == {}


def test_constraints_read_the_state_before_the_reset() -> None:
    """Joint velocity is twice the position: |2 * 4| - 3 = 5, although the episode ended there."""
    env = make((FAST, FEET, QUAT))
    step = env.step(torch.tensor([[0.0, 1.0], [9.0, 1.0], [0.0, 4.0]]))
    assert step.constraints["fast"].tolist() == [[-1.0], [-1.0], [5.0]]
    assert step.constraints["feet"].tolist() == [[0.5]] * 3  # 3, 4, 5 triangle
    assert step.constraints["tilt"][0].tolist() == pytest.approx([0.9, 0.1, 0.2, 0.3])  # (w, x, y, z)


def test_a_constraint_on_what_is_not_there_names_what_is() -> None:
    env = make((Constraint("height", "altitude", 1.0, "m"),))
    with pytest.raises(
        SpecError, match="reads 'altitude', which the state lacks; it has action, contact_force"
    ):
        env.step(torch.zeros(3, 2))


def test_measurements_and_targets_are_in_si() -> None:
    env = make()
    env.step(torch.tensor([[1.0, 0.0]] * 3))
    assert env.measurements()["position"].tolist() == [[0.5, 0.0]] * 3
    env.step_si({"move": torch.tensor([[1.5, 1.0]] * 3)})
    assert env.lab.given.tolist() == [[1.0, 0.0]] * 3


def test_actions_are_clipped_as_in_training_and_remembered_as_given() -> None:
    env = make(clip=0.5)
    env.step(torch.tensor([[1.0, -2.0]] * 3))
    assert env.lab.given.tolist() == [[0.5, -0.5]] * 3
    assert env.state["action"].tolist() == [[1.0, -2.0]] * 3


def test_some_environments_are_reset_and_the_others_left_alone() -> None:
    env = make()
    env.step(torch.tensor([[1.0, 0.0], [2.0, 0.0], [1.0, 1.0]]))
    obs = env.reset(env_ids=torch.tensor([1]))
    assert obs["policy"].tolist() == [[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]
    assert env.episode_steps.tolist() == [1, 0, 1]
    assert env.observe() is obs
    with pytest.raises(EnvContractError, match="leave env_ids out"):
        env.reset(seed=1, env_ids=torch.tensor([1]))


def test_bad_actions_are_refused() -> None:
    env = make()
    with pytest.raises(EnvContractError, match=r"shape \(3, 1\), the environment needs \(3, 2\)"):
        env.step(torch.zeros(3, 1))
    bad = torch.zeros(3, 2)
    bad[1, 0] = torch.nan
    with pytest.raises(EnvContractError, match="environment 1 is NaN"):
        env.step(bad)
    with pytest.raises(EnvContractError, match="the target 'move' is missing"):
        env.step_si({})


def test_what_a_task_keeps_from_training_stays_writable() -> None:
    env = make()
    with torch.inference_mode():
        step = env.step(torch.ones(3, 2))
    env.episode_steps[:] = 4
    env.lab.position[:] = 0.0
    assert not step.obs["policy"].is_inference()


def test_it_closes_once() -> None:
    env = make()
    env.close()
    env.close()
    assert env.lab.closed == 1


@pytest.mark.parametrize(("cut_early", "steps"), [(False, 5), (True, 4)])
def test_the_clock_of_a_direct_task_is_measured(cut_early, steps) -> None:
    assert horizon(FakeLab(cut_early)) == steps


def test_a_direct_task_that_nobody_knows_is_numbers_and_raw_actions() -> None:
    obs = {"policy": torch.zeros(3, 2), "eyes": {"left": torch.zeros(3, 8, 8, 3), "touch": torch.zeros(3, 4)}}
    groups, actions = direct_terms(FakeLab(), obs, ("policy",), (-1.0, 1.0))
    kinds = {(group.name, term.name): term.kind for group in groups for term in group.terms}
    assert kinds == {
        ("policy", "policy"): "state",
        ("eyes", "touch"): "state",
        ("eyes_left", "left"): "image_rgb",
    }
    assert (actions[0].kind, actions[0].shape, actions[0].clip) == ("raw", (2,), (-1.0, 1.0))
