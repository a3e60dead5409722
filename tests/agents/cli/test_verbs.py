import json

import pytest
import tyro

from agents.cli.export import Export
from agents.cli.resume import Resume
from agents.cli.train import Train
from agents.on_policy.config import TrainConfig
from landward.errors import RunError
from tests.agents.builders import tiny_config


def parse(command, *words):
    return tyro.cli(command, args=[str(word) for word in words])


def test_flags_reach_environment_and_agent(task):
    words = [task, "--num-envs", 8, "--agent.ppo.epochs", 2, "--env.limits.episode", 30, "--agent.seed", 5]
    chosen = parse(Train, *words).task
    assert isinstance(chosen.agent, TrainConfig)
    assert (chosen.num_envs, chosen.agent.ppo.epochs, chosen.env.limits.episode, chosen.agent.seed) == (
        8,
        2,
        30,
        5,
    )
    assert chosen.agent.ppo.steps_per_iteration == tiny_config().ppo.steps_per_iteration


def test_train_resume_export(task, tmp_path, capsys):
    words = [task, "--root", tmp_path, "--num-envs", 16, "--env.limits.episode", 10, "--agent.iterations", 4]
    assert parse(Train, *words).run() == 0
    folder = next(tmp_path.glob("point-mass/*"))
    config = json.loads((folder / "config.json").read_text())
    assert config["env"] == {"limits": {"episode": 10, "box": [1, 2]}, "scan": None}
    assert config["changed"] == {"limits.episode": 10}
    assert {"policy.onnx", "policy.pt", "metrics.jsonl"} <= {path.name for path in folder.iterdir()}
    last = folder / "checkpoints" / "iteration_000004.pt"
    content = last.read_bytes()

    last.unlink()
    assert parse(Resume, folder, "--no-export").run() == 0
    assert last.read_bytes() == content

    capsys.readouterr()
    assert parse(Export, folder, "--json").run() == 0
    report = json.loads(capsys.readouterr().out)
    assert report["error"] <= 1e-5 and report["path"] == str(folder / "policy.onnx")


def test_a_checkpoint_cut_short_is_passed_over(task, tmp_path):
    words = [task, "--root", tmp_path, "--num-envs", 16, "--agent.iterations", 4, "--no-export"]
    parse(Train, *words).run()
    folder = next(tmp_path.glob("point-mass/*"))
    last = folder / "checkpoints" / "iteration_000004.pt"
    content = last.read_bytes()
    last.write_bytes(content[:1000])
    assert parse(Resume, folder, "--no-export").run() == 0
    assert last.read_bytes() == content


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        parse(Resume, tmp_path).run()
