from typing import Any

import numpy as np
import pytest

from sims.carla.server import arguments
from sims.carla.server.arguments import WireError


def test_what_is_well_formed_is_read() -> None:
    assert arguments.number(3) == 3.0
    assert arguments.vector([1, 2.5, 3]) == [1.0, 2.5, 3.0]
    assert arguments.optional([False], arguments.number) is None
    assert arguments.optional([True, 0.05], arguments.number) == 0.05
    np.testing.assert_array_equal(arguments.transform([[1, 2, 3], [4, 5, 6]]), [1, 2, 3, 4, 5, 6])


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (arguments.number, float("nan")),
        (arguments.number, float("inf")),
        (arguments.number, 10**400),
        (arguments.number, "1"),
        (arguments.number, True),
        (arguments.whole, 1.5),
        (arguments.whole, False),
        (arguments.flag, 1),
        (arguments.text, b"bytes"),
        (arguments.vector, [1.0, 2.0]),
        (arguments.vector, [1.0, float("nan"), 2.0]),
        (arguments.vector, [0.0, 0.0, 1e30]),
        (arguments.vector, None),
        (arguments.transform, [[0, 0, 0]]),
        (arguments.transform, [[0, 0, 0], "yaw"]),
        (lambda value: arguments.optional(value, arguments.number), []),
        (lambda value: arguments.numbers(value, 14), [0.0] * 13),
    ],
)
def test_junk_is_refused(read: Any, value: Any) -> None:
    with pytest.raises(WireError):
        read(value)


def test_the_message_shows_no_more_than_a_line_of_what_came() -> None:
    with pytest.raises(WireError) as raised:
        arguments.whole("x" * 10_000)
    assert len(str(raised.value)) < 120
