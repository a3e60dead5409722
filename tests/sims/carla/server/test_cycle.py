"""The cycle of a junction by the clock: 10 s green, 3 s yellow, 2 s red for all."""

import pytest

from sims.carla.server.cycle import GREEN, RED, YELLOW, Cycle


def states(cycle: Cycle) -> tuple[int, ...]:
    return tuple(cycle.state(phase) for phase in range(cycle.phases))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, (GREEN, RED, RED)),
        (9, (GREEN, RED, RED)),
        (10, (YELLOW, RED, RED)),
        (12, (YELLOW, RED, RED)),
        (13, (RED, RED, RED)),
        (15, (RED, GREEN, RED)),
        (25, (RED, YELLOW, RED)),
        (30, (RED, RED, GREEN)),
        (45, (GREEN, RED, RED)),
        (145, (YELLOW, RED, RED)),
    ],
)
def test_states_by_the_clock(seconds: int, expected: tuple[int, ...]) -> None:
    cycle = Cycle(3)
    for _ in range(seconds * 20):
        cycle.step(0.05)
    assert states(cycle) == expected


def test_a_change_is_told_once() -> None:
    cycle = Cycle(2)
    changes = [cycle.step(0.5) for _ in range(30)]
    assert [i + 1 for i, changed in enumerate(changes) if changed] == [20, 26, 30]


def test_steps_that_do_not_divide_the_times_lose_no_time() -> None:
    """0.4 s a step: green ends in step 25, yellow in step 33 (13.2 s), which leaves 0.2 s of the red."""
    cycle = Cycle(2)
    for _ in range(33):
        cycle.step(0.4)
    assert states(cycle) == (RED, RED)
    assert cycle.elapsed == pytest.approx(0.2)


def test_each_phase_has_its_own_times() -> None:
    cycle = Cycle(2, [[1.0, 1.0, 1.0], [4.0, 1.0, 1.0]])
    seen = []
    for _ in range(9):
        seen.append(states(cycle))
        cycle.step(1.0)
    assert seen == [(GREEN, RED), (YELLOW, RED), (RED, RED)] + [(RED, GREEN)] * 4 + [
        (RED, YELLOW),
        (RED, RED),
    ]


def test_times_of_zero_do_not_hang() -> None:
    cycle = Cycle(2, [[0.0] * 3, [0.0] * 3])
    for _ in range(10):
        assert cycle.step(0.05)


def test_a_restart_begins_with_the_first_green() -> None:
    cycle = Cycle(2)
    for _ in range(200):
        cycle.step(0.1)
    cycle.restart()
    assert (states(cycle), cycle.elapsed) == ((GREEN, RED), 0.0)
