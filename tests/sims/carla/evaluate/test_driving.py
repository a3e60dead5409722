"""Evaluations that drive: the real client on an embedded server."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landward.cli.main import main
from landward.errors import SpecMismatchError
from landward.policy_server import PolicyServer
from sims.carla.evaluate.drivers import Candidate
from sims.carla.evaluate.protocol import drive_all
from sims.carla.evaluate.settings import Settings, driving_cfg
from sims.carla.spec import driving_spec

pytestmark = pytest.mark.carla
QUICK = Settings(task="carla-lane", episodes=2, video=False)


def quiet(*_: object) -> None:
    """No progress bar."""


class Follower:
    """Steers for a point of the route 9 m ahead, holds the speed limit and stops at red lights."""

    spec = driving_spec("carla-lane", driving_cfg(QUICK))

    def reset(self, env_ids: np.ndarray | None = None) -> None:
        """Nothing to forget."""

    def __call__(self, inputs: dict) -> dict:
        ahead, speed = inputs["route_ahead"][:, 1], inputs["speed"][:, 0]
        light = inputs["light"]
        stop = (light[:, 1] + light[:, 2] > 0) & (light[:, 0] < 2.0 + 0.15 * speed**2)
        pedal = np.where(stop, -0.6, 0.5 * (0.6 * inputs["speed_limit"][:, 0] - speed))
        steer = -1.2 * np.arctan2(ahead[:, 1], ahead[:, 0])
        return {"control": np.clip(np.stack([steer, pedal], -1), -1, 1).astype(np.float32)}


@pytest.fixture(scope="module")
def served():
    server = PolicyServer(lambda num_envs: Follower(), port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.address
    server.close()
    thread.join(5.0)


def test_expert_and_autopilot_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    words = ["expert", "autopilot", "--episodes", "1", "--traffic", "8", "--walkers", "2", "--json"]
    words.append("--no-video")
    assert main(["drive-eval", *words, "--out", str(tmp_path)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data == json.loads((tmp_path / "drive_evaluation.json").read_text())
    expert, autopilot = data["policies"]
    (route,) = expert["routes"]
    assert (route["ended"], route["infractions"], route["driving_score"]) == ("completed", [], 100.0)
    assert route["route"] == autopilot["routes"][0]["route"]
    assert autopilot["figures"]["route_completion"]["value"] > 50.0
    assert "<video" not in (tmp_path / "drive_report.html").read_text()


def test_a_policy_server_is_compared_with_the_expert(served: str, tmp_path: Path) -> None:
    words = [
        served,
        "expert",
        "--task",
        "carla-lane",
        "--episodes",
        "1",
        "--no-video",
        "--out",
        str(tmp_path),
    ]
    assert main(["drive-eval", *words]) == 0
    data = json.loads((tmp_path / "drive_evaluation.json").read_text())
    (verdict,) = data["verdicts"]
    assert verdict["ratio"]["value"] > 0.9
    # Nobody scores 1.5 times what the expert scores.
    assert main(["drive-eval", *words, "--target", "1.5"]) == 1


def test_film(tmp_path: Path) -> None:
    imageio = pytest.importorskip("imageio.v2")
    entry = drive_all(Candidate("expert"), replace(QUICK, episodes=1, video=True), tmp_path, quiet)
    assert entry.film == tmp_path / "expert.mp4"
    with imageio.get_reader(entry.film) as reader:
        frames = [reader.get_data(i) for i in (5, 40)]
        assert reader.get_meta_data()["fps"] == 10.0
    assert frames[0].shape == (400, 1040, 3)
    assert frames[0].std() > 20
    # The car has moved between the two, in the camera's picture and in the view from above.
    for half in (slice(0, 640), slice(640, None)):
        assert np.abs(frames[0][60:, half].astype(int) - frames[1][60:, half]).mean() > 0.2


def test_a_policy_that_does_not_fit_is_refused_before_it_drives(tmp_path: Path) -> None:
    class Other(Follower):
        spec = replace(Follower.spec, control_period=0.05)

    server = PolicyServer(lambda num_envs: Other(), port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.raises(SpecMismatchError, match=r"control_period: expected 0\.1, got 0\.05"):
            drive_all(Candidate(server.address), QUICK, tmp_path, quiet)
    finally:
        server.close()
        thread.join(5.0)


def test_a_route_whose_server_dies_is_driven_again(tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")
    killed: list[int] = []

    def kill_once(who: str, done: float, total: int) -> None:
        if killed or not 0.1 < done < 1.0:
            return
        for child in psutil.Process().children(recursive=True):
            if "carla-server" in child.cmdline():
                killed.append(child.pid)
                child.kill()

    entry = drive_all(Candidate("expert"), QUICK, tmp_path, kill_once)
    assert len(killed) == 1
    assert entry.lost == 1
    assert [result.ended for result in entry.results] == ["completed", "completed"]
    undisturbed = drive_all(Candidate("expert"), QUICK, tmp_path, quiet)
    assert undisturbed.lost == 0
    assert [r.seconds for r in undisturbed.results] == [r.seconds for r in entry.results]
    assert not [p for p in psutil.Process().children(recursive=True) if "carla-server" in p.cmdline()]
