"""The whole evaluation, report and film on the fake walker."""

import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from landward.constraint import Constraint
from landward.errors import EnvContractError, LandwardError, RunError, SimulationError
from sims.evaluate import Settings, evaluate
from sims.evaluate.bootstrap import Estimate
from sims.evaluate.command import write_results
from sims.evaluate.figures import judge, limit_text, show
from sims.evaluate.protocol import MILD_TERRAIN, longer_delay_line
from sims.evaluate.report import print_summary, render_html
from sims.evaluate.tour import run_tour
from sims.evaluate.video import smooth, write_video
from sims.registry import make_env
from tests.sims.fakes import FakeWalker, WalkingPolicy

SMALL = Settings(episodes=6, seconds=4.0, axes={"friction": (0.8, 1.25), "push": (1.0,)}, episodes_per_cell=2)


@pytest.fixture
def policy_file(tmp_path):
    path = tmp_path / "policy.onnx"
    path.write_bytes(b"fake")
    return path


def run(path, gain=1.0, env=FakeWalker, made=None, **changes):
    def make_env(name, num_envs, seed, play, overrides):
        (made if made is not None else []).append((name, num_envs, play, dict(overrides)))
        return env(num_envs, seed)

    def make_policy(_path, _spec, num_envs):
        return WalkingPolicy(num_envs, gain)

    return evaluate(path, settings=SMALL, make_env=make_env, make_policy=make_policy, **changes)


def test_an_evaluation_measures_judges_and_serialises(policy_file):
    made = []
    result = run(policy_file, gain=0.9, made=made, video=False)
    assert result.task == "fake-walk"
    assert list(result.by_physics) == ["training", "fine"]
    assert 0.02 < result.metrics["rmse_vx"].value < 0.1
    assert result.metrics["swing_height"].value == pytest.approx(0.06, abs=0.002)
    assert result.metrics["trot_share"].value == 1.0
    assert result.metrics["standing_feet_down"].value == 1.0
    assert result.metrics["matrix_falls"].value == 0.5
    assert result.passed
    assert not result.evidence.tour.frames
    data = json.loads(result.to_json())
    assert data["metrics"]["rmse_vx"]["unit"] == "m/s"
    assert data["matrix"]["worst"][0]["friction"] == 1.25
    assert data["provenance"]["seed"] == 100
    # Trial of the levels, training physics, fine physics, matrix, terrain (two kinds), tour; all of the play
    # configuration.
    assert [n for _, n, _, _ in made] == [1, 6, 6, 4, 6, 1]
    assert all(play for _, _, play, _ in made)
    assert made[1][3] == made[3][3] == {}
    assert made[2][3]["physics.timestep"] == 0.002
    assert made[2][3]["physics.substeps"] == 10


class OnPlane(FakeWalker):
    """A task on the plane with a delay line of 0.06 s."""

    cfg = SimpleNamespace(terrain=None, physics=SimpleNamespace(max_latency=0.06))
    terrain_kinds = ("flat",)


