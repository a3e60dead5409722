"""The whole of it with MuJoCo under two settings as two engines, worker processes included."""

import json

import numpy as np
import pytest

from landward.cli.main import main
from landward.errors import SpecMismatchError
from robots import get_robot
from sims.sim2sim import run as running
from sims.sim2sim import worker
from sims.sim2sim.compare import compare
from sims.sim2sim.plan import Plan, Variant, draw_episodes, load_plan, play_configuration, save_plan
from sims.sim2sim.results import load_result
from sims.sim2sim.run import run_engines
from sims.workers import Watch
from tests.sims.sim2sim.walks import SPEC, standing_policy

HALF = {"physics.timestep": 0.01 / 3, "physics.substeps": 6}


@pytest.fixture
def planned(tmp_path):
    """(folder, plan, episodes) of four short walks in MuJoCo with two time steps."""
    variants = Variant("coarse", "mujoco"), Variant("half", "mujoco", overrides=HALF)
    plan = Plan(str(standing_policy(tmp_path / "policy.onnx")), "go1-flat", 4, 2.2, 100, variants)
    episodes = draw_episodes(play_configuration("go1-flat"), 4, 100)
    save_plan(tmp_path, plan, episodes)
    for variant in variants:
        (tmp_path / variant.label).mkdir()
    return tmp_path, plan, episodes


def test_a_worker_walks_from_the_given_states_under_the_given_commands(planned):
    folder, plan, episodes = planned
    assert worker.main([str(folder), "coarse"]) == 0
    result = load_result(folder / "coarse")
    start = episodes.start
    np.testing.assert_allclose(result.poses["root_pos_w"][0], start.root_pos, atol=1e-6)
    np.testing.assert_allclose(result.poses["joint_pos"][0], start.joint_pos, atol=1e-6)
    np.testing.assert_allclose(result.terms["joint_vel"][0], start.joint_vel, atol=1e-6)
    np.testing.assert_array_equal(result.terms["command"], np.tile(episodes.command, (51, 1, 1)))
    assert result.terms["joint_pos"].shape == (51, 4, 12) and result.period == 0.02
    assert {term.name for _, terms in SPEC.observations for term in terms} == set(result.terms)
    assert set(result.violations) == {"joint_torque", "joint_velocity", "action_rate"}
    # It stands still instead of walking, 10 of 110 steps being counted: the error is about the command.
    assert result.steps.tolist() == [10] * 4 and not result.fell.any()
    np.testing.assert_allclose(np.sqrt(result.squares / 10), np.abs(episodes.command), atol=0.15)
    assert json.loads((folder / "coarse" / "progress.json").read_text()) == {"finished": True}


def test_two_time_steps_agree_on_the_start_and_part_later(planned):
    folder, plan, _ = planned
    assert [worker.main([str(folder), label]) for label in ("coarse", "half")] == [0, 0]
    results = [load_result(folder / label) for label in ("coarse", "half")]
    comparison = compare(plan, results, SPEC, get_robot("go1"))
    assert comparison.sound
    several = comparison.differences["half"]
    assert not any(d.bookkeeping for d in several)
    assert any(d.first is not None and d.first > 0.0 for d in several)
    apart = comparison.divergence["half"]
    assert all(values[0] < 1e-3 for values in apart.values()) and apart["joint_pos"][10] > 1e-3
    same = compare(plan, [results[0], results[0]], SPEC, get_robot("go1"))
    assert all(d.first is None for d in same.differences["coarse"])


def test_the_worker_says_in_one_line_what_it_cannot_do(planned, capsys, monkeypatch):
    folder, _, _ = planned

    def refuse(*_, **__):
        raise SpecMismatchError("the policy is of another robot")

    monkeypatch.setattr(worker, "make_env", refuse)
    assert worker.main([str(folder), "coarse"]) == 1
    assert capsys.readouterr().err == "error: the policy is of another robot\n"


def test_processes_give_what_the_worker_gives_and_one_that_dies_is_told(planned):
    import sys
    from pathlib import Path

    folder, plan, episodes = planned
    seen = []
    pythons = {"coarse": Path(sys.executable), "half": Path("/bin/false")}
    results, failed = run_engines(
        folder / "out", plan, episodes, pythons, lambda *what: seen.append(what), Watch(60.0, 1.0, 0.05)
    )
    assert [result.label for result in results] == ["coarse"]
    assert failed["half"].startswith("half died with exit status 1; its last lines: none")
    assert load_plan(folder / "out")[0] == plan
    worker.main([str(folder), "coarse"])
    np.testing.assert_array_equal(
        load_result(folder / "coarse").terms["joint_pos"], results[0].terms["joint_pos"]
    )


def test_a_worker_that_hangs_is_told_and_the_others_are_compared(planned, monkeypatch, tmp_path):
    import sys
    from pathlib import Path

    folder, plan, episodes = planned
    (tmp_path / "sleeper.py").write_text("import time\ntime.sleep(100)\n")
    monkeypatch.setattr(running, "WORKER", "sleeper")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    results, failed = run_engines(
        folder / "out", plan, episodes, {"half": Path(sys.executable)}, watch=Watch(0.5, 0.2, 0.05)
    )
    assert results == [] and failed["half"].startswith("half hangs: no progress for 0.5 s")


def test_an_engine_that_is_not_installed(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANDWARD_ISAACLAB_PYTHON", str(tmp_path / "none"))
    file = standing_policy(tmp_path / "policy.onnx")
    words = [
        "sim2sim",
        f"--policy={file}",
        "--engines",
        "mujoco,isaaclab-newton",
        "--episodes",
        "2",
        "--seconds",
        "2.2",
    ]
    assert main(words) == 1
    error = capsys.readouterr().err
    assert error.count("error:") == 1
    assert "isaaclab-newton: " in error and "make setup-isaaclab" in error and "--skip-missing" in error
    assert main([*words, "--skip-missing", "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "left out: isaaclab-newton" in shown and "sim2sim.html" in shown
    assert list(json.loads((tmp_path / "out" / "sim2sim.json").read_text())["engines"]) == ["mujoco"]
