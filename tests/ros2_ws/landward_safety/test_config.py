import math

import pytest

from landward.errors import SpecError
from landward_safety.config import MonitorConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("control_period", 0.0),
        ("control_period", math.nan),
        ("deadman_age", -1.0),
        ("soft_grace", -0.1),
        ("measured_margin", math.inf),
        ("command_age", -0.01),
    ],
)
def test_a_bound_that_makes_no_sense_is_refused(field, value):
    with pytest.raises(SpecError, match=f"^{field} must be"):
        MonitorConfig(**({"control_period": 0.02} | {field: value}))


def test_late_comes_before_silent():
    with pytest.raises(SpecError, match="late_after .2. must not be above silent_after .1.5."):
        MonitorConfig(0.02, late_after=2.0)
