import numpy as np

from landward.array import NumpyRandom
from sims.velocity.cfg import CommandCfg
from sims.velocity.commands import VelocityCommand


def test_draws_lie_in_the_box_and_some_stand():
    command = VelocityCommand(CommandCfg(standing=0.25), 4000, 0.02, NumpyRandom(0))
    command.draw(np.arange(4000))
    zero = (command.value == 0).all(1)
    assert abs(zero.mean() - 0.25) < 0.03
    low, high = command.value.min(0), command.value.max(0)
    assert (low >= [-0.3, -0.3, -0.8]).all() and (high <= [1.0, 0.3, 0.8]).all()
    assert (high > [0.95, 0.28, 0.75]).all()


def test_dead_zone_turns_small_commands_into_none():
    cfg = CommandCfg(vx=(-0.2, 0.2), vy=(-0.05, 0.05), wz=(-0.05, 0.05), standing=0.0, dead_zone=0.1)
    command = VelocityCommand(cfg, 2000, 0.02, NumpyRandom(1))
    command.draw(np.arange(2000))
    size = np.abs(command.value).max(1)
    assert ((size == 0) | (size >= 0.1)).all()
    assert abs((size == 0).mean() - 0.5) < 0.05


def test_commands_last_as_long_as_asked_on_average():
    command = VelocityCommand(CommandCfg(standing=0.0, resample_s=1.0), 1000, 0.02, NumpyRandom(2))
    command.draw(np.arange(1000))
    changes = 0
    for _ in range(50):
        before = command.value.copy()
        command.step()
        changes += (command.value != before).any(1).sum()
    assert abs(changes / 1000 - 1.0) < 0.1


def test_held_commands_are_left_alone():
    command = VelocityCommand(CommandCfg(resample_s=0.02), 3, 0.02, NumpyRandom(3))
    command.hold(np.array([1]), np.array([[0.4, 0.1, -0.2]], np.float32))
    command.step()
    command.draw(np.arange(3))
    np.testing.assert_allclose(command.value[1], [0.4, 0.1, -0.2])
    assert (command.value[[0, 2]] != 0).any()
