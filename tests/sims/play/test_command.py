"""`landward play` with the page, for a moment."""

import socket

import pytest

from landward.cli.main import main
from tests.sims.exported import fake_task, walker_file

__all__ = ["fake_task"]


def test_play_serves_the_page_and_ends_by_itself(tmp_path, capsys, fake_task):
    (tmp_path / "policy.onnx").write_bytes(walker_file())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["play", str(tmp_path), "--viewer", "web", "--port", str(port), "--seconds", "0.5"]
    assert main(words) == 0
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().err
    assert fake_task[0].episode_steps[0] > 5


def test_an_environment_without_a_model_cannot_be_shown(tmp_path, capsys, fake_task, monkeypatch):
    monkeypatch.delattr("tests.sims.fakes.FakeWalker.render_model")
    (tmp_path / "policy.onnx").write_bytes(walker_file())
    assert main(["play", str(tmp_path), "--viewer", "web"]) == 1
    assert "render_model" in capsys.readouterr().err


@pytest.mark.usefixtures("fake_task")
def test_a_run_that_was_not_exported_says_how(tmp_path, capsys):
    (tmp_path / "spec.json").touch()
    assert main(["play", str(tmp_path)]) == 1
    assert "landward export" in capsys.readouterr().err
