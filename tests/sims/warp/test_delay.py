import pytest
import torch

from sims.warp.delay import CommandDelay

pytestmark = pytest.mark.warp


def make(steps, substeps=3, longest=6):
    plan = torch.zeros((substeps, len(steps), 1))
    delay = CommandDelay(plan, torch.tensor([-1.0]), longest)
    delay.set_steps(torch.tensor(steps))
    return plan, delay


def played(steps, targets, substeps=3):
    """The command of every physics step, (T * substeps, N), when step c is told targets[c]."""
    plan, delay = make(steps, substeps)
    rows = []
    for target in targets:
        delay.push(torch.full((len(steps), 1), float(target)))
        rows += [row.clone() for row in plan[:, :, 0]]
    return torch.stack(rows)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 6])
def test_a_command_arrives_after_that_many_physics_steps(steps):
    got = played([steps], [0, 1, 2])[:, 0].tolist()
    undelayed = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert got == ([-1] * steps + undelayed)[:9]


def test_every_environment_has_a_delay_of_its_own():
    got = played([0, 2], [5, 6])
    assert got[:, 0].tolist() == [5, 5, 5, 6, 6, 6]
    assert got[:, 1].tolist() == [-1, -1, 5, 5, 5, 6]


def test_a_reset_fills_the_line_of_one_environment_with_the_default():
    plan, delay = make([3, 3])
    delay.push(torch.full((2, 1), 7.0))
    delay.reset(torch.tensor([1]))
    delay.push(torch.full((2, 1), 8.0))
    assert plan[:, :, 0].tolist() == [[7, -1]] * 3


def test_a_saved_line_goes_on():
    plan, delay = make([4])
    for value in range(4):
        delay.push(torch.full((1, 1), float(value)))
    other_plan, other = make([4])
    other.load_state_dict(delay.state_dict())
    for line in (delay, other):
        line.push(torch.full((1, 1), 9.0))
    assert torch.equal(plan, other_plan)
    assert plan[:, 0, 0].tolist() == [2, 3, 3]
