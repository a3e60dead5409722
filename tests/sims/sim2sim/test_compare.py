"""The matrix: figures, ratios, and what makes a comparison unsound."""

import json
import math

import numpy as np
import pytest

from landward.errors import SimulationError
from sims.sim2sim.compare import compare, ratio_of
from sims.sim2sim.plan import Plan, Variant
from sims.sim2sim.report import print_comparison, write_report
from tests.sims.planted import SWAP
from tests.sims.sim2sim.walks import GO1, SPEC, result

PLAN = Plan("p.onnx", "go1-flat", 4, 3.0, 100, (Variant("mujoco", "mujoco"), Variant("warp", "warp")))


def other(**changes):
    return result("warp", **changes)


def test_figures_and_ratios_by_hand():
    # 0.16 / 4 steps against 0.04 / 4: errors of 0.2 and 0.1 m/s.
    fell = np.array([True, False, False, False])
    violated = {"joint_torque": np.array([1, 0, 0, 1])}
    worse = other(squares=np.full((4, 3), 0.16), fell=fell, violations=violated)
    columns = compare(PLAN, [result("mujoco"), worse], SPEC, GO1).columns
    assert columns[0].figures["rmse_vx"].value == pytest.approx(0.1)
    assert columns[1].figures["rmse_vx"].value == pytest.approx(0.2)
    ratio = columns[1].ratios["rmse_vx"]
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((2.0, 2.0, 2.0))
    assert columns[1].figures["falls"].value == 0.25
    assert columns[1].figures["violations.joint_torque"].value == pytest.approx(2 / 40)
    assert columns[1].ratios["falls"].n == 0  # none in the reference: no ratio
    assert all(e.value == 1.0 for e in columns[0].ratios.values() if e.n)


def test_ratios_resample_pairs():
    # Every episode is twice as bad in one engine: however they are drawn, the ratio is the same.
    squares, steps = np.array([1.0, 4.0, 9.0, 100.0]), np.full(4, 2)
    doubled = ratio_of((4 * squares, steps, np.sqrt, "m/s"), (squares, steps, np.sqrt, "m/s"))
    assert (doubled.value, doubled.low, doubled.high) == pytest.approx((2.0, 2.0, 2.0))
    mixed = ratio_of((squares[::-1], steps, np.sqrt, "m/s"), (squares, steps, np.sqrt, "m/s"))
    assert mixed.low < 1.0 < mixed.high and mixed.value == 1.0


def test_a_sound_comparison_and_what_makes_it_unsound():
    assert compare(PLAN, [result("mujoco"), other()], SPEC, GO1).sound
    assert not compare(PLAN, [result("mujoco")], SPEC, GO1, {"warp": "hangs"}).sound
    faulty = other()
    faulty.terms["joint_pos"] = faulty.terms["joint_pos"][..., SWAP]
    comparison = compare(PLAN, [result("mujoco"), faulty], SPEC, GO1)
    assert not comparison.sound
    assert "joint_pos: joints FR_* and FL_* are swapped" in comparison.first[0]


def test_results_that_do_not_belong_together_are_refused():
    mixed = other(facts={**result("x").facts, "policy_hash": "def"})
    with pytest.raises(SimulationError, match="warp has policy_hash def and mujoco abc"):
        compare(PLAN, [result("mujoco"), mixed], SPEC, GO1)
    with pytest.raises(SimulationError, match="no engine has a result; warp: it hangs"):
        compare(PLAN, [], SPEC, GO1, {"warp": "it hangs"})


def test_reports(tmp_path, capsys):
    from rich.console import Console

    fallen = other()
    fallen.terms["joint_vel"] = fallen.terms["joint_vel"].copy()
    fallen.terms["joint_vel"][2:] = np.nan
    comparison = compare(PLAN, [result("mujoco"), fallen], SPEC, GO1, {"isaaclab-newton": "it hangs"})
    page = write_report(comparison, tmp_path / "out").read_text()
    assert page.count("<svg") == 3 and "it hangs" in page and "ISAAC" not in page
    data = json.loads((tmp_path / "out" / "sim2sim.json").read_text())
    assert data["engines"]["warp"]["ratios"]["rmse_vx"]["value"] == pytest.approx(1.0)
    assert data["failed"] == {"isaaclab-newton": "it hangs"} and data["sound"] is False
    assert data["times"] == [0.0, 0.02, 0.04, 0.06, 0.08, 0.1]
    velocities = next(d for d in data["differences"]["warp"] if d["term"] == "joint_vel")
    assert velocities["rms"] == [0.0, 0.0, None, None, None, None]
    assert not math.isnan(data["engines"]["mujoco"]["figures"]["rmse_wz"]["high"])
    print_comparison(comparison, Console(width=100))
    shown = capsys.readouterr().out
    assert "[0.100, 0.100] m/s" in shown and "1.00 [1.00, 1.00] ×" in shown
    assert "failed: isaaclab-newton: it hangs" in shown
