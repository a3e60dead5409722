"""The promises of the README on the real task, through the command line."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from landward.cli.main import main

SMALL = [
    "--num-envs",
    "16",
    "--agent.total-steps",
    "0",
    "--agent.iterations",
    "6",
    "--agent.checkpoint-interval",
    "2",
    # Else it is the length of the run, which is another one for the run that is killed.
    "--agent.ppo.entropy-steps",
    "2000",
]
NO_TORCH = "import sys; from landward.cli.main import main; sys.exit(main(sys.argv[1:]))"


def train(root, *words, task="go1-flat"):
    return ["train", task, "--root", str(root), *SMALL, *words]


def only_run(root: Path, task="go1-flat") -> Path:
    (run,) = (root / task).iterdir()
    return run


def wait_for(path: Path, process: subprocess.Popen) -> None:
    end = time.monotonic() + 100
    while not path.exists():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_killed_and_resumed_run_writes_the_identical_checkpoint(tmp_path):
    assert main(train(tmp_path / "whole", "--no-export")) == 0
    # Thousands of iterations, so that the kill comes in the middle wherever the machine is at.
    words = train(tmp_path / "killed", "--no-export", "--agent.iterations", "6000")
    process = subprocess.Popen([sys.executable, "-c", NO_TORCH, *words], stderr=subprocess.DEVNULL)
    try:
        while not (tmp_path / "killed" / "go1-flat").exists() or not list(
            (tmp_path / "killed/go1-flat").iterdir()
        ):
            assert process.poll() is None
            time.sleep(0.05)
        killed = only_run(tmp_path / "killed")
        wait_for(killed / "checkpoints" / "iteration_000004.pt", process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    for path in (killed / "checkpoints").glob("iteration_*.pt"):
        if int(path.stem.split("_")[1]) > 4:
            path.unlink()
    config = (killed / "config.json").read_text()
    (killed / "config.json").write_text(config.replace('"iterations": 6000', '"iterations": 6'))
    assert main(["resume", str(killed), "--no-export"]) == 0
    last = "checkpoints/iteration_000006.pt"
    assert (killed / last).read_bytes() == (only_run(tmp_path / "whole") / last).read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_is_exported_evaluated_and_refused_elsewhere(tmp_path, capsys):
    assert main(train(tmp_path)) == 0
    run = only_run(tmp_path)
    few = ["--episodes", "2", "--seconds", "3", "--no-matrix", "--no-video", "--json"]
    assert main(["eval", str(run), *few]) == 1  # six iterations meet no target
    assert (run / "report" / "report.html").is_file()
    capsys.readouterr()
    assert main(["eval", str(run), "--task", "solo12-flat", *few]) == 1
    message = capsys.readouterr().err.lstrip()  # the line of the progress bar
    assert message.startswith("error: ") and "FR_hip_joint" in message and "Traceback" not in message
    assert message.count("\n") == 14  # the error, twelve differences, the number of the others
    for path in (run / "checkpoints").glob("*.pt"):
        path.write_bytes(path.read_bytes()[:5000])
    assert main(["resume", str(run)]) == 1
    assert "no checkpoint that can be read" in capsys.readouterr().err
    policy = run / "policy.onnx"
    policy.write_bytes(policy.read_bytes()[:-100])
    assert main(["eval", str(run), *few]) == 1
    assert "policy.onnx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--env.robot", "g01"], 2, "did you mean go1"),
        (["--env.physics.timestep", "nan"], 1, "timestep"),
        (["--env.physics.timestep", "0"], 1, "timestep"),
        (["--env.engine", "bullet"], 2, "unknown engine 'bullet'"),
    ],
)
def test_bad_settings_give_one_message(words, status, message, tmp_path, capsys):
    assert main(train(tmp_path, *words)) == status
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and message in shown and shown.count("\n") == 1
    assert not list(tmp_path.rglob("*.pt"))


def test_a_robot_with_a_nan_gives_one_message(tmp_path, capsys, monkeypatch):
    from robots import get_robot
    from sims.velocity import make

    broken = replace(get_robot("go1"), armature=(float("nan"),) * 12)
    monkeypatch.setattr(make, "get_robot", lambda name: broken)
    assert main(train(tmp_path)) == 1
    assert "go1" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_full_disk_loses_nothing(tmp_path):
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "from landward.cli.main import main; import agents.on_policy.runner as r; plain = r.Runner.save\n"
        "def save(self, *a, **k):\n"
        "    if self.current_learning_iteration >= 4:\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "    return plain(self, *a, **k)\n"
        "r.Runner.save = save; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, *train(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ") and "Traceback" not in done.stderr
    kept = sorted(path.name for path in (only_run(tmp_path) / "checkpoints").iterdir())
    assert kept == ["iteration_000002.pt"]
    assert main(["resume", str(only_run(tmp_path)), "--no-export"]) == 0
