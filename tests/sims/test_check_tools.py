import numpy as np

from landward.spec import Noise, ObservationTerm
from sims.check_tools import column_tolerance


def test_tolerances_run_along_the_last_axis_of_a_term() -> None:
    route = ObservationTerm(
        "route", "route", (2, 2), scale=(2.0, 0.5), noise=Noise("uniform", 0.1), history=2
    )
    speed = ObservationTerm("speed", "speed", ())
    expected = [0.4, 0.1, 0.4, 0.1] * 2 + [0.0]
    np.testing.assert_allclose(column_tolerance((route, speed)), np.array(expected) + 1e-4)
