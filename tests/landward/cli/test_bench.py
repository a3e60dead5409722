from pathlib import Path

import pytest

import landward
from landward.cli.bench import Bench
from landward.errors import LandwardError


def test_unknown_benchmark_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    assert Bench(names=("no_such_benchmark",)).run() == 2
    assert "unknown benchmark 'no_such_benchmark'" in capfd.readouterr().err


def test_an_installed_package_has_no_benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landward, "__file__", str(tmp_path / "landward" / "__init__.py"))
    with pytest.raises(LandwardError, match="run `make bench` in a checkout"):
        Bench().run()
