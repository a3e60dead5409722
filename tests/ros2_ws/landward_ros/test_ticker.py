import math

import pytest

from landward_ros.ticker import TickClock

MS = 1_000_000


def test_the_first_tick_is_due_one_period_after_the_first_poll():
    clock = TickClock(0.02)
    assert clock.poll(1000 * MS) == 0
    assert clock.remaining(1005 * MS) == pytest.approx(0.015)
    assert clock.poll(1019 * MS) == 0
    assert clock.poll(1020 * MS) == 1
    assert clock.poll(1020 * MS) == 0


def test_a_late_tick_does_not_shift_the_next():
    clock = TickClock(0.02)
    clock.poll(0)
    assert clock.poll(25 * MS) == 1
    assert clock.remaining(25 * MS) == pytest.approx(0.015)
    assert clock.poll(40 * MS) == 1


def test_skipped_ticks_are_counted_and_the_phase_is_kept():
    clock = TickClock(0.02)
    clock.poll(0)
    assert clock.poll(65 * MS) == 3
    assert clock.remaining(65 * MS) == pytest.approx(0.015)
    lateness = clock.lateness
    assert (lateness.count, lateness.missed) == (1, 2)
    # The first of the three was due at 20 ms.
    assert lateness.max == pytest.approx(0.045)


def test_lateness_percentiles_by_hand():
    clock = TickClock(0.02)
    clock.poll(0)
    for k in range(1, 102):
        # 0, 1, ..., 100 microseconds late.
        assert clock.poll(20 * MS * k + 1000 * (k - 1)) == 1
    lateness = clock.lateness
    assert lateness.p50 == pytest.approx(50e-6)
    assert lateness.p99 == pytest.approx(99e-6)
    assert lateness.max == pytest.approx(100e-6)
    assert (lateness.count, lateness.missed) == (101, 0)


def test_before_the_first_tick_there_is_no_lateness():
    assert TickClock(0.02).lateness.count == 0
    assert math.isnan(TickClock(0.02).lateness.p99)


def test_a_clock_that_goes_back_starts_a_new_phase_without_a_tick():
    clock = TickClock(0.02)
    clock.poll(500 * MS)
    assert clock.poll(520 * MS) == 1
    assert clock.poll(3 * MS) == 0
    assert clock.poll(22 * MS) == 0
    assert clock.poll(23 * MS) == 1


def test_reset_forgets_phase_and_statistics():
    clock = TickClock(0.02)
    clock.poll(0)
    clock.poll(100 * MS)
    clock.reset()
    assert clock.lateness.count == 0 and clock.remaining(0) == 0.0
    assert clock.poll(200 * MS) == 0
    assert clock.poll(220 * MS) == 1


def test_the_phase_can_be_chosen_and_moved():
    clock = TickClock(0.02)
    clock.align(100 * MS, 0.003)
    assert clock.poll(102 * MS) == 0
    assert clock.poll(103 * MS) == 1
    clock.shift(-0.001)
    assert clock.poll(122 * MS) == 1


def test_a_period_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="must be positive"):
        TickClock(0.0)
