import sys
from pathlib import Path

import pytest

from benchmarks import run_all
from landward.errors import RegistryError

GOOD = '''"""Speed of a thing.

More words.
"""
import sys
from benchmarks import harness
print("quick" if "--quick" in sys.argv else "full")
harness.show("Speed", ("n", "steps/s"), [(1, 2.0)])
harness.finish(harness.Result("2x as fast", 2.1, 2.0))
'''
INTERPRETER = "INTERPRETER = 'other/bin/python'\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the benchmark "good" in it."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "good.py").write_text(GOOD)
    for name in ("__init__.py", "harness.py", "run_all.py", "_shared.py"):
        (folder / name).write_text("")
    monkeypatch.setenv("PYTHONPATH", str(Path(run_all.__file__).parent.parent))
    monkeypatch.setattr(run_all, "ROOT", tmp_path)
    monkeypatch.setattr(run_all, "REPORTS", folder / "reports")
    monkeypatch.setattr(run_all, "PAGE", tmp_path / "docs" / "benchmarks.md")
    monkeypatch.setattr(run_all, "QUICK_RESULTS", tmp_path / "results")
    monkeypatch.setattr(run_all.scripts, "__defaults__", (folder,))
    return folder


def test_only_benchmarks_are_run(folder: Path) -> None:
    assert [path.name for path in run_all.scripts()] == ["good.py"]


def test_page_is_rewritten(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_all.main([]) == 0
    page = (tmp_path / "docs" / "benchmarks.md").read_text()
    assert "| [good](#good) | 2x as fast | 2.1 | 2 | yes |" in page
    assert "Speed of a thing. Took" in page
    assert "steps/s" in page
    assert '{"claim"' not in page
    assert "full" in page
    assert "== good" in capfd.readouterr().out


def test_quick_runs_leave_the_page_alone(folder: Path, tmp_path: Path) -> None:
    assert run_all.main(["--quick"]) == 0
    assert not (tmp_path / "docs").exists()
    assert not (folder / "reports").exists()
    assert "quick" in (tmp_path / "results" / "benchmarks.md").read_text()


def test_a_run_of_one_benchmark_keeps_what_the_others_said(folder: Path, tmp_path: Path) -> None:
    (folder / "other.py").write_text(GOOD.replace("2x", "3x"))
    assert run_all.main([]) == 0
    (folder / "good.py").write_text(GOOD.replace("2x", "4x"))
    assert run_all.main(["good"]) == 0
    page = (tmp_path / "docs" / "benchmarks.md").read_text()
    assert "4x as fast" in page
    assert "3x as fast" in page
    assert "2x as fast" not in page


def test_a_benchmark_that_is_gone_is_not_shown(folder: Path, tmp_path: Path) -> None:
    (folder / "other.py").write_text(GOOD.replace("2x", "3x"))
    assert run_all.main([]) == 0
    (folder / "other.py").unlink()
    assert run_all.main([]) == 0
    assert "3x as fast" not in (tmp_path / "docs" / "benchmarks.md").read_text()


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        ("raise SystemExit(3)", "exit status 3"),
        ("print('hello')", "not a JSON object: 'hello'"),
        ("print('[1]')", "not a JSON object"),
        ("print('{\"claim\": 1}')", "lacks value, goal, holds, machine"),
        ("pass", "not a JSON object: ''"),
    ],
)
def test_a_failed_benchmark_is_reported(
    folder: Path, tmp_path: Path, source: str, failure: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.py").write_text(source)
    assert run_all.main([]) == 1
    page = (tmp_path / "docs" / "benchmarks.md").read_text()
    assert failure in page
    assert "2x as fast" in page
    assert failure in capfd.readouterr().err


def test_a_claim_that_does_not_hold_is_status_one(folder: Path) -> None:
    (folder / "good.py").write_text(GOOD.replace("2.1", "1.9"))
    assert run_all.main([]) == 1


def test_unknown_name(folder: Path) -> None:
    with pytest.raises(RegistryError, match="unknown benchmark 'x': the benchmarks are good"):
        run_all.main(["x"])


def test_a_benchmark_runs_in_the_environment_that_it_names(folder: Path, tmp_path: Path) -> None:
    (folder / "good.py").write_text(GOOD + INTERPRETER)
    assert run_all.main([]) == 1
    assert "no other/bin/python: run make setup-ros" in (tmp_path / "docs" / "benchmarks.md").read_text()
    python = tmp_path / "other" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nOTHER=yes exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / "good.py").write_text(GOOD + INTERPRETER + "import os\nassert os.environ['OTHER'] == 'yes'\n")
    assert run_all.main([]) == 0
