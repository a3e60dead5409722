import time

import pytest
import torch

from agents.on_policy.cat import ConstraintTerminations
from landward.constraint import Constraint
from landward.errors import CheckpointError, EnvContractError

SOFT = Constraint("torque", "torque", 20.0, "N m", p_max=0.25)
HARD = Constraint("contact", "contact", 0.0, "1", kind="hard")


def test_equations_by_hand():
    cat = ConstraintTerminations([SOFT])
    # first step: C = max over the environments = (4, floor); p = c / C * 0.25
    delta, _ = cat.step({"torque": torch.tensor([[4.0, -1.0], [1.0, -3.0], [-2.0, -1.0]])})
    assert delta.tolist() == pytest.approx([0.25, 0.0625, 0.0])
    # second step: C = 0.95 (4, 1e-6) + 0.05 (2, 8) = (3.9, 0.40000095); the worse element counts
    delta, _ = cat.step({"torque": torch.tensor([[2.0, 0.1], [1.95, 8.0], [0.0, 0.0]])})
    assert delta.tolist() == pytest.approx([0.25 * 2.0 / 3.9, 0.25, 0.0], rel=1e-5)
    assert cat.state_dict()["running_max"].tolist() == pytest.approx([3.9, 0.40000095])


def test_delta_is_the_largest_over_constraints_and_hard_ones_end_for_certain():
    cat = ConstraintTerminations([SOFT, HARD])
    delta, _ = cat.step({"torque": torch.tensor([[4.0], [4.0]]), "contact": torch.tensor([[1.0], [0.0]])})
    assert delta.tolist() == pytest.approx([1.0, 0.25])


def test_soft_constraints_wait_and_then_ramp_linearly_in_the_expected_time_to_death():
    cat = ConstraintTerminations([SOFT, HARD], start_after_steps=4, ramp_steps=8)
    values = {"torque": torch.ones(2, 1), "contact": torch.zeros(2, 1)}
    seen = []
    for _ in range(9):
        seen.append(cat.p_max()[0])
        delta, _ = cat.step(values)
        assert delta.tolist() == pytest.approx([seen[-1]] * 2)
    # steps 0, 2 before the start; then T = 20 - 16 f with f = 0, 1/4, 1/2, 3/4, 1, 1, 1
    assert seen == pytest.approx([0.0, 0.0, 1 / 20, 1 / 16, 1 / 12, 1 / 8, 1 / 4, 1 / 4, 1 / 4])
    assert cat.p_max()[1] == 1.0


def test_a_constraint_without_ramp_starts_at_its_final_probability():
    fixed = Constraint("still", "x", 1.0, "1", p_max=0.1, ramp=False)
    assert ConstraintTerminations([fixed, SOFT], ramp_steps=100).p_max() == pytest.approx([0.1, 0.05])


def test_p_min_is_the_probability_of_a_tiny_violation_only():
    cat = ConstraintTerminations([SOFT], p_min=0.05)
    delta, _ = cat.step({"torque": torch.tensor([[1.0], [1e-9], [0.0], [0.5]])})
    assert delta.tolist() == pytest.approx([0.25, 0.05, 0.0, 0.15])
    waiting = ConstraintTerminations([SOFT], p_min=0.05, start_after_steps=100)
    assert waiting.step({"torque": torch.ones(2, 1)})[0].tolist() == [0.0, 0.0]


def test_the_penalty_sums_clipped_violations_and_follows_the_same_curriculum():
    cat = ConstraintTerminations([SOFT], ramp_steps=100)
    _, penalty = cat.step({"torque": torch.tensor([[4.0, 2.0], [1.0, -2.0]])})
    # weight 0.05 / 0.25 at the start; ratios (1, 1) and (0.25, 0)
    assert penalty.tolist() == pytest.approx([0.4, 0.05])


def test_statistics_are_means_since_the_last_call():
    cat = ConstraintTerminations([SOFT, HARD])
    cat.step({"torque": torch.tensor([[4.0, -1.0], [-1.0, -1.0]]), "contact": torch.tensor([[0.0], [0.0]])})
    cat.step({"torque": torch.tensor([[-1.0, -1.0], [-1.0, -1.0]]), "contact": torch.tensor([[1.0], [1.0]])})
    found = cat.take_statistics()
    assert found["torque"] == pytest.approx({"violated": 0.25, "probability": 0.0625})
    assert found["contact"] == pytest.approx({"violated": 0.5, "probability": 0.5})
    assert cat.take_statistics()["torque"] == {"violated": 0.0, "probability": 0.0}


def test_a_restored_state_goes_on_exactly():
    torch.manual_seed(0)
    values = [{"torque": torch.randn(8, 3), "contact": (torch.rand(8, 1) > 0.5).float()} for _ in range(6)]
    one, two = (ConstraintTerminations([SOFT, HARD], 10, 40) for _ in range(2))
    for value in values[:3]:
        one.step(value)
    two.load_state_dict(one.state_dict())
    for value in values[3:]:
        assert torch.equal(one.step(value)[0], two.step(value)[0])


def test_the_state_of_other_constraints_is_refused():
    state = ConstraintTerminations([SOFT]).state_dict()
    with pytest.raises(CheckpointError, match=r"\['torque'\].*\['contact'\]"):
        ConstraintTerminations([HARD]).load_state_dict(state)


def test_a_missing_constraint_is_named():
    with pytest.raises(EnvContractError, match="'contact'"):
        ConstraintTerminations([SOFT, HARD]).step({"torque": torch.zeros(2, 1)})


def test_a_step_of_1024_environments_and_40_columns_takes_less_than_half_a_millisecond():
    torch.set_num_threads(1)
    constraints = [Constraint(f"c{i}", "x", 1.0, "1") for i in range(6)]
    values = {c.name: torch.randn(1024, k) for c, k in zip(constraints, (12, 12, 12, 1, 1, 2), strict=True)}
    cat, times = ConstraintTerminations(constraints), []
    for _ in range(100):
        start = time.perf_counter()
        cat.step(values)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.5e-3
