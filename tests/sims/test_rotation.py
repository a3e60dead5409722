import math

import numpy as np
import pytest

from sims.rotation import cross, from_yaw, projected_gravity, rotate_inverse, yaw

HALF = math.sqrt(0.5)


def test_quarter_turn_left_sees_world_x_on_its_right():
    quat = np.array([[HALF, 0, 0, HALF]], np.float32)
    np.testing.assert_allclose(
        rotate_inverse(quat, np.array([[1.0, 0, 0]], np.float32)), [[0, -1, 0]], atol=1e-6
    )


def test_gravity_of_an_upright_a_rolled_and_a_pitched_body():
    quats = np.array([[1, 0, 0, 0], [HALF, HALF, 0, 0], [HALF, 0, HALF, 0]], np.float32)
    # Rolled to the left side by +90 degrees about x: gravity leaves through the right side (-y).
    expected = [[0, 0, -1], [0, -1, 0], [1, 0, 0]]
    np.testing.assert_allclose(projected_gravity(quats), expected, atol=1e-6)
    down = np.tile(np.array([0, 0, -1], np.float32), (3, 1))
    np.testing.assert_allclose(projected_gravity(quats), rotate_inverse(quats, down), atol=1e-6)


def test_yaw_round_trip_and_cross():
    angles = np.array([-3.0, 0.0, 0.7], np.float32)
    np.testing.assert_allclose(yaw(from_yaw(angles)), angles, atol=1e-6)
    a, b = np.random.default_rng(0).normal(size=(2, 5, 3))
    np.testing.assert_allclose(cross(a, b), np.cross(a, b))


def test_torch_gives_the_same():
    torch = pytest.importorskip("torch")
    quat = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    quat /= np.linalg.norm(quat, axis=1, keepdims=True)
    vector = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)
    ours = rotate_inverse(torch.from_numpy(quat), torch.from_numpy(vector)).numpy()
    np.testing.assert_allclose(ours, rotate_inverse(quat, vector), atol=1e-6)
