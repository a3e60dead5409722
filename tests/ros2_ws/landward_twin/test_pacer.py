"""Simulated time follows the clock, catches up a little, and counts what it gave up."""

import math

import numpy as np
import pytest

from landward.errors import LandwardError
from landward_twin.pacer import CATCH_UP, Pacer

STEP = 0.002


def started(rate: float = 1.0) -> Pacer:
    pacer = Pacer(STEP, rate)
    assert pacer.due(100.0, 0) == 0  # the first call is the start
    return pacer


def test_steps_are_due_as_the_clock_goes() -> None:
    pacer = started()
    assert pacer.due(100.0019, 0) == 0
    assert pacer.due(100.0021, 0) == 1
    assert pacer.due(100.0101, 0) == 5
    assert pacer.due(100.0101, 5) == 0
    assert pacer.wait(100.0101, 5, 8) == pytest.approx(0.0059)
    assert pacer.wait(100.02, 5, 8) == 0.0


@pytest.mark.parametrize("rate", [0.25, 2.0])
def test_a_rate_scales_time(rate: float) -> None:
    pacer = started(rate)
    assert pacer.due(100.0 + 0.01001 / rate, 0) == 5
    assert pacer.wait(100.0, 0, 5) == pytest.approx(0.01 / rate)


def test_a_long_run_does_not_drift() -> None:
    pacer, steps = Pacer(0.005 / 3), 0
    for now in np.arange(0.0, 600.0, 0.005):
        steps += pacer.due(float(now), steps)
    assert steps * 0.005 / 3 == pytest.approx(599.995, abs=0.0017)
    assert pacer.lost == 0.0


def test_after_a_stall_it_catches_up_no_more_than_the_bound() -> None:
    pacer = started()
    assert pacer.due(100.0 + 0.04, 0) == 20  # within the bound: made up for
    assert pacer.lost == 0.0
    assert pacer.due(101.04, 20) == round(CATCH_UP / STEP)
    assert pacer.lost == pytest.approx(1.0 - CATCH_UP)
    assert pacer.due(101.04, 45) == 0
    assert pacer.due(101.0501, 45) == 5  # and on as before
    assert pacer.lost == pytest.approx(1.0 - CATCH_UP)


def test_the_bound_is_of_simulated_time() -> None:
    pacer = started(rate=0.25)
    assert pacer.due(100.0 + 0.19, 0) == 23
    assert pacer.lost == 0.0
    assert pacer.due(101.0, 0) == 25
    assert pacer.lost == pytest.approx(0.25 - CATCH_UP)


def test_a_clock_that_goes_back_starts_anew() -> None:
    pacer = started()
    assert pacer.due(100.0101, 0) == 5
    assert pacer.due(3.0, 5) == 0
    assert pacer.due(3.0041, 5) == 2
    assert pacer.lost == 0.0


def test_the_report_tells_factor_and_lateness() -> None:
    pacer = started()
    assert math.isnan(pacer.report(100.0, 0).p50)
    for late in (0.001, 0.002, 0.003):
        pacer.note(100.0 + late, 0)
    pace = pacer.report(101.0, 400)
    assert pace.real_time_factor == pytest.approx(0.8)
    assert (pace.p50, pace.max) == pytest.approx((0.002, 0.003))
    assert pacer.report(102.0, 900).real_time_factor == pytest.approx(1.0)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf, 1e6])
def test_a_rate_without_sense_is_refused(rate: float) -> None:
    with pytest.raises(LandwardError, match="rate is"):
        Pacer(STEP, rate)
