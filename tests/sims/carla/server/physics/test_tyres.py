"""Tyre equations, with numbers by hand."""

import numpy as np
import pytest

from sims.carla.server.physics.tyres import SLIDING, cornering_stiffness, lateral_share


def test_stiffness_grows_with_load_and_levels_off() -> None:
    """x = 1: 1 - 1/3 + 1/27 = 0.7037; x = 3: 1; beyond: 1."""
    grip = np.array([[1000.0], [3000.0], [9000.0]])
    found = cornering_stiffness(grip, np.array([0.001]), np.array([80e3]))
    assert found[:, 0] == pytest.approx([80e3 * 0.7037037, 80e3, 80e3])


def test_the_heavier_axle_is_softer_for_its_load() -> None:
    """Which is what lets a car understeer."""
    front, rear = cornering_stiffness(np.array([[11500.0], [5100.0]]), np.array([1.2e-4]), np.array([130e3]))[
        :, 0
    ]
    assert front / 11500.0 < rear / 5100.0


def test_the_friction_ellipse() -> None:
    """0.6 lengthwise leaves 0.8 sideways; a locked wheel a tenth."""
    assert lateral_share(np.array([0.0, 0.6, 1.0, 2.0])) == pytest.approx([1.0, 0.8, SLIDING, SLIDING])
