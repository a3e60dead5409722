"""Exact times."""

import pytest

from sims.carla.server.instants import exact


@pytest.mark.parametrize("dt", [0.1, 0.05, 1.0 / 30.0])
def test_a_length_is_hardly_longer(dt: float) -> None:
    assert dt <= exact(dt) < dt + 2.4e-10


def test_lengths_that_are_whole_instants_stay() -> None:
    assert exact(0.125) == 0.125
    assert exact(exact(0.1)) == exact(0.1)


def test_differences_of_sums_are_equal_bit_for_bit() -> None:
    lengths = set()
    for begin in (0.0, 0.0503376759952, 86400.0 / 7.0):
        time = exact(begin)
        for _ in range(20):
            time += exact(0.1)
        lengths.add(time - exact(begin))
    (length,) = lengths
    assert length >= 2.0