def test_a_task_on_the_plane_is_tried_on_mild_ground_too(policy_file):
    from rich.console import Console

    made = []
    result = run(policy_file, env=OnPlane, made=made, video=False)
    overrides = made[4][3]
    assert (overrides["terrain"], overrides["physics.timestep"]) == (MILD_TERRAIN, 0.002)
    assert [row.level for row in result.matrix.terrain] == ["flat", "slope_up", "slope_down", "uneven"]
    assert [row.falls.n for row in result.matrix.terrain] == [2, 2, 1, 1]
    assert result.metrics["matrix_falls"].n == 4  # of the cells alone
    html, console = render_html(result), Console(file=io.StringIO(), width=120)
    assert "instead of the task&#39;s plane" in html
    assert '<td>terrain</td><td class="level">slope up</td>' in html
    print_summary(result, console)
    assert "terrain, slope up: 0.0" in console.file.getvalue()
    assert "slopes of 10 %" in json.loads(result.to_json())["matrix"]["ground"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seconds": 1.0}, "seconds is 1: the first 2 s"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"episodes": 0}, "episodes is 0"),
        ({"episodes_per_cell": 0}, "cell episodes is 0"),
        ({"axes": {}}, "no axis"),
        ({"axes": {"gravity": (1.0,)}}, "'gravity'"),
        ({"axes": {"friction": ()}}, "axis friction .* no level"),
        ({"axes": {"friction": (-0.1,)}}, "friction -0.1 is no level"),
        ({"axes": {"push": (float("inf"),)}}, "push inf m/s is no level"),
        ({"axes": {"latency": (4.0,)}}, "latency 4 s"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_anything_runs(policy_file, changes, message):
    made = []
    with pytest.raises(LandwardError, match=message):
        run(policy_file, made=made, **changes)
    assert made == []


def test_levels_that_the_engine_refuses_are_known_before_anything_is_measured(policy_file):
    class Frail(FakeWalker):
        def set_physics(self, env_ids, **values):
            if values["payload"].min() < -5:
                raise SimulationError("a payload of -9 kg outweighs the base")

    made = []
    with pytest.raises(SimulationError, match="-9 kg"):
        run(policy_file, env=Frail, made=made, axes={"payload": (0.0, -9.0)})
    assert [n for _, n, _, _ in made] == [1]


def test_the_matrix_gets_a_delay_line_for_its_longest_latency(policy_file):
    made = []
    run(policy_file, env=OnPlane, made=made, axes={"latency": (0.0, 0.08)}, video=False)
    assert made[3][3] == {"physics.max_latency": pytest.approx(0.08, abs=1e-5)}
    made.clear()
    run(policy_file, env=OnPlane, made=made, axes={"latency": (0.0, 0.06)}, video=False)
    assert made[3][3] == {}


def test_a_longer_delay_line_holds_the_latency():
    latency = np.array([0.08], np.float32)
    with make_env("go1-flat", 1, play=True) as env:
        longer = longer_delay_line(env, 0.08)
        with pytest.raises(SimulationError, match="max_latency"):
            env.set_physics(np.arange(1), latency=latency)
    with make_env("go1-flat", 1, play=True, overrides=longer) as env:
        env.set_physics(np.arange(1), latency=latency)
        assert env.engine.parameters()["latency"] == latency
        assert longer_delay_line(env, 0.08) == {}


def test_training_physics_alone_without_matrix(policy_file):
    made = []
    result = run(policy_file, made=made, physics="training", matrix=False, video=False)
    assert list(result.by_physics) == ["training"]
    assert result.matrix is None
    assert [n for _, n, _, _ in made] == [6, 1]


def test_a_missed_target_fails(policy_file):
    result = run(policy_file, gain=0.3, matrix=False, video=False)
    assert not result.passed
    assert {v.metric: v.passed for v in result.verdicts} == {
        "rmse_vx": False, "falls": True, "swing_height": True, "standing_drift": True
    }  # fmt: skip


def test_verdicts_know_their_direction_and_how_firm_they_are():
    metrics = {
        "swing_height": Estimate(0.06, 0.04, 0.08, "m", 9),
        "falls": Estimate(0.0, 0.0, 0.0, "1", 9),
        "rmse_vx": Estimate(float("nan"), float("nan"), float("nan"), "m/s", 0),
    }
    swing, falls, error = judge(metrics, {"swing_height": (0.05, "m"), "falls": 0.0, "rmse_vx": 1.0})
    assert (swing.passed, swing.firm, swing.target) == (True, False, "at least 5.0 cm")
    assert (falls.passed, falls.firm) == (True, True)
    assert not error.passed
    assert judge(metrics, {"matrix_falls": 0.03}) == ()
    with pytest.raises(EnvContractError, match="'speed'"):
        judge(metrics, {"speed": 1.0})
    assert show("falls", metrics["falls"]) == "0.0 [0.0, 0.0] %"
    assert show("rmse_vx", metrics["rmse_vx"]) == "no episode"


def test_the_report_is_one_file_that_needs_nothing_else(policy_file, tmp_path):
    result = run(policy_file)
    tour = result.evidence.tour
    tour.frames, tour.frame_steps = tour.frames[:20], tour.frame_steps[:20]
    page = write_results(result, tmp_path / "report")
    html = page.read_text()
    assert (tmp_path / "report" / "evaluation.json").is_file()
    assert (tmp_path / "report" / "tour.mp4").stat().st_size > 1000
    assert html.count("<svg") == 5
    assert "data:video/mp4;base64," in html
    external = [u for u in re.findall(r'(?:src|href)="([^"]*)"', html) if not u.startswith(("data:", "#"))]
    assert external == []
    assert "meets every target" in html
    for heading in ("Targets", "Does it follow commands?", "How robust is it?", "Worst cells"):
        assert heading in html


def test_a_machine_that_cannot_draw_gets_a_warning_in_the_report(policy_file):
    class Blind(FakeWalker):
        def render(self, env_id=0, size=(640, 480)):
            raise RuntimeError("no OpenGL")

    result = run(policy_file, env=Blind, matrix=False)
    assert len(result.warnings) == 1
    assert "apt-get install" in result.warnings[0]
    assert "apt-get install" in render_html(result)
    assert run(policy_file, env=Blind, matrix=False, video=False).warnings == []


def test_a_policy_that_falls_at_once_still_gets_a_report(policy_file):
    class Clumsy(FakeWalker):
        def step_si(self, targets):
            self.kicked[:] = True
            return super().step_si(targets)

    result = run(policy_file, env=Clumsy, video=False)
    assert result.metrics["falls"].value == 1.0
    assert not result.passed
    assert "misses a target" in render_html(result)
    json.loads(result.to_json())


def test_the_summary_table_names_targets(policy_file):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=120)
    print_summary(run(policy_file, gain=0.3, video=False), console)
    text = console.file.getvalue()
    assert "FAIL" in text
    assert "at most 0.120 m/s" in text
    assert "worst cell" in text


def test_limits_in_words():
    limit = {"limit": (20.0, 24.0), "unit": "N m"}
    assert limit_text(Constraint("torque", reads="joint_torque", **limit)) == "20 to 24 N m"
    assert limit_text(Constraint("tilt", reads="tilt", limit=0.5, unit="1")) == "0.5"


def test_the_tour_follows_its_script_and_is_filmed(tmp_path):
    tour, problem = run_tour(FakeWalker(1), WalkingPolicy(1), FakeWalker.command_ranges, 0, film=True)
    assert problem == ""
    # 11 s in steps of 0.02 s, a frame every other.
    assert len(tour.command) == 550
    assert len(tour.frames) == len(tour.frame_steps) == 275
    assert tour.frame_rate == pytest.approx(25)
    np.testing.assert_allclose(tour.command[150], [0.8, 0.0, 0.0])
    np.testing.assert_allclose(tour.velocity[220], [0.8, 0.0, 0.0], atol=1e-5)
    assert tour.contact[:45].all()
    tour.frames, tour.frame_steps = tour.frames[:5], tour.frame_steps[:5]
    assert write_video(tour, tmp_path / "a" / "tour.mp4").stat().st_size > 500
    tour.frames = []
    with pytest.raises(RunError, match="no frames"):
        write_video(tour, tmp_path / "b.mp4")


def test_smooth_is_a_trailing_mean():
    np.testing.assert_allclose(smooth(np.array([[0.0], [3.0], [6.0]]), 3), [[0.0], [1.0], [3.0]])


def test_engine_and_device_reach_every_environment_and_the_report(policy_file):
    made = []
    evaluation = run(policy_file, made=made, engine="warp", device="cuda:1")
    assert made
    assert all(overrides["engine"] == "warp" and overrides["device"] == "cuda:1" for *_, overrides in made)
    settings = json.loads(evaluation.to_json())["settings"]
    assert (settings["engine"], settings["device"]) == ("warp", "cuda:1")
    assert "engine warp, device cuda:1" in render_html(evaluation)
    with pytest.raises(LandwardError, match="unknown engine 'bullet'"):
        run(policy_file, engine="bullet")
