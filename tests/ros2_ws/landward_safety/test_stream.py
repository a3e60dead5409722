import math

import pytest

from landward_safety.stream import Stream

MS = 1_000_000
AT = 100_000 * MS


def stream() -> Stream:
    return Stream("imu/data", 0.015, "stale", "out_of_order")


def test_before_the_first_message_its_age_is_infinite():
    assert stream().age(100.0) == math.inf


def test_stamps_that_go_on_are_well():
    s = stream()
    assert s.arrive(AT, 100.0) is None
    assert s.arrive(AT + 5 * MS, 100.006) is None
    assert s.age(100.012) == pytest.approx(0.007)


@pytest.mark.parametrize(
    ("now", "wrong"), [(100.0149, False), (100.0151, True), (99.9851, False), (99.9849, True)]
)
def test_a_stamp_too_old_or_too_new(now, wrong):
    assert (stream().arrive(AT, now) is not None) == wrong


def test_the_messages_say_how_much():
    assert str(stream().arrive(AT, 100.02)) == "stale: imu/data: a stamp 20.0 ms old, the bound is 15.0 ms"
    assert (
        str(stream().arrive(AT, 99.9))
        == "stale: imu/data: a stamp 100.0 ms in the future, the bound is 15.0 ms"
    )
    s = stream()
    s.arrive(AT, 100.0)
    assert (
        str(s.arrive(AT - 2 * MS, 100.0)) == "out_of_order: imu/data: a stamp 2.0 ms before the previous one"
    )


def test_one_nanosecond_back_is_out_of_order_and_a_repeated_stamp_is_not():
    s = stream()
    s.arrive(AT, 100.0)
    assert s.arrive(AT, 100.001) is None
    found = s.arrive(AT - 1, 100.001)
    assert found is not None and found.reason == "out_of_order"


def test_a_stamp_that_repeats_grows_old():
    s = stream()
    s.arrive(AT, 100.0)
    found = s.arrive(AT, 100.016)
    assert found is not None and found.reason == "stale"


def test_going_back_is_reported_once():
    s = stream()
    s.arrive(AT, 100.0)
    assert s.arrive(AT - 5 * MS, 100.0) is not None
    assert s.arrive(AT - 4 * MS, 100.0) is None


def test_a_backlog_may_be_old_but_not_out_of_order():
    s = stream()
    assert s.arrive(AT, 100.05, backlog=True) is None
    found = s.arrive(AT - MS, 100.05, backlog=True)
    assert found is not None and found.reason == "out_of_order"


def test_forgotten_stamps_set_no_order():
    s = stream()
    s.arrive(AT, 100.0)
    s.forget()
    assert s.arrive(AT - 1000 * MS, 99.0) is None
