"""`landward train` on embedded servers, from the command line to the exported policy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.carla, pytest.mark.slow]


MARK = "LANDWARD_TEST_RUN"


def landward(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "landward.cli.main", *words]
    variables = {**os.environ, MARK: str(os.getpid())}
    return subprocess.run(command, capture_output=True, text=True, timeout=280, env=variables, check=False)


def left() -> list[str]:
    """Command lines of the processes that `landward` started and left."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={os.getpid()}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_a_run_is_trained_and_exported_and_leaves_no_process(tmp_path: Path) -> None:
    options = ("--num-envs", "1", "--agent.iterations", "1", "--agent.ppo.steps-per-iteration", "32")
    done = landward("train", "carla-lane", "--root", str(tmp_path), *options)
    assert done.returncode == 0, done.stderr
    assert left() == []
    (run,) = (tmp_path / "carla-lane").iterdir()
    assert (run / "policy.onnx").is_file() and "exported" in done.stdout
    shown = landward("inspect", str(run / "policy.onnx"))
    assert "vehicle_control" in shown.stdout and "bird_eye_view" in shown.stdout
