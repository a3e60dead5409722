import numpy as np
import pytest

from landward.errors import SpecError
from landward_tools.keys import Keyboard, split_keys
from landward_tools.velocity import Limits

QUICK = Limits(acceleration=1e6, turn_acceleration=1e6)


def drive(keyboard, keys, now=0.0):
    return [keyboard.press(key, now) for key in keys]


def test_a_press_is_a_step_of_one_axis():
    keyboard = Keyboard(QUICK)
    drive(keyboard, ["w", "w", "up", "q", "left", "d", "D"])
    command, held = keyboard.tick(0.1, 0.02)
    assert command == pytest.approx([0.3, 0.1, -0.2])
    assert held


def test_commands_stay_within_the_limits():
    keyboard = Keyboard(Limits(0.4, 0.2, 0.1, 0.3, 1e6, 1e6))
    drive(keyboard, ["w"] * 20 + ["q"] * 20 + ["a"] * 20)
    assert keyboard.tick(0.0, 0.02)[0] == pytest.approx([0.4, 0.1, 0.3])
    drive(keyboard, ["s"] * 20 + ["e"] * 20 + ["d"] * 20)
    assert keyboard.tick(0.0, 0.02)[0] == pytest.approx([-0.2, -0.1, -0.3])


def test_the_command_grows_no_faster_than_the_acceleration():
    keyboard = Keyboard(Limits(acceleration=0.5, turn_acceleration=1.0))
    drive(keyboard, ["w"] * 10 + ["a"])
    # 0.5 m/s^2 and 1 rad/s^2 over 0.1 s.
    assert keyboard.tick(0.0, 0.1)[0] == pytest.approx([0.05, 0.0, 0.1])
    assert keyboard.tick(0.1, 0.1)[0] == pytest.approx([0.1, 0.0, 0.2])
    assert keyboard.tick(0.2, 0.1)[0] == pytest.approx([0.15, 0.0, 0.2])


def test_space_stops_at_once_and_keeps_the_deadman():
    keyboard = Keyboard(QUICK)
    drive(keyboard, ["w", "a"])
    keyboard.tick(0.0, 0.02)
    drive(keyboard, [" "], now=0.5)
    command, held = keyboard.tick(0.5, 0.02)
    assert command.tolist() == [0.0, 0.0, 0.0]
    assert held


def test_the_deadman_needs_a_key_in_time():
    keyboard = Keyboard(QUICK, deadman_seconds=1.0)
    assert not keyboard.held(0.0)
    drive(keyboard, ["w"], now=10.0)
    assert keyboard.held(11.0)
    # A key that does nothing else holds it on.
    drive(keyboard, ["."], now=11.0)
    assert keyboard.tick(12.0, 0.02)[0][0] == pytest.approx(0.1)
    command, held = keyboard.tick(12.01, 0.02)
    assert command.tolist() == [0.0, 0.0, 0.0]
    assert not held


def test_a_key_after_the_release_does_not_bring_the_old_command_back():
    keyboard = Keyboard(QUICK, deadman_seconds=1.0)
    drive(keyboard, ["w", "w", "w"], now=0.0)
    # No tick between: the process was stopped, say.
    drive(keyboard, ["w"], now=5.0)
    assert keyboard.tick(5.0, 0.02)[0][0] == pytest.approx(0.1)


def test_zero_seconds_hold_from_the_first_key_on():
    keyboard = Keyboard(QUICK, deadman_seconds=0.0)
    assert not keyboard.held(0.0)
    drive(keyboard, ["w"], now=1.0)
    assert keyboard.held(1e6)
    assert drive(keyboard, ["x"], now=1e6) == ["stop"]
    assert not keyboard.held(1e6)


def test_the_emergency_stop_lets_go_at_once():
    keyboard = Keyboard(QUICK)
    drive(keyboard, ["w"])
    assert drive(keyboard, ["x"], now=0.1) == ["stop"]
    command, held = keyboard.tick(0.1, 0.02)
    assert command.tolist() == [0.0, 0.0, 0.0]
    assert not held


def test_actions():
    keyboard = Keyboard(QUICK)
    assert drive(keyboard, ["1", "2", "p", "r", "w", "?"]) == [
        "stand",
        "walk",
        "passive",
        "reset",
        None,
        None,
    ]
    drive(keyboard, ["w", "p"])
    assert keyboard.tick(0.0, 0.02)[0][0] == 0.0


def test_arrows_are_one_key_even_when_they_come_in_pieces():
    assert split_keys("w\x1b[A\x1bOD1") == (["w", "up", "left", "1"], "")
    assert split_keys("w\x1b[") == (["w"], "\x1b[")
    assert split_keys("\x1b") == ([], "\x1b")
    # F5, and Alt-x, which must not be an x.
    assert split_keys("\x1b[15~d") == (["escape", "d"], "")
    assert split_keys("\x1b[1;5Cx") == (["escape", "x"], "")


def test_steps_back_and_forth_end_at_zero():
    keyboard = Keyboard(QUICK)
    drive(keyboard, ["w"] * 3 + ["s"] * 3)
    assert (keyboard.wanted == np.zeros(3)).all()


@pytest.mark.parametrize(
    "fields", [{"forward": -1.0}, {"acceleration": 0.0}, {"turn": float("nan")}, {"sideways": float("inf")}]
)
def test_limits_without_sense_are_refused(fields):
    with pytest.raises(SpecError, match=next(iter(fields))):
        Limits(**fields)
