"""The robustness matrix."""

import numpy as np
import pytest

from sims.evaluate.matrix import AXES, factorial, per_level, run_matrix, run_terrain, worst_cells
from tests.sims.fakes import FakeWalker, WalkingPolicy


def test_the_default_matrix_has_1152_episodes_in_72_cells():
    design = factorial(AXES, 16)
    table = np.stack(list(design.values()), -1)
    assert table.shape == (1152, 5)
    assert len(np.unique(table, axis=0)) == 72
    np.testing.assert_array_equal(table[:16], np.tile([0.4, 0.0, 0.0, 0.5, 0.8], (16, 1)))


def test_levels_average_over_the_other_axes():
    design = factorial({"a": (0, 1), "b": (0, 1, 2)}, 2)
    fell = (design["a"] == 1) & (design["b"] == 2)
    squares, steps = np.ones((12, 3)) * design["b"][:, None], np.full(12, 4)
    rows = {(row.axis, row.level): row for row in per_level(design, fell, squares, steps)}
    assert rows["a", "1"].falls.value == pytest.approx(1 / 3)
    assert rows["a", "0"].falls.value == 0
    assert rows["b", "2"].falls.value == pytest.approx(0.5)
    assert rows["b", "2"].rmse["rmse_vx"].value == pytest.approx(np.sqrt(2 / 4))
    assert worst_cells(design, fell) == ({"a": 1.0, "b": 2.0, "falls": 1.0, "n": 2},)


def test_the_matrix_finds_where_the_fake_walker_falls():
    axes = {"friction": (0.4, 1.25), "push": (0.5, 1.0)}
    env, policy = FakeWalker(8), WalkingPolicy(8)
    matrix = run_matrix(env, policy, axes, 2, 3.5, np.full((8, 3), 0.2, np.float32), seed=0)
    falls = {(row.axis, row.level): row.falls.value for row in matrix.levels}
    assert falls == {
        ("friction", "0.4"): 0.0,
        ("friction", "1.25"): 0.5,
        ("push", "0.5"): 0.0,
        ("push", "1"): 0.5,
    }
    assert matrix.overall.falls.value == 0.25
    assert matrix.worst == ({"friction": 1.25, "push": 1.0, "falls": 1.0, "n": 2},)
    assert matrix.to_dict()["cells"] == 4


def test_terrain_rows_tell_the_kinds_apart():
    env, policy = FakeWalker(4), WalkingPolicy(4)
    rows = run_terrain(env, policy, ("flat", "uneven"), 3.0, np.full((4, 3), 0.5, np.float32), seed=0)
    assert [(row.level, row.falls.n) for row in rows] == [("flat", 2), ("uneven", 2)]
    assert rows[0].rmse["rmse_vx"].value == pytest.approx(0.0, abs=1e-6)
    assert rows[1].rmse["rmse_vx"].value == pytest.approx(0.1, abs=1e-3)
