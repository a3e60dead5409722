from landward_safety.stall import StallWatch


def test_time_that_moves_does_not_stall():
    watch = StallWatch(1.0)
    assert [watch.look(k, 0.9 * k) for k in range(5)] == [0.0] * 5


def test_time_that_stands_still():
    watch = StallWatch(1.0)
    assert watch.look(7, 10.0) == 0.0
    assert watch.look(7, 11.0) == 0.0
    assert watch.look(7, 11.25) == 1.25
    assert watch.look(8, 11.5) == 0.0
    assert watch.look(8, 12.4) == 0.0
