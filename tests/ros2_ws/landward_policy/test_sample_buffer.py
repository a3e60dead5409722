from typing import NamedTuple

from landward_policy.sample_buffer import SampleBuffer


class Sample(NamedTuple):
    stamp: float


def filled(*stamps, reach=0.0):
    buffer = SampleBuffer("joint_states", reach, ahead=0.015)
    for stamp in stamps:
        assert buffer.push(Sample(stamp), now=stamp)
    return buffer


def test_the_newest_sample_that_is_old_enough():
    buffer = filled(1.000, 1.005, 1.010, 1.015, 1.020, reach=0.012)
    # At 1.021, at least 12 ms old: 1.009 or before.
    assert buffer.at(1.021 - 0.012).stamp == 1.005
    assert buffer.at(1.010).stamp == 1.010
    assert buffer.at(1.5).stamp == 1.020
    assert buffer.newest.stamp == 1.020


def test_what_nobody_can_ask_for_is_forgotten():
    buffer = filled(*(0.005 * i for i in range(1000)), reach=0.012)
    # From the newest, 4.995, back to 4.983: 4.980 is the newest that is not after it.
    assert len(buffer._samples) == 4
    assert buffer.at(4.983).stamp == 4.980
    assert len(filled(*range(100))._samples) == 1


def test_nothing_is_old_enough_yet():
    assert filled(1.0).at(0.99) is None
    assert filled().at(1.0) is None and filled().newest is None


def test_an_older_or_equal_stamp_is_refused():
    buffer = filled(1.0, 1.005)
    assert not buffer.push(Sample(1.005), 1.006)
    assert not buffer.push(Sample(1.002), 1.006)
    assert (buffer.newest.stamp, buffer.refusals) == (1.005, 2)
    assert buffer.refused == "out of order: a stamp 0.003 s before the newest"


def test_a_stamp_of_the_future_is_refused_and_does_not_block_the_next():
    buffer = filled(1.0)
    assert not buffer.push(Sample(3.0), now=1.005)
    assert buffer.refused.startswith("a stamp 1.995 s in the future")
    assert buffer.push(Sample(1.01), now=1.01)
    # Clocks may differ a little.
    assert buffer.push(Sample(1.024), now=1.01)


def test_clearing_takes_earlier_stamps_again():
    buffer = filled(100.0)
    buffer.clear()
    assert buffer.newest is None
    assert buffer.push(Sample(0.002), now=0.004)
