import dataclasses

import pytest

from agents import recipes
from agents.cli.demo import TASK, Demo
from sims.evaluate import protocol


@pytest.mark.slow
def test_demo_trains_exports_evaluates_and_reports(tmp_path, monkeypatch, capsys):
    """The whole chain with one iteration; such a policy misses the targets, which the exit status says."""

    def short():
        config = recipes.go1_flat()
        config.total_steps, config.iterations = 0.0, 1
        return config

    settings = protocol.Settings
    few = {"episodes": 2, "seconds": 2.5, "axes": {"friction": (0.4,)}, "episodes_per_cell": 2}
    monkeypatch.setattr("agents.recipes.agent_config", lambda task: short())
    monkeypatch.setattr(protocol, "Settings", lambda **given: dataclasses.replace(settings(**few), **given))
    monkeypatch.setattr("agents.cli.train.TaskSettings.num_envs", 64)
    status = Demo(seed=5, root=tmp_path, video=False).run()
    (run,) = (tmp_path / TASK).iterdir()
    assert status == 1
    for name in ("policy.onnx", "policy.pt", "report/evaluation.json", "report/report.html"):
        assert (run / name).stat().st_size > 0
    printed = capsys.readouterr().out
    assert "training" in printed and "landward play" in printed
