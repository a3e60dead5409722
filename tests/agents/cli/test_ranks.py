import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from agents.cli.ranks import _explained, launch, report_path
from agents.on_policy import checkpoint
from agents.on_policy.train import resume, start
from landward.errors import LandwardError
from landward.runs import RunFolder, open_checkpoint
from tests.agents.builders import tiny_config

ROOT = Path(__file__).resolve().parents[3]
TWO = ("--gpus", "2", "--device", "cpu")
LIMIT = float(os.environ.get("PYTEST_TIMEOUT", 300)) - 20.0
"""Seconds that a process may take: a little less than pytest waits."""


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    """A folder for PYTHONPATH that declares the tiny task as an installed package does."""
    folder = tmp_path_factory.mktemp("plugins")
    info = folder / "point_mass-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: point-mass\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[landward.tasks]\npoint-mass = tests.agents.cli.plugin\n")
    return folder


@pytest.fixture(scope="module")
def landward(plugins):
    """Starts the command line in a process of its own."""
    started = []

    def start_process(*words):
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{plugins}", "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "landward.cli.main", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        started.append(process)
        return process

    yield start_process
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def finished(process):
    out, err = process.communicate(timeout=LIMIT)
    return process.returncode, out, err


def content_of(folder, iteration):
    path = folder.checkpoint_path(iteration)
    return checkpoint.read(open_checkpoint(path), path)


@pytest.fixture(scope="module")
def run_of_two(landward, tmp_path_factory):
    """Four iterations of two processes with eight environments each: status, what was printed, the folder."""
    root = tmp_path_factory.mktemp("two")
    words = ("train", "point-mass", *TWO, "--num-envs", 8, "--root", root)
    status, out, err = finished(landward(*words))
    assert status == 0, err
    return out, err, RunFolder.open(next(root.glob("point-mass/*")))


@pytest.mark.slow
def test_two_processes_write_one_run(run_of_two):
    out, err, folder = run_of_two
    assert out.count("run folder: ") == out.count("exported ") == 1
    assert [line.split()[0] for line in err.splitlines()] == ["iteration"]  # one display, of progress
    assert (folder.config["gpus"], folder.config["num_envs"]) == (2, 8)
    assert folder.provenance["argv"][1] == "train"
    assert [line["steps"] for line in folder.metrics()] == [128, 256, 384, 512]  # 2 ranks x 8 x 8 steps
    assert {path.name for path in folder.checkpoints()} == {"iteration_000002.pt", "iteration_000004.pt"}
    content = content_of(folder, 4)
    first, (second,) = content, content["others"]
    assert (content["algorithm"]["env_steps"], content["algorithm"]["constraints"]["steps"]) == (512, 512)
    assert not torch.equal(first["random"]["torch"], second["random"]["torch"])
    assert not (first["environment"]["velocity"] == second["environment"]["velocity"]).all()


@pytest.mark.slow
def test_resumed_on_as_many_it_is_the_uninterrupted_run(run_of_two, landward, tmp_path):
    path = shutil.copytree(run_of_two[2].path, tmp_path / "run")
    folder = RunFolder.open(path)
    whole = folder.checkpoint_path(4).read_bytes()
    folder.checkpoint_path(4).unlink()
    status, out, err = finished(landward("resume", path, "--no-export"))
    assert status == 0, err
    assert out.count("resumed after iteration 2") == 1 and "episodes" not in err
    assert folder.checkpoint_path(4).read_bytes() == whole
    assert [line["iteration"] for line in folder.metrics()] == [1, 2, 3, 4]


@pytest.mark.slow
def test_resumed_on_one_it_goes_on_from_the_same_networks(run_of_two, task, tmp_path, capsys):
    path = shutil.copytree(run_of_two[2].path, tmp_path / "run")
    folder = RunFolder.open(path)
    folder.checkpoint_path(4).unlink()
    content = content_of(folder, 2)
    runner = resume(path)
    assert "is of 2 ranks, the run goes on with 1" in capsys.readouterr().err
    check_that_it_goes_on(runner, content["algorithm"])
    assert runner.env_steps == 256
    runner.train()
    assert [line["steps"] for line in folder.metrics()] == [128, 256, 320, 384]
    assert content_of(folder, 4)["others"] == []


def check_that_it_goes_on(runner, saved):
    for model in ("actor", "critic"):
        for name, value in getattr(runner.alg, model).state_dict().items():
            assert torch.equal(value, saved[f"{model}_state_dict"][name]), name
    assert runner.alg.learning_rate == saved["learning_rate"]
    state = runner.alg.terminations.state_dict()
    assert torch.equal(state["running_max"], saved["constraints"]["running_max"])
    assert state["steps"] == saved["constraints"]["steps"]


