import importlib.util

import numpy as np
import pytest

pytest.importorskip("mujoco")

from benchmarks import _engines, engines
from landward.errors import MissingDependencyError

RATES = {"ours": [10.0, 10.0], "bare": [11.0, 13.0], "ours cpu": [5.0, 5.0], "bare cpu": [5.5, 5.5]}
WARP = pytest.param(
    "warp",
    marks=[
        pytest.mark.warp,
        pytest.mark.skipif(importlib.util.find_spec("mujoco_warp") is None, reason="needs mujoco-warp"),
    ],
)


@pytest.mark.parametrize("name", ["mujoco", WARP])
def test_bare_and_ours_step_the_same_physics(name):
    from robots import get_robot
    from sims.engines import make_engine
    from sims.physics import PhysicsParameters

    engine = make_engine(name, get_robot("go1"), _engines.PHYSICS, 2, device="cpu")
    if name == "warp":  # its delay is the engine's own; MuJoCo's is part of the model
        engine.set_parameters(np.arange(2), PhysicsParameters(latency=np.zeros(2)))
    _engines.stand(engine)
    bare = _engines.BARES[name](engine)
    bare.load()
    home = np.array(engine.robot.default_joint_pos, np.float32)
    targets = _engines._of_kind(engine, np.tile(home + 0.1, (2, 2, 1)))[0]
    for target in targets:
        engine.step(target)
    bare.run(targets)
    ours = np.array(engine.state_dict()["rows"]["qpos"])
    theirs = np.array(bare._batch.qpos() if name == "mujoco" else bare._batch.view("qpos"))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert np.abs(ours[:, 7:] - home).max() > 0.01


def test_rates_are_positive_and_of_every_round():
    found = _engines.measure("mujoco", 2, 3, 2)
    assert set(found) == {"ours", "bare", "ours cpu", "bare cpu"}
    assert all(len(rates) == 2 and min(rates) > 0 for rates in found.values())


def test_the_ratio_is_the_median_of_bare_to_ours():
    assert engines.ratio_of(RATES) == pytest.approx(1.2)
    slower = RATES | {"bare": [20.0, 20.0]}
    assert engines.worst({"a": {1024: RATES}, "b": {1024: slower}}) == ("b", 2.0)
    (row,) = engines.rows({"a": {64: RATES}})
    assert row == ("a", 64, 10.0, 12.0, pytest.approx(1.2), pytest.approx(1.1))


def test_a_block_is_neither_endless_nor_a_single_step():
    assert engines.steps_of(1, quick=False) == 200
    assert engines.steps_of(1024, quick=False) == 8
    assert engines.steps_of(8192, quick=True) == 3


def test_an_environment_that_is_not_there_is_said(monkeypatch):
    def missing(environment):
        raise MissingDependencyError(
            environment, "isaaclab", "no environment", remedy="run make setup-isaaclab"
        )

    monkeypatch.setattr(engines, "python_of", missing)
    why = engines.measure_engine("isaaclab-newton", (1,), 1, quick=False)
    assert isinstance(why, str) and "make setup-isaaclab" in why


def test_the_claim_names_what_was_left_out():
    text = engines.claim("warp", 1.05, ["mujoco", "warp"], {"isaaclab-newton": "not measured"})
    assert "1.05" in text and "left out: isaaclab-newton" in text
