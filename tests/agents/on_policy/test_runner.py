import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from agents.on_policy.runner import Runner, config_document
from landward.errors import CheckpointError, RunError, SimulationError
from landward.runs import RunFolder
from sims.bridges.rsl_rl import RslRlVecEnv
from tests.agents.builders import make_runner, tiny_config
from tests.agents.fakes import PointMass
from tests.agents.images import LIMIT, Blob, image_config, image_runner


def learning(mode):
    return tiny_config(
        iterations=40,
        checkpoint_interval=100,
        ppo__steps_per_iteration=16,
        ppo__learning_rate=3e-3,
        ppo__entropy_coef=0.0,
        ppo__entropy_coef_final=0.0,
        constraint__mode=mode,
        constraint__ramp_steps=0.0,
        model__hidden_sizes=(32, 32),
    )


def test_it_learns_the_best_policy_without_the_constraint(tmp_path):
    runner = make_runner(tmp_path, learning("none"), 256)
    assert runner.train() == 0
    last = runner.folder.metrics()[-1]
    assert last["reward"] > 0.95  # exp(-error^2), 1 at best
    assert last["Constraint/speed_violated_percent"] > 40.0  # 56 % of the commands are beyond the limit


def test_cat_holds_the_constraint_that_the_best_policy_violates(tmp_path):
    runner = make_runner(tmp_path, learning("cat"), 256)
    runner.train()
    last = runner.folder.metrics()[-1]
    assert last["Constraint/speed_violated_percent"] < 5.0
    # standing at the limit gives a mean of 0.90 over the disc of commands
    assert last["reward"] > 0.80


def test_the_same_seed_gives_the_same_checkpoints(tmp_path):
    first, second = (train_bytes(tmp_path / name, tiny_config(seed=3)) for name in "ab")
    other = train_bytes(tmp_path / "c", tiny_config(seed=4))
    assert first == second
    assert first != other


@pytest.mark.parametrize(
    "changes", [{}, {"ppo__parallel_update": False}, {"model__exploration": "gsde"}, "recurrent"]
)
def test_a_resumed_run_is_the_uninterrupted_one(tmp_path, changes):
    if changes == "recurrent":
        changes = {"model__recurrent": "lstm", "ppo__parallel_update": False, "constraint__mode": "penalty"}
    changes = {"ppo__entropy_steps": 400.0, **changes}
    whole = train_bytes(tmp_path / "whole", tiny_config(**changes))
    runner = make_runner(tmp_path / "part", tiny_config(**{**changes, "iterations": 2}))
    runner.train()
    resumed = resume(runner.folder, tiny_config(**changes))
    assert resumed.current_learning_iteration == 2
    resumed.train()
    assert [line["iteration"] for line in resumed.folder.metrics()] == [1, 2, 3, 4]
    assert resumed.folder.latest_checkpoint().read_bytes() == whole


@pytest.mark.parametrize("share", [False, True])
def test_a_resumed_run_with_images_is_the_uninterrupted_one(tmp_path, share):
    changes = {"model__encoder__share": share, "ppo__parallel_update": not share, "ppo__mini_batches": 4}
    whole = train_bytes(tmp_path / "whole", image_config(**changes), image_runner)
    runner = image_runner(tmp_path / "part", image_config(**changes))
    runner.config.iterations = 2
    runner.train()
    resumed = Runner(Blob(16, seed=99), image_config(**changes), runner.folder)
    resumed.load(str(runner.folder.latest_checkpoint()))
    resumed.train()
    assert resumed.folder.latest_checkpoint().read_bytes() == whole


def blob_config(**changes):
    return image_config(iterations=24, checkpoint_interval=100, **changes)


def mean_actions(runner):
    """The deterministic actions in 64 fresh situations, and the best ones."""
    obs = RslRlVecEnv(env := Blob(64, seed=5)).get_observations()
    with torch.no_grad():
        return runner.alg.actor(obs).numpy()[:, 0], env.best()


def test_it_learns_the_best_policy_from_images(tmp_path):
    runner = image_runner(tmp_path, blob_config(), 64)
    runner.train()
    actions, best = mean_actions(runner)
    assert np.abs(actions - best).mean() < 0.15  # 0.43 without the picture
    last = runner.folder.metrics()[-1]
    assert last["reward"] > 0.92  # with exploration; 1 at best, 0.754 without the picture
    assert last["learning_rate"] == pytest.approx(3e-3 / 24)  # of the last of 24 iterations


def test_cat_holds_a_constraint_with_images_and_a_beta_policy(tmp_path):
    runner = image_runner(tmp_path, blob_config(), 64, constraints=True)
    runner.train()
    actions, best = mean_actions(runner)
    # about half of the best actions are beyond the limit; the best that holds it stops at the limit
    assert (np.abs(best) > LIMIT).mean() > 0.3
    assert np.abs(actions).max() < 1.3 * LIMIT < 0.7 * np.abs(best).max()
    assert np.abs(actions - np.clip(best, -LIMIT, LIMIT)).mean() < 0.2


def train_bytes(root, config, make=make_runner):
    runner = make(root, config)
    runner.train()
    return runner.folder.latest_checkpoint().read_bytes()


