import pytest

from landward_ros.watchdog import CommandWatchdog


def test_the_state_before_the_first_command_is_the_safe_one():
    watchdog = CommandWatchdog(0.02)
    assert watchdog.expired(0.0) and not watchdog.started
    assert watchdog.silence(5.0) == float("inf")


def test_one_and_a_half_periods_of_silence_are_accepted_and_no_more():
    watchdog = CommandWatchdog(0.02)
    watchdog.command(10.0)
    assert watchdog.started and not watchdog.expired(10.0)
    assert not watchdog.expired(10.0299)
    assert watchdog.expired(10.0301)
    assert watchdog.silence(10.5) == pytest.approx(0.5)


def test_a_new_command_ends_the_silence_and_a_reset_begins_anew():
    watchdog = CommandWatchdog(0.02, factor=2.0)
    watchdog.command(1.0)
    assert watchdog.expired(1.05)
    watchdog.command(1.05)
    assert not watchdog.expired(1.08)
    watchdog.reset()
    assert watchdog.expired(1.08) and not watchdog.started
