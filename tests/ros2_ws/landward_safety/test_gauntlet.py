"""Hypothesis chooses faults, their order and their times; the judge of gauntlet.py looks at every output."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landward_safety.reasons import FAULTS, WARNINGS
from tests.ros2_ws.landward_safety.gauntlet import KINDS, Gauntlet, Segment

TICKS = 100_000
SEGMENTS = st.lists(
    st.builds(
        Segment,
        kind=st.sampled_from(KINDS),
        quarters=st.integers(1, 30),
        joint=st.integers(0, 1),
        amount=st.floats(-1.0, 1.0),
        recover=st.booleans(),
    ),
    min_size=10,
    max_size=30,
)


def run(examples: int) -> tuple[int, Counter[str]]:
    """Ticks and what was seen in so many examples; the same ones every time."""
    ticks, seen = 0, Counter()

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(segments=SEGMENTS, deadman=st.booleans())
    def examine(segments: list[Segment], deadman: bool) -> None:
        nonlocal ticks
        gauntlet = Gauntlet(deadman)
        gauntlet.run([Segment("none", 12, 0, 0.0, False), *segments])
        ticks += gauntlet.ticks
        seen.update(gauntlet.seen)

    examine()
    return ticks, seen


def test_no_fault_gets_a_command_out_of_limits():
    ticks, seen = run(20)
    assert ticks > 1000 and len(seen) > 5


@pytest.mark.slow
def test_a_hundred_thousand_ticks():
    ticks, seen = run(440)
    assert ticks >= TICKS
    missing = {*FAULTS, *WARNINGS, "constraint.quick", "constraint.jerky", "constraint.bent"} - {*seen}
    assert not missing, f"never happened: {missing}; seen {seen}"
