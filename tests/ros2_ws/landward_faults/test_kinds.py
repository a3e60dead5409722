"""Faults are drawn reproducibly, every kind comes, and slow kinds come rarely."""

from collections import Counter

import pytest

from landward_faults.catalogue import KINDS
from landward_faults.kinds import COMMAND, MAX_WAIT, PROCESS, FaultError, Kind, draw, schedule, select

KIND = Kind("shift", "a shift", (COMMAND,), "age", ("old", "group."), ranges={"age": (0.5, 2.0)})
SLOW = Kind("kill", "a kill", (PROCESS,), "kill.policy", ("silent",))


def test_the_same_numbers_give_the_same_fault() -> None:
    first, again, other = draw(KIND, 3, 7), draw(KIND, 3, 7), draw(KIND, 3, 8)
    assert first == again
    assert first.values != other.values


def test_parameters_keep_to_their_ranges() -> None:
    faults = [draw(KIND, 0, index) for index in range(500)]
    ages = [fault.values["age"] for fault in faults]
    assert 0.5 <= min(ages) < 0.52 and 1.98 < max(ages) < 2.0
    assert 0.0 <= min(f.wait for f in faults) < max(f.wait for f in faults) < MAX_WAIT
    assert 0.3 < sum(fault.walking for fault in faults) / 500 < 0.7
    assert 0.3 < sum(fault.everywhere for fault in faults) / 500 < 0.7


def test_a_kind_is_named_by_a_reason_or_by_a_prefix() -> None:
    assert KIND.named_by({"noise", "old"})
    assert KIND.named_by({"group.torque"})
    assert not KIND.named_by({"older", "group"})
    assert not KIND.named_by(())


def test_a_count_limits_the_messages_and_none_does_not() -> None:
    counted = Kind("c", "c", (COMMAND,), "age", ("old",), ranges={"count": (1.0, 4.0)})
    assert {draw(counted, 0, index).count for index in range(100)} == {1, 2, 3}
    assert draw(KIND, 0, 0).count > 10**6


def test_every_index_is_picked_and_none_beyond() -> None:
    picking = Kind("p", "p", (COMMAND,), "age", ("old",), ranges={"joint": (0.0, 1.0)})
    assert {draw(picking, 0, index).pick("joint", 12) for index in range(300)} == set(range(12))


def test_slow_kinds_have_their_share_and_every_kind_comes() -> None:
    other = Kind("other", "another", (COMMAND,), "age", ("old",))
    faults = schedule([KIND, SLOW, other], 100, seed=1, process_share=0.1)
    assert Counter(fault.kind.name for fault in faults) == {"shift": 45, "other": 45, "kill": 10}
    assert [fault.seed for fault in faults] == [(1, index) for index in range(100)]
    few = schedule([KIND, SLOW, other], 3, seed=1, process_share=0.0)
    assert {fault.kind.name for fault in few} == {"shift", "other", "kill"}


def test_slow_kinds_alone_fill_the_campaign() -> None:
    assert len(schedule([SLOW], 5, seed=0, process_share=0.1)) == 5


def test_fewer_faults_than_kinds_are_refused() -> None:
    with pytest.raises(FaultError, match="1 faults for 2 kinds"):
        schedule([KIND, SLOW], 1, seed=0, process_share=0.1)


def test_kinds_are_selected_by_name() -> None:
    assert select(["kill"], [KIND, SLOW]) == [SLOW]
    assert select([], [KIND, SLOW]) == [KIND, SLOW]
    with pytest.raises(FaultError, match="no fault is called 'kil'; there are shift, kill"):
        select(["kil"], [KIND, SLOW])


def test_another_seed_gives_another_order() -> None:
    orders = [[f.kind.name for f in schedule(KINDS, 100, seed, 0.1)] for seed in (1, 2)]
    assert orders[0] != orders[1] and Counter(orders[0]) == Counter(orders[1])
