from landward_safety.reasons import CONSTRAINT, FAULTS, WARNINGS, Fault, Finding


def test_names_are_unique_and_are_what_diagnostics_show():
    assert len({*FAULTS, *WARNINGS}) == len(FAULTS) + len(WARNINGS)
    assert str(Finding("tilt", "too far")) == str(Fault("tilt", "too far", 1.0)) == "tilt: too far"
    assert (CONSTRAINT + "speed").partition(".")[2] == "speed"
