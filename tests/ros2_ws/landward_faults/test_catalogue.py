"""The catalogue is whole: every kind can be injected, and expects only names that a node can say."""

import pytest

from landward.constraint import Constraint
from landward_faults.catalogue import DEADMAN_TIMEOUT, KINDS, MARGIN, SOFT_GRACE, constraint_kinds
from landward_faults.kinds import CLAMPED, DAMPING, PASSED, PROCESS, ROBOT
from landward_faults.mutations import ALTERATIONS
from landward_safety import reasons
from landward_safety.config import MonitorConfig
from robots import get_robot

DONE_BY_THE_INJECTOR = {"silence", "hold", "turn_back", "release", "mute", "stop"}


def test_names_are_unique() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_can_be_injected_and_named(kind) -> None:
    if PROCESS in kind.streams:
        assert kind.action.partition(".")[0] in ("kill", "freeze")
    else:
        assert kind.action in DONE_BY_THE_INJECTOR | set(ALTERATIONS)
    # command_lost is the drive's own word; all others are the monitor's.
    assert set(kind.reasons) <= {*reasons.FAULTS, *reasons.WARNINGS, "command_lost"}
    assert kind.reaction in (DAMPING, CLAMPED, PASSED, ROBOT)
    assert kind.bound == (2.0 if PROCESS in kind.streams else 1.0)
    assert all(low <= high for low, high in kind.ranges.values())


def test_every_fault_of_the_monitor_is_expected_of_some_kind() -> None:
    expected = {reason for kind in KINDS for reason in kind.reasons}
    # `internal` is an error in the monitor itself.
    assert set(reasons.FAULTS) - expected == {reasons.INTERNAL}
    assert set(reasons.WARNINGS) <= expected


def test_graces_are_those_of_the_monitor() -> None:
    config = MonitorConfig(control_period=0.02)
    assert config.soft_grace == SOFT_GRACE
    assert config.deadman_age == DEADMAN_TIMEOUT
    assert config.measured_margin == MARGIN


def test_constraints_on_measurements_become_kinds() -> None:
    kinds = constraint_kinds(
        [
            Constraint("soft_torque", "joint_torque", 20.0, "N m"),
            Constraint("hard_speed", "joint_vel", 20.0, "rad/s", kind="hard"),
            Constraint("contact", "foot_contact", 1.0, "1"),
            Constraint("gated", "joint_pos", 1.0, "rad", when="standing"),
            Constraint("beyond_the_drive", "joint_torque", 25.0, "N m"),
        ],
        get_robot("go1"),
    )
    assert [(kind.name, kind.reasons, kind.grace) for kind in kinds] == [
        ("constraint_soft_torque", ("constraint.soft_torque",), SOFT_GRACE),
        ("constraint_hard_speed", ("constraint.hard_speed",), 0.0),
    ]


def test_the_guide_lists_the_catalogue(root) -> None:
    page = (root / "docs" / "faults.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| `{kind.name}` | {kind.title} |" in page
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind.name}` | {kind.title} |"))
        assert f"| {kind.bound:g} |" in row
        assert all(f"`{reason}`" in row for reason in kind.reasons)
