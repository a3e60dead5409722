import dataclasses
import logging

import pytest

from agents.on_policy.train import export, resume, start
from landward.errors import LandwardError, RegistryError
from sims import registry
from tests.agents.builders import tiny_config
from tests.agents.cli.pointmass import Limits, PointMassCfg, Scan, make
from tests.agents.fakes import PointMass


def retune(monkeypatch, task, cfg, made):
    """As if the registered configuration had been changed since; environments note their configuration."""

    def make_and_note(name, cfg, num_envs, seed, dump_dir=None):
        made.append(cfg)
        return make(name, cfg, num_envs, seed, dump_dir)

    entry = registry.get_task(task)
    monkeypatch.setattr(registry, "_TASKS", registry.Registry("task", "landward.tests.nothing"))
    registry.register_task(dataclasses.replace(entry, make_cfg=lambda play: cfg, make_env=make_and_note))


@pytest.mark.parametrize("given", [None, PointMassCfg(Limits(episode=30), Scan(points=9))])
def test_a_run_keeps_its_settings_when_the_registered_ones_change(task, tmp_path, monkeypatch, given):
    whole = start(task, tiny_config(), 16, tmp_path / "whole", given)
    whole.train()
    part = start(task, tiny_config(), 16, tmp_path / "part", given)
    part.train()
    part.folder.checkpoint_path(4).unlink()

    made = []
    retune(monkeypatch, task, PointMassCfg(Limits(episode=5, box=(7, 8))), made)
    resumed = resume(part.folder.path)
    assert resumed.source.max_episode_steps == (20 if given is None else 30)
    resumed.train()
    assert resumed.folder.checkpoint_path(4).read_bytes() == whole.folder.checkpoint_path(4).read_bytes()
    export(part.folder.path)
    assert made == [given or PointMassCfg()] * 2


def test_what_was_changed_stays_visible(task, tmp_path):
    cfg = PointMassCfg(Limits(episode=30), Scan(points=9))
    config = start(task, tiny_config(), 16, tmp_path, cfg).folder.config
    assert config["changed"] == {"limits.episode": 30, "scan": {"points": 9}}
    assert config["env"] == {"limits": {"episode": 30, "box": [1, 2]}, "scan": {"points": 9}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model__recurrent": "lstm"}, "constraint.mode"),
        ({"ppo__mirror": True}, "unknown robot 'point'"),
        ({"device": "tpu"}, "device 'tpu' cannot be used"),
        ({"iterations": 0}, "no end"),
    ],
)
def test_refused_settings_leave_no_folder(task, tmp_path, changes, message):
    with pytest.raises(LandwardError, match=message):
        start(task, tiny_config(**changes), 16, tmp_path)
    assert not list(tmp_path.glob("*/*"))


def test_there_must_be_an_environment(task, tmp_path):
    with pytest.raises(LandwardError, match="num_envs must be at least 1, got 0"):
        start(task, tiny_config(), 0, tmp_path)


def test_an_unknown_task_is_refused(task, tmp_path):
    with pytest.raises(RegistryError, match="unknown task"):
        start("pointmass", tiny_config(), 4, tmp_path)


def test_states_that_diverge_are_kept_in_the_run(task, tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(PointMass, "keep_diverged", lambda self, path: kept.append(path), raising=False)
    runner = start(task, tiny_config(iterations=2), 16, tmp_path)
    runner.train()
    resume(runner.folder.path)
    assert kept == [runner.folder.path / "diverged"] * 2


def test_without_an_earlier_checkpoint_none_is_announced(task, tmp_path, caplog):
    runner = start(task, tiny_config(iterations=2), 16, tmp_path)
    runner.train()
    path = runner.folder.checkpoint_path(2)
    path.write_bytes(path.read_bytes()[:100])
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(LandwardError, match="no checkpoint that can be read"),
    ):
        resume(runner.folder.path)
    assert "there is none before it" in caplog.text
