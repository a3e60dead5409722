"""Isaac Lab's own tasks through the adapter, on both backends that run without Kit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("isaaclab", reason="needs Isaac Lab: make setup-isaaclab")
pytestmark = [pytest.mark.isaaclab, pytest.mark.slow, pytest.mark.timeout(1500)]

ENGINES = ("isaaclab-newton", "isaaclab-physx")
GO2_JOINTS = {
    f"{leg}_{joint}_joint" for leg in ("FL", "FR", "RL", "RR") for joint in ("hip", "thigh", "calf")
}


@pytest.fixture(scope="module", params=ENGINES)
def seen(request, root: Path, tmp_path_factory) -> dict:
    """What one process per backend saw; see walkthrough.py."""
    folder = tmp_path_factory.mktemp(request.param)
    from sims.isaaclab.asset_build import build

    assets = folder / "assets"
    build(assets)
    done = subprocess.run(
        [sys.executable, "-m", "tests.sims.isaaclab.walkthrough", request.param, str(folder)],
        cwd=root,
        env={**os.environ, "ISAACSIM_ASSET_ROOT": str(assets), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return {**json.loads((folder / "results.json").read_text()), "engine": request.param}


def test_cartpole_keeps_the_contract(seen) -> None:
    assert seen["cartpole_check"] == []


@pytest.mark.parametrize("task", ["cartpole", "go2"])
def test_the_clock_truncates_and_the_final_observation_is_kept(seen, task) -> None:
    ended = seen[f"{task}_time_outs"]
    assert ended["truncated"] == [False, True, True, True]
    assert ended["terminated"] == [False] * 4
    assert ended["steps"] == [1, 0, 0, 0]
    assert ended["kept"] and ended["moved_on"] > 0.0
    assert ended["log"], "episode logs are given when episodes end"
    # Isaac Lab turns the commanded velocity to the heading at the end of a step, after the resets
    assert seen[f"{task}_final"] in ([], ["velocity_commands"])


def test_cartpole_trains_to_success(seen) -> None:
    """Isaac Lab's own settings, at most its own number of iterations, and the exported file in SI."""
    assert seen["cartpole"]["status"] == 0
    assert seen["cartpole"]["metrics"]["iteration"] <= 150
    assert seen["cartpole_success"] >= 0.95


def test_go2_trains_with_constraints(seen) -> None:
    metrics = seen["go2"]["metrics"]
    assert (seen["go2"]["status"], metrics["iteration"]) == (0, 3)
    assert metrics["Constraint/torque_violated_percent"] > 0.0
    assert metrics["Constraint/hips_violated_percent"] > 0.0
    assert any(name.startswith("Episode_Reward/") for name in metrics)


@pytest.mark.parametrize("task", ["cartpole", "go2"])
def test_the_exported_policy_acts_as_isaac_labs_play_loop(seen, task) -> None:
    assert seen[f"{task}_parity"]["worst"] <= 1e-4


def test_go2_has_no_other_flaw_than_that_its_actor_sees_its_velocity(seen) -> None:
    found = seen["go2_check"]
    assert {(item["check"], item["level"]) for item in found} <= {
        ("privileged", "error"),
        ("time-outs", "error"),
    }
    assert "base_lin_vel" in found[0]["message"]


def test_the_spec_of_go2_is_that_of_its_managers(seen) -> None:
    spec = seen["go2_parity"]["spec"]
    terms = {term["name"]: term for term in spec["observations"]["policy"]}
    assert list(terms) == [
        "base_lin_vel",
        "base_ang_vel",
        "projected_gravity",
        "velocity_commands",
        "joint_pos",
        "joint_vel",
        "actions",
    ]
    assert terms["base_ang_vel"]["noise"] == {"kind": "uniform", "scale": 0.2}
    assert terms["velocity_commands"]["names"] == ["vx", "vy", "wz"]
    (action,) = spec["actions"]
    assert set(seen["go2_joints"]) == GO2_JOINTS
    assert action["names"] == terms["joint_pos"]["names"] == terms["actions"]["names"] == seen["go2_joints"]
    assert (action["name"], action["kind"]) == ("joint_pos_target", "joint_position_target")
    assert action["offset"] == terms["joint_pos"]["offset"]
    default = dict(zip(action["names"], action["offset"], strict=True))
    assert default["FL_thigh_joint"] == pytest.approx(0.8) and default["RL_thigh_joint"] == pytest.approx(1.0)
    assert action["scale"] == 0.25
    assert action["stiffness"] == [25.0] * 12 and action["damping"] == [0.5] * 12
    limits = dict(zip(action["names"], action["effort_limit"], strict=True))
    assert limits["RL_hip_joint"] == pytest.approx(23.7) and limits["RL_calf_joint"] == pytest.approx(45.43)
    assert spec["control_period"] == pytest.approx(0.02)


def test_joint_order_is_the_backends_own(seen) -> None:
    """Newton goes leg by leg, PhysX joint by joint: only names tell which is which."""
    first_three = [name.split("_")[0] for name in seen["go2_joints"][:3]]
    assert (len(set(first_three)) == 1) == (seen["engine"] == "isaaclab-newton")
