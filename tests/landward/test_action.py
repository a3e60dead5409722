import math

import pytest

from landward.action import raw_bounds
from landward.spec import ActionTerm


@pytest.mark.parametrize(
    ("fields", "low", "high"),
    [
        ({"clip": (-2.0, 1.0)}, [-2.0, -2.0], [1.0, 1.0]),
        ({}, [-math.inf] * 2, [math.inf] * 2),
        # (limit - offset) / scale; a negative scale swaps the ends
        (
            {"limits": ((0.0, 4.0), (-1.0, 3.0)), "scale": (2.0, -1.0), "offset": 2.0},
            [-1.0, -1.0],
            [1.0, 3.0],
        ),
        ({"limits": ((0.0, 4.0), (-1.0, 3.0)), "clip": (-9.0, 9.0)}, [-9.0, -9.0], [9.0, 9.0]),
        ({"limits": ((0.0, 1.0), (0.0, 2.0)), "chunk": 2}, [0.0] * 4, [1.0, 2.0, 1.0, 2.0]),
    ],
)
def test_bounds_of_raw_actions_by_hand(fields, low, high):
    bounds = raw_bounds(ActionTerm("move", "raw", (2,), **fields))
    assert [bound.tolist() for bound in bounds] == [low, high]


def test_limits_run_along_the_last_axis():
    term = ActionTerm("move", "raw", (2, 2), limits=((0.0, 1.0), (0.0, 2.0)))
    assert raw_bounds(term)[1].tolist() == [1.0, 2.0, 1.0, 2.0]
