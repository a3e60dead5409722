"""Names of faults are read from statuses."""

from landward_faults.named import Counters, Words, reasons


def test_words_of_a_warning_and_of_an_error_are_names() -> None:
    assert {"sensor_nan", "joint_states"} <= reasons(2, "sensor_nan: joint_states: position of FR_hip_joint")
    assert "clamped.rate" in reasons(1, "clamped.rate, clamped.torque")
    assert "constraint.joint_torque" in reasons(2, "constraint.joint_torque: 1.2 N m beyond")


def test_a_status_that_is_well_names_nothing() -> None:
    assert reasons(0, "stop") == set()


def test_only_a_rising_number_counts() -> None:
    counters = Counters()
    assert counters.risen("safety", {"clamped.rate": "2", "late.command": "0"}) == {"clamped.rate"}
    assert counters.risen("safety", {"clamped.rate": "2", "state": "armed"}) == set()
    assert counters.risen("safety", {"clamped.rate": "3"}) == {"clamped.rate"}
    assert counters.risen("twin", {"clamped.rate": "1"}) == {"clamped.rate"}


def test_only_a_new_word_counts() -> None:
    words = Words()
    assert words.fresh("safety", {"clamped.rate"}) == {"clamped.rate"}
    assert words.fresh("safety", {"clamped.rate", "late.command"}) == {"late.command"}
    assert words.fresh("safety", set()) == set()
    assert words.fresh("safety", {"clamped.rate"}) == {"clamped.rate"}
