import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from landward.errors import RunError
from landward_bringup import command, preflight
from landward_bringup.command import Deploy, collect_settings
from landward_bringup.description import Walk
from landward_bringup.process import DeploymentError
from landward_bringup.supervisor import Ending
from tests.ros2_ws.landward_policy.policies import write_policy

OK = Ending("operator", "operator is done", 0)
FAILED = Ending("policy", "policy failed with status 3", 3, ("no such file",))


@pytest.fixture(autouse=True)
def a_machine_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = preflight.plan
    monkeypatch.setattr(preflight, "plan", lambda request: plan(request, lambda name: object()))
    # Set first, so that what a test leaves is undone too.
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "")
    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list:
    """Deployments that would have been started, all of which end well."""
    pytest.importorskip("rich", reason="needs rich: pip install 'landward[cli]'")
    found: list = []

    def run(deployment: Any, console: Any, seconds: float) -> Ending:
        found.append(deployment)
        return OK

    monkeypatch.setattr("landward_bringup.run.run_deployment", run)
    return found


def deploy(folder: Path, **changes: Any) -> Deploy:
    policy = write_policy(folder / "policy.onnx")
    settings = {"robot": "go1", "policy": policy, "twin": True, "record": False, "out": folder / "out"}
    return Deploy(**{**settings, **changes})


def test_what_to_drive_must_be_said_once(tmp_path: Path) -> None:
    for changes in ({"twin": False}, {"bridge": "unitree"}):
        with pytest.raises(DeploymentError, match="--twin for the simulated robot, or --bridge unitree or"):
            deploy(tmp_path, **changes).run()


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_walk_has_a_length(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(DeploymentError, match="--seconds must be positive and finite"):
        deploy(tmp_path, seconds=seconds).run()


@pytest.mark.parametrize("changes", [{"walk": False}, {"vx": 0.5}, {"wz": 0.0}])
def test_a_person_decides_alone(tmp_path: Path, changes: dict) -> None:
    with pytest.raises(DeploymentError, match="with --teleop a person says when the robot stands and walks"):
        deploy(tmp_path, teleop="joy", **changes).run()


def test_a_twin_is_started_and_described_in_its_folder(tmp_path: Path, started: list) -> None:
    assert deploy(tmp_path).run() == 0
    (folder,) = (tmp_path / "out").iterdir()
    assert started[0].folder == folder
    assert (folder / "deployment.json").is_file()


def test_a_twin_is_heard_on_this_machine_alone_unless_somebody_says_otherwise(
    tmp_path: Path, started: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(tmp_path).run()
    assert os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    deploy(tmp_path).run()
    assert os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"


def test_a_refused_policy_leaves_no_folder(tmp_path: Path, started: list) -> None:
    with pytest.raises(RunError):
        deploy(tmp_path, policy=tmp_path / "nothing.onnx").run()
    assert not (tmp_path / "out").exists()
    assert started == []


REAL = {"twin": False, "bridge": "unitree", "teleop": "joy"}


def test_a_real_robot_waits_for_a_yes(
    tmp_path: Path, started: list, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO("no\n")
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", terminal)
    assert deploy(tmp_path, **REAL).run() == 1
    assert started == []
    shown = capsys.readouterr().err
    assert "emergency stop" in shown and "not started" in shown
    terminal.seek(0)
    terminal.write("yes\n")
    terminal.seek(0)
    assert deploy(tmp_path, **REAL).run() == 0
    assert "ROS_AUTOMATIC_DISCOVERY_RANGE" not in os.environ


def test_a_real_robot_is_not_started_by_a_script_without_yes(
    tmp_path: Path, started: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    with pytest.raises(DeploymentError, match="nobody is there to confirm the checklist"):
        deploy(tmp_path, **REAL).run()
    assert deploy(tmp_path, **REAL, yes=True).run() == 0


def test_why_it_ended_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = deploy(tmp_path)
    planned = preflight.plan(preflight.Request("go1", made.policy, tmp_path, made.settings()))
    assert made.finish(planned, FAILED) == 3
    assert capsys.readouterr().err == (
        f"error: policy failed with status 3; its last lines:\n  no such file\nlogs: {tmp_path / 'logs'}\n"
    )


def test_what_failed_is_not_hidden_by_the_missing_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rosbags", reason="needs rosbags: pip install 'landward[ros]'")
    made = deploy(tmp_path, record=True)
    planned = preflight.plan(preflight.Request("go1", made.policy, tmp_path, made.settings()))
    assert made.finish(planned, FAILED) == 3
    assert "no table: " in capsys.readouterr().err
    with pytest.raises(Exception, match="bag"):
        made.finish(planned, OK)


@pytest.mark.parametrize(
    ("changes", "walk", "seconds"),
    [
        ({}, Walk(60.0), 60.0),
        ({"seconds": 5.0, "seed": 3}, Walk(5.0, seed=3), 5.0),
        ({"vx": 0.5, "wz": -0.2}, Walk(60.0, (0.5, 0.0, -0.2)), 60.0),
        ({"walk": False}, Walk(60.0, walk=False), 0.0),
        ({"teleop": "joy"}, Walk(0.0), 0.0),
    ],
)
def test_options_become_a_walk(tmp_path: Path, changes: dict, walk: Walk, seconds: float) -> None:
    made = deploy(tmp_path, **changes)
    assert made.settings()["operator"] == walk
    assert made.walking_seconds == seconds


def test_settings_are_collected_by_node() -> None:
    words = ("twin.latency=0.01", "twin.noise=false", "safety.soft_grace=0.1")
    assert collect_settings(words) == {
        "twin": {"latency": 0.01, "noise": False},
        "safety": {"soft_grace": 0.1},
    }


def test_the_verb_imports_no_ros() -> None:
    assert not any(hasattr(command, name) for name in ("rclpy", "Console", "Observer"))
