import json
import sys
from pathlib import Path

import pytest

from sims import environments
from sims.doctor import command, report
from sims.doctor.command import Doctor
from sims.doctor.machine import Machine
from sims.doctor.packages import declared_extras, wanted
from sims.environments import ENVIRONMENTS
from tests.sims.doctor.test_packages import distribution

MACHINE = Machine(4, ("RTX 9, 24564 MiB, 580.1",), "", "egl", "", "", "jazzy")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without any environment on a machine with one GPU; this interpreter counts for none."""
    for environment in ENVIRONMENTS.values():
        monkeypatch.delenv(environment.variable, raising=False)
    monkeypatch.delenv("ISAACSIM_ASSET_ROOT", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "checkout", lambda: tmp_path)
    monkeypatch.setattr(report, "checkout", lambda: tmp_path)
    monkeypatch.setattr(environments, "_is_here", lambda name: False)
    monkeypatch.setattr(command, "look", lambda: MACHINE)
    monkeypatch.setenv("COLUMNS", "220")
    return tmp_path


def make_environment(checkout: Path, name: str, **other: str) -> None:
    """An environment with everything that it needs; `other` gives versions of its own, "" leaves one out."""
    environment = ENVIRONMENTS[name]
    folder = checkout / environment.folder
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    site = folder / "lib" / "python3.12" / "site-packages"
    for package, specifier in wanted(environment, declared_extras()).items():
        version = other.get(package.replace("-", "_"), specifier.rpartition("=")[2] or "1")
        if version:
            distribution(site, package, version)


def run(capsys: pytest.CaptureFixture[str], **options: bool) -> tuple[int, str]:
    return Doctor(**options).run(), capsys.readouterr().out


def test_a_whole_main_environment_is_enough(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_environment(machine, "main")
    status, said = run(capsys, json=True)
    found = json.loads(said)
    states = {row["name"]: row["state"] for row in found["environments"]}
    assert (status, found["sound"]) == (0, True)
    assert states == {
        "main": "whole",
        "ros": "not installed",
        "isaaclab": "not installed",
        "mjlab": "not installed",
    }
    engines = {row["name"]: (row["ready"], row["devices"], row["fix"]) for row in found["simulators"]}
    assert engines["mujoco"] == (True, ["cpu"], "")
    assert engines["carla"] == (True, ["cpu"], "")
    assert engines["isaaclab-newton"] == (False, ["cpu", "cuda"], "make setup-isaaclab")
    assert found["machine"]["gpus"] == ["RTX 9, 24564 MiB, 580.1"]


def test_without_a_main_environment_the_status_is_1(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_environment(machine, "isaaclab")
    status, said = run(capsys)
    assert status == 1
    assert "to get what is missing: make setup\n" in said
    assert "make setup-isaaclab" not in said
    assert "the main environment is whole" not in said


def test_a_package_of_another_version_is_named_with_the_one_that_is_needed(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_environment(machine, "main")
    make_environment(machine, "isaaclab", isaaclab="2.3.0", example_robot_data="")
    status, said = run(capsys)
    assert status == 0
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if "│" in line]
    assert ["isaaclab", "==3.0.0", "2.3.0"] in rows
    assert ["example-robot-data", "==6.0.0", "none"] in rows
    assert ["mujoco", "==4.0.0", "4.0.0"] not in rows
    assert "to get what is missing: make -B setup-isaaclab\n" in said
    status, said = run(capsys, versions=True)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if "│" in line]
    assert ["mujoco", "==4.0.0", "4.0.0"] in rows


def test_a_users_own_environment_is_mended_by_its_own_pip(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_environment(machine, "main")
    make_environment(machine, "mjlab", mjlab="1.5.0")
    (machine / ".venv-mjlab").rename(machine / "own")
    python = machine / "own" / "bin" / "python"
    monkeypatch.setenv("LANDWARD_MJLAB_PYTHON", str(python))
    assert f"{python} -m pip install 'landward[mjlab]'\n" in run(capsys)[1]
    monkeypatch.setenv("LANDWARD_MJLAB_PYTHON", str(machine / "gone"))
    assert f"LANDWARD_MJLAB_PYTHON names {machine / 'gone'}, which is no program" in run(capsys)[1]


def test_a_broken_asset_root_is_said_and_breaks_nothing(
    machine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_environment(machine, "main")
    assert "run `landward assets isaaclab`" in run(capsys)[1]
    monkeypatch.setenv("ISAACSIM_ASSET_ROOT", str(machine / "gone"))
    status, said = run(capsys)
    assert status == 0
    assert f"ISAACSIM_ASSET_ROOT names {machine / 'gone'}, which is no folder" in said
