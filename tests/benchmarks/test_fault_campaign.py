"""The fault campaign's benchmark: its claim, its plot."""

from types import SimpleNamespace

import pytest

from benchmarks import fault_campaign


def outcome(caught: int, violations: int) -> SimpleNamespace:
    verdicts = [SimpleNamespace(caught=index < caught) for index in range(3)]
    return SimpleNamespace(verdicts=verdicts, violations=["too fast"] * violations, commands=40)


def test_the_claim_names_its_value_first() -> None:
    assert fault_campaign.claim_of(outcome(3, 0), 0.8) == (
        "the slowest reaction of the safety monitor takes 0.80 of its bound, 3 of 3 injected faults are "
        "handled and named, 0 of 40 commands on the robot topic are outside limits"
    )
    assert "2 of 3" in fault_campaign.claim_of(outcome(2, 1), 0.8)
    assert "1 of 40" in fault_campaign.claim_of(outcome(2, 1), 0.8)


def test_the_plot_has_a_line_for_every_kind() -> None:
    pytest.importorskip("matplotlib")
    rows = [
        SimpleNamespace(kind=SimpleNamespace(name=name, bound=bound), reactions=[0.2, 0.4])
        for name, bound in (("a", 1.0), ("b", 2.0))
    ]
    axis = fault_campaign.plot(rows).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
    assert axis.get_xlim()[1] > 2.0
