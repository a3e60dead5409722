"""`landward eval` on an exported file."""

import dataclasses
import json

import pytest

from landward.cli.main import main
from landward.errors import SpecMismatchError
from sims.evaluate import Settings, evaluate
from tests.sims.exported import fake_task, walker_file
from tests.sims.fakes import walker_spec

__all__ = ["fake_task"]
SMALL = ("--episodes", "4", "--seconds", "3", "--no-matrix", "--no-video")


def write(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.usefixtures("fake_task")
def test_eval_writes_a_report_beside_the_policy_and_exits_with_0(tmp_path, capsys):
    file = write(tmp_path / "policy.onnx", walker_file())
    assert main(["eval", str(file), *SMALL]) == 0
    assert "pass" in capsys.readouterr().out
    data = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert data["task"] == "fake-walk"
    assert len(data["policy"]["hash"]) == 64
    assert data["passed"] is True
    assert (tmp_path / "report" / "report.html").is_file()


@pytest.mark.usefixtures("fake_task")
def test_eval_of_a_run_folder_with_a_missed_target_exits_with_1(tmp_path, capsys):
    write(tmp_path / "policy.onnx", walker_file(gain=0.2))
    out = tmp_path / "elsewhere"
    assert main(["eval", str(tmp_path), *SMALL, "--physics", "training", "--json", "--out", str(out)]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["passed"] is False
    assert list(data["by_physics"]) == ["training"]
    assert json.loads((out / "evaluation.json").read_text()) == data


def test_the_axes_of_the_matrix_come_from_the_command_line(tmp_path, fake_task):
    file = write(tmp_path / "policy.onnx", walker_file())
    axes = {"friction": "0.8", "payload": "0", "latency": "0", "push": "0.5 1.0", "strength": "1"}
    words = [word for axis, levels in axes.items() for word in (f"--axes.{axis}", *levels.split())]
    words += ["--cell-episodes", "3", "--episodes", "2", "--seconds", "3", "--no-video"]
    assert main(["eval", str(file), *words]) == 0
    data = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert (data["matrix"]["cells"], data["matrix"]["episodes_per_cell"]) == (2, 3)
    assert 6 in [env.num_envs for env in fake_task]


@pytest.mark.usefixtures("fake_task")
def test_a_policy_of_another_robot_is_refused_with_a_readable_difference(tmp_path, capsys):
    spec = walker_spec()
    action = dataclasses.replace(spec.actions[0], names=tuple(reversed(spec.actions[0].names)))
    file = write(tmp_path / "policy.onnx", walker_file(dataclasses.replace(spec, actions=(action,))))
    with pytest.raises(SpecMismatchError, match="names\\[0\\]"):
        evaluate(file, settings=Settings(episodes=2, seconds=3.0, matrix=False, video=False))
    assert main(["eval", str(file), *SMALL]) == 1
    error = capsys.readouterr().err
    assert error.count("error:") == 1
    assert "FL_hip_joint" in error


@pytest.mark.usefixtures("fake_task")
def test_too_short_an_episode_is_one_line(tmp_path, capsys):
    file = write(tmp_path / "policy.onnx", walker_file())
    assert main(["eval", str(file), "--seconds", "1"]) == 1
    assert capsys.readouterr().err.startswith("error: seconds is 1: the first 2 s")


def test_a_missing_file_is_one_line(tmp_path, capsys):
    assert main(["eval", str(tmp_path / "none.onnx")]) == 1
    assert "no policy file" in capsys.readouterr().err