def resume(folder, config):
    runner = Runner(PointMass(16, seed=99), config, folder)
    runner.load(str(folder.latest_checkpoint()))
    return runner


SCRIPT = """
import sys
from pathlib import Path
from agents.on_policy.runner import Runner
from landward.runs import RunFolder
from tests.agents.builders import make_runner, tiny_config
from tests.agents.fakes import PointMass

config = tiny_config(iterations=int(sys.argv[2]), checkpoint_interval=3)
found = sorted(Path(sys.argv[1]).glob("*/*/spec.json"))
if found:
    folder = RunFolder.open(found[0].parent)
    runner = Runner(PointMass(16, seed=99), config, folder)
    runner.load(str(folder.latest_checkpoint()))
else:
    runner = make_runner(sys.argv[1], config)
print("ready", flush=True)
sys.exit(runner.train())
"""


def start(root, iterations=60):
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(root), str(iterations)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def wait_for_checkpoint(root, process):
    for _ in range(3000):
        if list(root.glob("*/*/checkpoints/iteration_*.pt")) or process.poll() is not None:
            return
        time.sleep(0.02)


@pytest.mark.slow
def test_killed_and_resumed_reaches_the_identical_checkpoint(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(whole).wait() == 0
    process = start(killed)
    wait_for_checkpoint(killed, process)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert start(killed).wait() == 0
    last = "*/*/checkpoints/iteration_000060.pt"
    assert next(killed.glob(last)).read_bytes() == next(whole.glob(last)).read_bytes()
    lines = next(killed.glob("*/*/metrics.jsonl")).read_text().splitlines()
    assert [json.loads(line)["iteration"] for line in lines] == list(range(1, 61))


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_a_checkpoint(tmp_path, number, code):
    process = start(tmp_path, 10000)
    wait_for_checkpoint(tmp_path, process)
    process.send_signal(number)
    assert process.wait(timeout=20) == code
    folder = RunFolder.open(next(tmp_path.glob("*/*")))
    lines = folder.metrics()
    assert folder.latest_checkpoint() == folder.checkpoint_path(lines[-1]["iteration"])


def test_a_nan_observation_names_its_term_and_saves_nothing(tmp_path):
    runner = make_runner(tmp_path, tiny_config())
    runner.config.iterations = 2
    runner.train()
    before = runner.folder.checkpoints()
    runner.config.iterations = 4
    runner.source.poison = 6  # the first column behind three frames of the velocity
    with pytest.raises(SimulationError, match=r"observation policy\.command\[vx\] is nan in environment 3"):
        runner.train()
    assert runner.folder.checkpoints() == before


def test_a_nan_reward_is_named(tmp_path):
    runner = make_runner(tmp_path, tiny_config())
    runner.source.poison = "reward"
    with pytest.raises(SimulationError, match="the reward is nan in environment 3 at control step 1"):
        runner.train()


def test_a_full_disk_keeps_the_old_checkpoint(tmp_path, monkeypatch):
    runner = make_runner(tmp_path, tiny_config(iterations=2))
    runner.train()
    old = runner.folder.latest_checkpoint()
    content = old.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("landward.atomic.os.fsync", full)
    runner.config.iterations = 4
    with pytest.raises(RunError, match="No space left"):
        runner.train()
    assert runner.folder.latest_checkpoint() == old and old.read_bytes() == content


def test_a_checkpoint_of_another_task_is_refused(tmp_path):
    runner = make_runner(tmp_path, tiny_config(iterations=2))
    runner.train()
    other = Runner(PointMass(16, constraints=False), tiny_config(), runner.folder)
    with pytest.raises(CheckpointError, match="spec"):
        other.load(str(runner.folder.latest_checkpoint()))


def test_the_clock_ends_a_run_only_when_asked(tmp_path):
    runner = make_runner(tmp_path, tiny_config(iterations=0, minutes=0.02))
    began = time.monotonic()
    assert runner.train() == 0
    assert time.monotonic() - began >= 1.2
    lines = runner.folder.metrics()
    assert all(line["seconds"] < 1.2 for line in lines[:-1])


def test_first_episodes_are_spread(tmp_path):
    runner = make_runner(tmp_path, tiny_config(iterations=1, ppo__steps_per_iteration=1))
    runner.train()
    assert len(np.unique(runner.source.episode_steps)) > 5


def test_learning_on_a_cpu_uses_one_thread(tmp_path):
    make_runner(tmp_path, tiny_config())
    assert torch.get_num_threads() == 1


def test_curves_are_written(tmp_path):
    runner = make_runner(tmp_path, tiny_config())
    runner.train()
    assert list(runner.folder.path.glob("events.out.tfevents*"))
    assert not (runner.folder.path / "git").exists()
    line = runner.folder.metrics()[-1]
    wanted = {
        "iteration",
        "steps",
        "reward",
        "loss/value",
        "tracking/error",
        "Constraint/speed_violated_percent",
    }
    assert wanted <= set(line)
    assert line["steps"] == 4 * 8 * 16


def test_config_document_is_json():
    document = config_document(
        tiny_config(), 16, {"physics": {"timestep": 0.005}}, {"physics.timestep": 0.005}
    )
    assert json.loads(json.dumps(document)) == document
