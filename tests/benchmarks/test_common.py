import pytest

from benchmarks import _common


def test_interleave_reverses_the_order_in_every_second_round():
    calls = []

    def candidate(name):
        return lambda: calls.append(name) or float(len(calls))

    found = _common.interleave({n: candidate(n) for n in "abc"}, 3, lambda: calls.append("-"))
    assert "".join(calls) == "-abc-cba-abc"
    assert found == {"a": [2.0, 8.0, 10.0], "b": [3.0, 7.0, 11.0], "c": [4.0, 6.0, 12.0]}


def test_median_ratio_pairs_the_rounds():
    # Round by round: 0.5, 2, 4. The ratio of the medians would be 2 / 2.
    assert _common.median_ratio([1.0, 2.0, 8.0], [2.0, 1.0, 2.0]) == 2.0
    with pytest.raises(ValueError):
        _common.median_ratio([1.0], [1.0, 2.0])


def test_largest_ignores_one_lucky_round():
    assert _common.largest({"lucky": [1.0, 1.0, 9.0], "steady": [2.0, 2.0, 2.0]}) == "steady"


def test_spread():
    assert _common.spread([0.25]) == "0.25"
    assert _common.spread([1.0, 2.0, 6.0]) == "3 [1, 6]"


def test_cached_computes_again_only_for_another_key(tmp_path):
    path, calls = tmp_path / "run" / "benchmark.json", []

    def compute():
        calls.append(1)
        return {"n": len(calls), "pair": (1, 2)}

    first = _common.cached(path, {"axes": (1, 2)}, compute)
    assert first == {"n": 1, "pair": [1, 2]}
    assert _common.cached(path, {"axes": (1, 2)}, compute) == first
    assert _common.cached(path, {"axes": (1, 3)}, compute)["n"] == 2
    assert len(calls) == 2


def test_parser():
    assert _common.parser("Title.").parse_args(["--quick"]).quick
