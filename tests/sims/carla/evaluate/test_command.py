from dataclasses import replace
from pathlib import Path

import pytest

from landward.cli.main import main
from landward.errors import LandwardError
from sims.carla.evaluate.command import default_folder, default_task
from sims.carla.evaluate.settings import BLOCKED, Settings, driving_cfg, fit_view
from sims.carla.spec import driving_spec


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["expert", "--episodes", "0"], "episodes is 0"),
        (["expert", "--repetitions", "-1"], "repetitions is -1"),
        (["expert", "--walkers", "-3"], "walkers is -3: it cannot be negative"),
        (["expert", "--town", "nowhere.xodr"], "no OpenDRIVE file nowhere.xodr"),
        (["runs/none"], "no policy file or run folder at runs/none"),
        ([], "nobody to evaluate"),
    ],
)
def test_what_makes_no_sense(words: list[str], message: str, capsys: pytest.CaptureFixture, tmp_path) -> None:
    assert main(["drive-eval", *words, "--out", str(tmp_path)]) == 1
    assert message in capsys.readouterr().err


def test_defaults_without_a_policy() -> None:
    assert default_task(("expert", "ws://localhost:8000")) == "carla-route"
    assert default_folder(("expert",)) == Path("drive_report")


def test_the_rules_are_the_leaderboards() -> None:
    cfg = driving_cfg(Settings(episodes=7, traffic=3, town="Roundabout", server="a:1"))
    assert cfg.drive.endings == "leaderboard"
    assert (cfg.drive.route.split, cfg.drive.route.count) == ("heldout", 7)
    assert cfg.drive.terminations.blocked_s == BLOCKED == 180.0
    assert cfg.drive.traffic.vehicles == 3
    assert (cfg.town, cfg.server) == ("Roundabout", "a:1")


def test_a_task_that_does_not_drive() -> None:
    with pytest.raises(LandwardError, match="'go1-flat' is no driving task"):
        driving_cfg(Settings(task="go1-flat"))


def test_the_view_is_the_one_that_the_policy_was_trained_with() -> None:
    trained = driving_cfg(Settings())
    trained.drive.bev = replace(trained.drive.bev, size=96, pixels_per_metre=2.0, behind=12.0)
    trained.drive.control = "speed"
    spec = driving_spec("carla-route", trained)
    fresh = driving_cfg(Settings())
    assert spec.interface_diff(driving_spec("carla-route", fresh))
    fit_view(fresh, spec)
    assert spec.interface_diff(driving_spec("carla-route", fresh)) == []
