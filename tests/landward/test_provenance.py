import json
import subprocess
from pathlib import Path

import pytest

from landward import provenance


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    (tmp_path / "__init__.py").write_text("")
    git(tmp_path, "add", "__init__.py")
    git(tmp_path, "commit", "-m", "one")
    return tmp_path


def test_collect_can_be_written_as_json() -> None:
    record = provenance.collect(7, {"task": "go1-flat"})
    assert json.loads(json.dumps(record)) == record
    assert record["seed"] == 7
    assert record["task"] == "go1-flat"
    assert {"time", "argv", "git", "packages", "python", "platform", "cpu", "renderer"} <= set(record)
    assert record["packages"]["landward"]


def test_extra_entries_may_not_replace_ours() -> None:
    with pytest.raises(ValueError, match="'seed'"):
        provenance.collect(7, {"seed": 8})


def test_renderer_is_what_mujoco_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "egl")
    assert provenance.collect(0)["renderer"] == "egl"


def test_git_state_knows_local_changes(repository: Path) -> None:
    clean = provenance.git_state(repository)
    assert len(clean["commit"]) == 40
    assert not clean["dirty"]
    (repository / "untracked").write_text("")
    assert not provenance.git_state(repository)["dirty"]
    (repository / "__init__.py").write_text("x = 1")
    assert provenance.git_state(repository) == {"commit": clean["commit"], "dirty": True}


def test_a_copy_inside_another_repository_has_no_commit(repository: Path) -> None:
    installed = repository / "site-packages" / "landward"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert provenance.git_state(installed) == {"commit": "", "dirty": False}


def test_without_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git_state(tmp_path) == {"commit": "", "dirty": False}


def test_versions_of_missing_packages_are_left_out() -> None:
    assert list(provenance.package_versions(("numpy", "no-such-package"))) == ["numpy"]


def test_machine_names_cores() -> None:
    assert f"{provenance.cpu_count()} cores" in provenance.machine()
