import math

import pytest

from landward.errors import SpecError
from sims.physics import PhysicsCfg


def test_the_default_is_valid_and_gives_the_control_period():
    cfg = PhysicsCfg(timestep=0.002, substeps=10)
    cfg.validate()
    assert cfg.control_period == 0.02


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timestep", 0.0),
        ("timestep", -0.005),
        ("timestep", math.nan),
        ("timestep", math.inf),
        ("substeps", 0),
        ("peak_forces", 0),
        ("peak_forces", 5),
        ("max_latency", -0.01),
        ("max_latency", math.nan),
    ],
)
def test_a_setting_that_no_engine_can_run_is_named(field, value):
    with pytest.raises(SpecError, match=rf"physics\.{field} is {value}"):
        PhysicsCfg(**{field: value}).validate()
