import numpy as np
import pytest

from landward.velocity_commands import COMMANDS, draw_commands
from landward_bringup.schedule import HOLD, SEED, constant, drawn
from sims.evaluate.settings import Settings


def test_constant_holds_for_ever() -> None:
    schedule = constant((0.5, 0.0, -0.2), 60.0)
    assert schedule.at(0.0) == schedule.at(59.9) == schedule.at(1e6) == (0.5, 0.0, -0.2)


def test_drawn_commands_are_those_of_the_evaluation() -> None:
    """landward_bringup may not import sims; this test may."""
    schedule = drawn(60.0, seed=7)
    assert np.array_equal(np.float32(schedule.commands), draw_commands(COMMANDS, 64, 7)[:6])
    assert (Settings().seed, Settings().seconds) == (SEED, HOLD)


def test_each_drawn_command_holds_its_time() -> None:
    schedule = drawn(25.0, seed=0, hold=10.0)
    first, second, third = schedule.commands
    assert [schedule.at(t) for t in (-1.0, 0.0, 9.99, 10.0, 20.0, 24.9, 40.0)] == [
        first, first, first, second, third, third, third
    ]  # fmt: skip


@pytest.mark.parametrize(("seconds", "count"), [(0.3, 3), (0.31, 4), (0.05, 1)])
def test_there_are_as_many_commands_as_it_takes(seconds: float, count: int) -> None:
    assert len(drawn(seconds, seed=0, hold=0.1).commands) == count
