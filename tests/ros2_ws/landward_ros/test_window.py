import math

from landward_ros.window import Window


def test_percentiles_by_hand():
    window = Window()
    assert window.text() == "none yet"
    for i in range(101):
        window.record(0.001 * i)
    assert window.text() == "p50 50.000 p99 99.000 max 100.000 ms"


def test_percentiles_are_of_the_latest_and_the_largest_is_of_all():
    window = Window(kept=2)
    assert all(math.isnan(value) for value in (*window.percentiles(), window.max))
    for duration in (9.0, 1.0, 1.0):
        window.record(duration)
    assert (window.count, window.percentiles(), window.max) == (3, (1.0, 1.0), 9.0)
    window.reset()
    assert window.count == 0 and window.text() == "none yet"
