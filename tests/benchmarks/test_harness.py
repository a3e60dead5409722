import json
import math
from pathlib import Path

import pytest

from benchmarks import harness


@pytest.mark.parametrize(
    ("value", "goal", "at_least", "also", "holds"),
    [
        (0.9, 0.8, True, True, True),
        (0.8, 0.8, True, True, True),
        (0.7, 0.8, True, True, False),
        (1.2, 1.3, False, True, True),
        (1.4, 1.3, False, True, False),
        (0.9, 0.8, True, False, False),
        (math.nan, 1.3, False, True, False),
        (math.inf, 0.8, True, True, False),
    ],
)
def test_result_holds(value: float, goal: float, at_least: bool, also: bool, holds: bool) -> None:
    assert harness.Result("a claim", value, goal, at_least, also).holds is holds


def test_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    harness.finish(harness.Result("a claim", 0.9, 0.8))
    record = json.loads(capsys.readouterr().out)
    assert list(record) == ["claim", "value", "goal", "holds", "machine"]
    assert (record["value"], record["holds"]) == (0.9, True)


def test_a_value_that_is_no_number_is_null() -> None:
    assert json.loads(harness.Result("a claim", math.nan, 0.8).to_json())["value"] is None


def test_options() -> None:
    assert harness.options("Title.", ["--quick"]).plots == harness.QUICK_RESULTS
    assert harness.options("Title.", []).plots == harness.PLOTS


def test_table_is_wide_enough_for_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    harness.show("Speed", ("name", "steps/s"), [("x" * 60, 123456.7), ("b", 0.123456), ("c", True)])
    text = capsys.readouterr().out
    assert "x" * 60 in text
    assert "123,457" in text
    assert "0.1235" in text
    assert "yes" in text


def test_plot_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Figure:
        def savefig(self, path: Path, **options: object) -> None:
            path.write_bytes(b"png")

    monkeypatch.setattr(harness, "ROOT", tmp_path)
    monkeypatch.setattr(harness, "PLOTS", tmp_path / "docs" / "plots")
    path = harness.save_plot(Figure(), "speed", harness.Options(quick=False))
    assert path.read_bytes() == b"png"
    assert capsys.readouterr().out == "plot: docs/plots/speed.png\n"
