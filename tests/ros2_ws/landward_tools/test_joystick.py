import numpy as np
import pytest

from landward_tools.joystick import JoyMapping, Joystick, JoystickError, centred
from landward_tools.velocity import Limits

LIMITS = Limits(1.0, 0.5, 0.3, 0.8, acceleration=1e6, turn_acceleration=1e6)
DEADMAN = 4


def buttons(*down):
    return [int(i in down) for i in range(8)]


def axes(forward=0.0, sideways=0.0, turn=0.0):
    return [sideways, forward, 0.0, turn, 0.0]


def test_deflection_is_a_share_of_the_limit():
    joystick = Joystick(LIMITS, JoyMapping(dead_zone=0.0))
    joystick.read(axes(0.5, -1.0, 0.25), buttons(DEADMAN), 0.0)
    command, held = joystick.tick(0.1, 0.02)
    assert command == pytest.approx([0.5, -0.3, 0.2])
    assert held
    # Backward has its own limit.
    joystick.read(axes(-0.5), buttons(DEADMAN), 0.0)
    assert joystick.tick(0.1, 0.02)[0] == pytest.approx([-0.25, 0.0, 0.0])


def test_the_dead_zone_is_cut_out_without_a_jump():
    values = centred(np.array([0.1, -0.1, 0.55, -1.0, 1.2]), 0.1)
    assert values == pytest.approx([0.0, 0.0, 0.5, -1.0, 1.0])


def test_an_axis_can_be_inverted():
    joystick = Joystick(LIMITS, JoyMapping(dead_zone=0.0, inverted=(1,)))
    joystick.read(axes(-1.0, 1.0), buttons(DEADMAN), 0.0)
    assert joystick.tick(0.0, 0.02)[0] == pytest.approx([1.0, 0.3, 0.0])


def test_without_the_button_nothing_moves():
    joystick = Joystick(LIMITS, JoyMapping())
    joystick.read(axes(1.0), buttons(), 0.0)
    command, held = joystick.tick(0.0, 0.02)
    assert command.tolist() == [0.0, 0.0, 0.0]
    assert not held


def test_a_silent_joystick_has_let_go():
    joystick = Joystick(LIMITS, JoyMapping(timeout=0.25))
    assert not joystick.held(0.0)
    joystick.read(axes(1.0), buttons(DEADMAN), 1.0)
    assert joystick.tick(1.25, 0.02)[1]
    command, held = joystick.tick(1.26, 0.02)
    assert command.tolist() == [0.0, 0.0, 0.0]
    assert not held


def test_a_broken_axis_lets_go():
    joystick = Joystick(LIMITS, JoyMapping())
    joystick.read(axes(float("nan")), buttons(DEADMAN), 0.0)
    command, held = joystick.tick(0.0, 0.02)
    assert command.tolist() == [0.0, 0.0, 0.0]
    assert not held


def test_an_action_comes_once_for_a_press():
    joystick = Joystick(LIMITS, JoyMapping())
    assert joystick.read(axes(), buttons(2), 0.0) == ["stand"]
    assert joystick.read(axes(), buttons(2), 0.1) == []
    assert joystick.read(axes(), buttons(2, 6), 0.2) == ["stop"]
    joystick.read(axes(), buttons(), 0.3)
    assert joystick.read(axes(), buttons(2), 0.4) == ["stand"]


def test_the_stop_lets_go_too():
    joystick = Joystick(LIMITS, JoyMapping())
    assert joystick.read(axes(1.0), buttons(DEADMAN, 6), 0.0) == ["stop"]
    assert not joystick.held(0.0)


def test_a_joystick_with_too_few_axes_is_silent_and_says_so():
    joystick = Joystick(LIMITS, JoyMapping())
    joystick.read(axes(1.0), buttons(DEADMAN), 0.0)
    with pytest.raises(JoystickError, match="has 2 axes, the mapping names axis 3"):
        joystick.read([0.0, 1.0], buttons(DEADMAN), 0.1)
    assert not joystick.held(0.1)
    with pytest.raises(JoystickError, match="has 2 buttons, the mapping names button 4"):
        joystick.read(axes(), [0, 1], 0.1)


def test_the_command_grows_no_faster_than_the_acceleration():
    joystick = Joystick(Limits(acceleration=0.5), JoyMapping())
    joystick.read(axes(1.0), buttons(DEADMAN), 0.0)
    assert joystick.tick(0.0, 0.1)[0][0] == pytest.approx(0.05)
