import math

import pytest

from benchmarks import demo


def verdict(value, limit, at_least=False, metric="m"):
    return {"metric": metric, "value": value, "limit": limit, "at_least": at_least, "passed": False}


@pytest.mark.parametrize(
    ("value", "limit", "at_least", "expected"),
    [
        (0.06, 0.12, False, 0.5),
        (0.15, 0.12, False, 1.25),
        (0.10, 0.05, True, 0.5),
        (0.04, 0.05, True, 1.25),
        (0.0, 0.05, True, math.inf),
        (0.0, 0.0, False, 0.0),
        (0.25, 0.0, False, 1.25),
        (None, 0.05, True, math.inf),
        (math.nan, 0.05, False, math.inf),
    ],
)
def test_relative(value, limit, at_least, expected):
    assert demo.relative(verdict(value, limit, at_least)) == pytest.approx(expected)


def test_worst_names_seed_and_metric():
    found = demo.worst({1: [verdict(1.0, 2.0)], 2: [verdict(0.1, 2.0), verdict(1.8, 2.0, metric="drift")]})
    assert found == (pytest.approx(0.9), 2, "drift")
    assert math.isnan(demo.worst({})[0])


def test_rows_say_which_way_the_limit_goes():
    result = {"verdicts": [verdict(0.1, 0.05, True), verdict(0.1, 0.05)], "minutes": 1.0}
    rows = demo.rows_of({1: result})
    assert [row[2] for row in rows] == [">= 0.05", "<= 0.05"]


def test_full_runs_are_the_recipe():
    recipes = pytest.importorskip("agents.recipes")
    full = demo.configuration(2, quick=False)
    expected = recipes.go1_flat()
    expected.seed = 2
    assert full == expected
    assert 0 < demo.configuration(2, quick=True).steps_of_run(64) < 10_000
