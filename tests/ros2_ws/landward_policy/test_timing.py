import pytest

from landward_policy.timing import SlotTimer

MS = 1_000_000


def old(topic):
    """The newest measurement is of before the slot."""
    return 0.0025


def test_a_tick_waits_for_all_its_measurements():
    shifts = []
    slot = SlotTimer(("joint_states", "imu/data"), 0.005)
    assert not slot.open and not slot.end(0, shifts.append)
    slot.begin(100 * MS, old)
    assert not slot.end(101 * MS, shifts.append)
    slot.arrived("joint_states")
    assert not slot.end(102 * MS, shifts.append)
    assert not slot.complete(102 * MS)
    slot.arrived("imu/data")
    assert slot.complete(102 * MS) and slot.open
    assert slot.end(103 * MS, shifts.append)
    assert not slot.open and not slot.end(103 * MS, shifts.append)
    # 3 ms waited instead of 2.5: the phase moves by 2 % of the difference.
    assert shifts == [pytest.approx(0.02 * 0.0005)]


def test_without_measurements_it_ticks_a_sensor_period_later():
    shifts = []
    slot = SlotTimer(("joint_states",), 0.005)
    slot.begin(0, old)
    assert not slot.complete(int(4.9 * MS)) and not slot.end(int(4.9 * MS), shifts.append)
    assert slot.complete(5 * MS)
    assert slot.end(5 * MS, shifts.append)
    assert shifts == []


def test_what_came_before_the_slot_does_not_count():
    slot = SlotTimer(("joint_states",), 0.005)
    slot.arrived("joint_states")
    slot.begin(0, old)
    assert not slot.end(0, lambda _: None)


def test_a_measurement_that_came_just_now_is_not_waited_for():
    slot = SlotTimer(("joint_states", "imu/data"), 0.005)
    slot.begin(0, lambda topic: {"joint_states": 0.001, "imu/data": 0.004}[topic])
    assert not slot.end(0, lambda _: None)
    slot.arrived("imu/data")
    assert slot.end(0, lambda _: None)


def test_a_clock_that_goes_back_ends_the_slot():
    shifts = []
    slot = SlotTimer(("joint_states",), 0.005)
    slot.begin(100 * MS, old)
    assert slot.end(3 * MS, shifts.append)
    assert shifts == []


def test_the_phase_settles_half_a_sensor_period_before_the_measurement():
    # Measurements every 5 ms at 1 ms after a multiple; the slot opens 0.2 ms before them at first.
    opens, phase = 0.8e-3, []
    for _ in range(300):
        waited = 1e-3 - opens
        slot = SlotTimer(("joint_states",), 0.005)
        slot.begin(0, old)
        slot.arrived("joint_states")
        slot.end(round(waited * 1e9), phase.append)
        opens += phase.pop()
    assert 1e-3 - opens == pytest.approx(0.0025, abs=2e-5)
