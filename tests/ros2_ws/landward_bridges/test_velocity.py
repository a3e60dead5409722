import numpy as np
import pytest

from landward_bridges.velocity import limited

LIMITS = np.array([0.5, 0.2, 1.0])


def test_within_the_limits_nothing_changes():
    assert limited(np.array([-0.5, 0.2, 1.0]), LIMITS).tolist() == [-0.5, 0.2, 1.0]


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ([1.0, 0.1, 0.4], [0.5, 0.05, 0.2]),
        ([-2.0, 0.0, -2.0], [-0.5, 0.0, -0.5]),
        ([0.5, 0.0, -4.0], [0.125, 0.0, -1.0]),
    ],
)
def test_beyond_a_limit_all_is_scaled_so_that_the_path_keeps_its_curve(wanted, sent):
    np.testing.assert_allclose(limited(np.array(wanted), LIMITS), sent)


def test_what_the_base_cannot_do_is_dropped():
    np.testing.assert_array_equal(
        limited(np.array([0.2, 0.3, 0.1]), np.array([0.5, 0.0, 1.0])), [0.2, 0.0, 0.1]
    )


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("lateral", [0.0, 0.2])
def test_a_nan_is_not_hidden(place, lateral):
    velocity = np.array([0.1, 0.1, 0.1])
    velocity[place] = np.nan
    assert np.isnan(limited(velocity, np.array([0.5, lateral, 1.0]))).any()
