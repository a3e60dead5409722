from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from landward.errors import (
    MissingDependencyError,
    PolicyFileError,
    RegistryError,
    RunError,
    SpecMismatchError,
)
from landward_bringup.description import Walk
from landward_bringup.preflight import CHECKLIST, Request, checklist, make_folder, plan
from landward_bringup.process import DeploymentError
from tests.ros2_ws.landward_policy.policies import go1_spec, write_policy


def found(*missing: str):
    """A stand-in for find_spec on a machine that lacks some modules and has all others."""
    return lambda name: None if name in missing else object()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return write_policy(tmp_path / "policy.onnx")


def request(policy: Path, **changes: Any) -> Request:
    settings = {"operator": Walk(), **changes.pop("settings", {})}
    return Request(
        **{"robot": "go1", "policy": policy, "folder": Path("out"), "settings": settings, **changes}
    )


def test_a_policy_that_fits_is_planned(policy: Path) -> None:
    deployment = plan(request(policy), found())
    assert (deployment.robot, deployment.policy) == ("go1", policy)
    assert deployment.control_period == 0.02
    assert deployment.folder.is_absolute()


def test_a_run_folder_stands_for_its_policy(policy: Path) -> None:
    assert plan(request(policy.parent), found()).policy == policy


def test_a_machine_without_ros_is_told_where_ros_is(policy: Path) -> None:
    with pytest.raises(DeploymentError, match=r"make setup-ros.*\.venv-ros/bin/landward, or source"):
        plan(request(policy), found("rclpy"))


@pytest.mark.parametrize("module", ["landward_twin", "landward_twin.node"])
def test_a_package_that_is_not_installed_is_named(policy: Path, module: str) -> None:
    with pytest.raises(DeploymentError, match=f"twin is started from {module}, which is not installed"):
        plan(request(policy), found(module))


@pytest.mark.parametrize(
    ("module", "extra"), [("onnxruntime", "deploy"), ("mujoco", "mujoco"), ("rosbags", "ros")]
)
def test_a_missing_dependency_names_its_extra(policy: Path, module: str, extra: str) -> None:
    with pytest.raises(MissingDependencyError, match=rf"'{module}' is not installed.*landward\[{extra}\]"):
        plan(request(policy), found(module))


def test_what_is_not_started_is_not_needed(policy: Path) -> None:
    plan(request(policy, settings={"record": False}), found("rosbags", "landward_tools"))


def test_an_unknown_robot_is_refused(policy: Path) -> None:
    with pytest.raises(RegistryError, match="go11"):
        plan(request(policy, robot="go11"), found())


def test_a_policy_for_another_robot_is_refused(policy: Path) -> None:
    with pytest.raises(SpecMismatchError, match="does not fit robot solo12"):
        plan(request(policy, robot="solo12"), found())


def test_a_policy_of_another_rate_is_refused(tmp_path: Path) -> None:
    path = write_policy(tmp_path / "policy.onnx", go1_spec(control_period=0.025))
    with pytest.raises(SpecMismatchError, match=r"every 0\.025 s, the robot every 0\.02 s"):
        plan(request(path), found())


def test_a_cut_policy_is_refused(policy: Path) -> None:
    policy.write_bytes(policy.read_bytes()[:-10])
    with pytest.raises(PolicyFileError, match=str(policy)):
        plan(request(policy), found())


def test_a_missing_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no policy file or run folder"):
        plan(request(tmp_path / "nothing.onnx"), found())


def test_folders_are_never_shared(tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 15, 4, 5)
    first, second = (make_folder(tmp_path / "deployments", "go1", now) for _ in range(2))
    assert first.name == "2026-11-23_15-04-05_go1"
    assert second.name == "2026-11-23_15-04-05_go1_2"
    assert first.is_dir() and second.is_dir()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="file"):
        make_folder(tmp_path / "file" / "deployments", "go1")


def test_the_checklist_is_numbered() -> None:
    lines = checklist().splitlines()
    assert len(lines) == len(CHECKLIST)
    assert lines[0].startswith("  1. ")
