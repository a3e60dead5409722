import numpy as np
import pytest

from landward_bridges.drive import ERROR, OK, WARN, Drive, Hold

TARGET = np.array([0.1, -0.2])


def drive():
    return Drive(0.02, "joint_command", "damping")


def test_before_the_first_command_it_is_safe_and_says_what_it_waits_for():
    robot = drive()
    assert robot.target(100.0) is None
    assert robot.condition(100.0).message == "robot_silent: nothing has come from the robot yet"
    robot.heard(100.0)
    waiting = robot.condition(100.0)
    assert (waiting.severity, waiting.message) == (OK, "waiting for the first joint_command; damping")


def test_a_command_counts_for_one_and_a_half_periods():
    robot = drive()
    robot.heard(5.0)
    robot.command(TARGET, 5.0)
    assert robot.target(5.029) is TARGET
    assert robot.condition(5.029).severity == OK
    assert robot.target(5.031) is None
    lost = robot.condition(5.031)
    assert (lost.severity, lost.message) == (
        ERROR,
        "command_lost: no joint_command for more than 30 ms; damping",
    )
    robot.command(TARGET, 5.04)
    assert robot.target(5.04) is TARGET and robot.condition(5.04).message == "following commands"


def test_damping_on_request_is_no_fault():
    robot = drive()
    robot.heard(0.0)
    robot.command(TARGET, 0.0)
    robot.command(None, 0.01)
    assert robot.target(0.01) is None
    assert robot.condition(0.01).message == "damping, as commanded"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_command_that_is_not_finite_is_as_if_none_had_come(bad):
    robot = drive()
    robot.heard(0.0)
    robot.command(TARGET, 0.0)
    robot.command(np.array([0.1, bad]), 0.02)
    assert robot.target(0.029) is TARGET
    assert robot.condition(0.02).severity == WARN
    assert robot.condition(0.02).message == "command_refused: a number in it is NaN or infinite"
    assert robot.target(0.031) is None
    assert "the last was refused: a number in it is NaN" in robot.condition(0.031).message
    assert (robot.commands, robot.refused) == (1, 1)


def test_a_good_command_clears_a_refusal():
    robot = drive()
    robot.heard(0.0)
    robot.refuse("no joint 'hip'")
    robot.command(TARGET, 0.0)
    assert robot.condition(0.0).message == "following commands"


def test_a_silent_robot_is_reported():
    robot = drive()
    robot.heard(1.0)
    robot.command(TARGET, 1.2)
    silent = robot.condition(1.2)
    assert (silent.severity, silent.message) == (ERROR, "robot_silent: nothing for more than 100 ms")
    robot.heard(1.2)
    assert robot.condition(1.2).severity == OK


def test_a_robot_whose_measurements_cannot_be_used_is_silent_and_it_says_why():
    robot = drive()
    robot.unusable("no joint 'hip'")
    assert robot.condition(0.0).message == (
        "robot_silent: nothing has come from the robot yet (the last was refused: no joint 'hip')"
    )
    robot.heard(1.0)
    assert robot.condition(1.05).severity == OK
    robot.unusable("a position is NaN or infinite")
    assert robot.condition(1.2).message.endswith(
        "100 ms (the last was refused: a position is NaN or infinite)"
    )


def test_hold_leaves_the_robots_controller_alone_before_the_first_target():
    hold = Hold()
    assert hold.position(None, np.zeros(2)) is None


def test_hold_keeps_the_position_in_which_commands_ended():
    hold = Hold()
    assert hold.position(TARGET, np.zeros(2)) is TARGET
    measured = np.array([0.05, -0.1])
    assert hold.position(None, measured).tolist() == [0.05, -0.1]
    measured += 1.0
    # The robot sags: what is held does not follow it.
    assert hold.position(None, measured).tolist() == [0.05, -0.1]
    assert hold.position(TARGET, measured) is TARGET
    assert hold.position(None, measured).tolist() == [1.05, 0.9]


def test_without_a_measurement_nothing_moves():
    hold = Hold()
    assert hold.position(TARGET, None) is None
    assert hold.position(None, None) is None
    assert hold.position(None, np.zeros(2)) is None
