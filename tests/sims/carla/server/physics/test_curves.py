"""Piecewise linear functions."""

import numpy as np
import pytest

from sims.carla.server.physics.curves import KNOTS, evaluate, segments

CURVE = ((0.0, 400.0), (1000.0, 500.0), (5000.0, 300.0))


def test_curves_are_read_between_at_and_beyond_their_points() -> None:
    table = segments(CURVE)[..., None]
    for x, y in (
        (0.0, 400.0),
        (500.0, 450.0),
        (1000.0, 500.0),
        (3000.0, 400.0),
        (5000.0, 300.0),
        (9000.0, 300.0),
    ):
        assert evaluate(table, np.array([x]))[0] == pytest.approx(y)


def test_a_single_point_is_a_constant() -> None:
    assert evaluate(segments(((7.0, 3.0),))[..., None], np.array([0.0]))[0] == 3.0


def test_each_vehicle_has_its_own() -> None:
    tables = np.stack([segments(CURVE), segments(((0.0, 1.0), (10.0, 2.0)))], -1)
    assert evaluate(tables, np.array([1000.0, 5.0])) == pytest.approx([500.0, 1.5])


def test_a_long_curve_is_thinned_out() -> None:
    points = [(float(x), float(x) * 2.0) for x in range(40)]
    table = segments(points)
    assert table.shape == (3, KNOTS)
    assert evaluate(table[..., None], np.array([20.0]))[0] == pytest.approx(40.0)


def test_a_jump_does_not_divide_by_zero() -> None:
    table = segments(((0.0, 1.0), (5.0, 1.0), (5.0, 3.0), (9.0, 3.0)))
    assert np.isfinite(table).all()