@pytest.mark.slow
def test_resumed_on_two_a_run_of_one_goes_on(task, landward, tmp_path):
    runner = start(task, tiny_config(iterations=2), 8, tmp_path)
    runner.train()
    path = runner.folder.path / "config.json"
    config = json.loads(path.read_text())
    config["agent"]["iterations"] = 4
    path.write_text(json.dumps(config))
    status, out, err = finished(landward("resume", runner.folder.path, "--gpus", 2, "--no-export"))
    assert status == 0, err
    assert err.count("is of 1 rank, the run goes on with 2") == 1
    assert [line["steps"] for line in runner.folder.metrics()] == [64, 128, 256, 384]
    old, new = content_of(runner.folder, 2)["algorithm"], content_of(runner.folder, 4)["algorithm"]
    assert new["constraints"]["steps"] == 384
    # Adam counts its steps: 2 iterations x 3 epochs x 4 mini-batches before, as many after
    steps = [saved["optimizer_state_dict"]["actor"]["state"][0]["step"].item() for saved in (old, new)]
    assert steps == [24.0, 48.0]
    normaliser = "obs_normalizer.count"
    counts = [saved["actor_state_dict"][normaliser].item() for saved in (old, new)]
    assert counts == [128, 384]


def ranks_of(process):
    """Rank -> process id of the children of a command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            environment = (folder / "environ").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        if parent == process.pid:
            found |= {int(entry[5:]): int(folder.name) for entry in environment if entry.startswith(b"RANK=")}
    return found


@pytest.fixture
def endless(landward, tmp_path):
    """A run of two processes that has written its first checkpoint: the command, its ranks and the folder."""
    words = ("train", "point-mass", *TWO, "--num-envs", 8, "--root", tmp_path, "--agent.iterations", 10**6)
    process = landward(*words, "--agent.checkpoint-interval", 5)
    deadline = time.monotonic() + LIMIT
    while not list(tmp_path.glob("*/*/checkpoints/iteration_*.pt")):
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.05)
    ranks = ranks_of(process)
    assert sorted(ranks) == [0, 1]
    return process, ranks, RunFolder.open(next(tmp_path.glob("point-mass/*")))


def check_that_they_end(ranks):
    deadline = time.monotonic() + 20
    while [pid for pid in ranks.values() if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline, "a rank outlives the run"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_rank_that_is_killed_ends_the_run(endless):
    process, ranks, folder = endless
    os.kill(ranks[1], signal.SIGKILL)
    status, _, err = finished(process)
    assert status == 1
    assert err.splitlines()[-1].startswith("error: rank 1 was killed by SIGKILL; the system does that where")
    assert "Traceback" not in err
    check_that_they_end(ranks)
    assert folder.latest_checkpoint() is not None


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_all_after_an_iteration(endless, number, code):
    process, ranks, folder = endless
    process.send_signal(number)
    status, out, err = finished(process)
    assert status == code, err
    assert "Traceback" not in err and "error" not in err
    assert out.splitlines()[-1] == f"stopped; go on with: landward resume {folder.path}"
    check_that_they_end(ranks)
    assert folder.latest_checkpoint() == folder.checkpoint_path(folder.metrics()[-1]["iteration"])


@pytest.mark.slow
def test_ranks_die_with_the_command(endless):
    process, ranks, _ = endless
    process.kill()
    check_that_they_end(ranks)


def test_fewer_gpus_than_asked_for_are_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(
        LandwardError, match="2 GPUs are asked for, PyTorch finds 1 .* use --gpus 1 or --device cpu"
    ):
        launch({}, 2, "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(LandwardError, match="finds 0 on this machine: use --device cpu"):
        launch({}, 2, "cuda")


def test_no_rank_is_no_run():
    with pytest.raises(LandwardError, match="--gpus must be at least 1, got -1"):
        launch({}, -1, "cpu")


def failure(code, timestamp):
    made = ProcessFailure(local_rank=0, pid=1, exitcode=code, error_file="")
    made.timestamp = timestamp
    return made


@pytest.mark.parametrize(
    ("reports", "failures", "message"),
    [
        ({1: {"error": "the reward is nan"}}, {0: (1, 10), 1: (1, 12)}, r"^rank 1: the reward is nan$"),
        ({0: {"error": "no end"}, 1: {"error": "no end"}}, {0: (1, 10), 1: (1, 10)}, r"^no end$"),
        # what a rank says whose partner is gone does not hide who went first
        (
            {0: {"error": "Connection closed", "traceback": ""}},
            {0: (1, 10), 1: (-9, 10)},
            r"^rank 1 was killed by SIGKILL.*the other rank was ended too; checkpoints are whole",
        ),
        # the agent kills those that do not end within 30 s
        (
            {1: {"error": "KeyError: 'x'", "traceback": "Traceback\n"}},
            {0: (-9, 45), 1: (1, 14), 2: (-9, 45)},
            r"^rank 1 failed: KeyError: 'x'; the other 2 ranks were ended too",
        ),
        # ... after it has told them to
        (
            {1: {"error": "KeyError: 'x'", "traceback": "Traceback\n"}},
            {0: (-15, 10), 1: (1, 10)},
            r"^rank 1 failed: KeyError: 'x'; the other rank was",
        ),
        ({}, {0: (-11, 10), 1: (3, 12)}, r"^rank 0 was killed by SIGSEGV; the other rank"),
        ({}, {1: (3, 12)}, r"^rank 1 failed: exit status 3"),
    ],
)
def test_the_error_is_that_of_the_rank_that_failed_first(tmp_path, reports, failures, message):
    for rank, report in reports.items():
        report_path(tmp_path, rank).write_text(json.dumps(report))
    count = 3 if 2 in failures else 2
    error = _explained(tmp_path, {rank: failure(*ended) for rank, ended in failures.items()}, count)
    with pytest.raises(LandwardError, match=message):
        raise error
