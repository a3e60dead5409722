"""What every engine is given: drawn once, written down, read back."""

import numpy as np
import pytest

from landward.errors import LandwardError, RegistryError
from sims.sim2sim.plan import (
    Plan,
    check_length,
    draw_episodes,
    load_plan,
    parse_variants,
    play_configuration,
    save_plan,
)


def test_engines_are_named_with_their_settings_and_devices():
    coarse, fine, warp = parse_variants("mujoco, mujoco@fine,warp", "cuda:1", 0.02)
    assert (coarse.label, coarse.engine, coarse.device, coarse.overrides) == ("mujoco", "mujoco", "cpu", {})
    assert (fine.label, fine.engine) == ("mujoco@fine", "mujoco")
    assert fine.overrides["physics.timestep"] * fine.overrides["physics.substeps"] == pytest.approx(0.02)
    assert (warp.label, warp.device) == ("warp", "cuda:1")
    both = parse_variants("mujoco,mujoco@fine+explicit", "cpu", 0.02)[1]
    assert both.overrides == {**fine.overrides, "physics.actuator": "dc_motor"}


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        ("mujoco", LandwardError, "at least two, such as mujoco,warp"),
        ("mujoco,mujoco", LandwardError, "named twice"),
        ("mujoco,mujoco@quick", LandwardError, "no setting 'quick': fine and explicit may follow @"),
        ("mujoco,wrap", RegistryError, "did you mean warp"),
    ],
)
def test_engines_that_make_no_sense(names, error, words):
    with pytest.raises(error, match=words):
        parse_variants(names, "cpu", 0.02)


@pytest.mark.parametrize(("episodes", "seconds"), [(0, 10.0), (4, 2.0), (4, float("inf"))])
def test_lengths_that_make_no_sense(episodes, seconds):
    with pytest.raises(LandwardError, match="episodes is 0|at least 2.1 s"):
        check_length(episodes, seconds)


def test_a_plan_is_read_back_as_it_was_drawn(tmp_path):
    cfg = play_configuration("go1-flat")
    drawn = draw_episodes(cfg, 5, 100)
    plan = Plan("p.onnx", "go1-flat", 5, 3.0, 100, parse_variants("mujoco,mujoco@fine", "cpu", 0.02))
    save_plan(tmp_path, plan, drawn)
    loaded, episodes = load_plan(tmp_path)
    assert loaded == plan and loaded.variant("mujoco@fine") == plan.variants[1]
    np.testing.assert_array_equal(episodes.command, drawn.command)
    for ours, theirs in zip(episodes.start, drawn.start, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_seed_decides_and_the_task_bounds_the_commands():
    cfg = play_configuration("go1-flat")
    one, two, other = (draw_episodes(cfg, 50, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.start.joint_pos, two.start.joint_pos)
    assert (one.start.joint_pos != other.start.joint_pos).all()
    assert one.command[:, 0].min() >= 0.0 and one.command[:, 0].max() <= cfg.commands.vx[1]
    assert np.abs(one.start.joint_pos - np.array(cfg_pose())).max() <= cfg.resets.joint_pos + 1e-6


def cfg_pose():
    from robots import get_robot

    return get_robot("go1").default_joint_pos


def test_rough_ground_starts_on_tiles_of_the_middle_level():
    from sims.terrain_grid import make_terrain

    cfg = play_configuration("go1-rough")
    assert cfg.terrain is not None
    start = draw_episodes(cfg, 3, 0).start
    ground = make_terrain(cfg.terrain)
    tiles = ground.origins[ground.levels // 2][:3]
    assert np.abs(start.root_pos[:, :2] - tiles[:, :2]).max() <= cfg.resets.xy + 1e-6


def test_tasks_of_others_cannot_change_their_engine(monkeypatch):
    import sims.registry

    entry = sims.registry.TaskEntry("foreign", "", lambda play: object(), lambda *_: None, "x:y")  # type: ignore
    monkeypatch.setattr("sims.sim2sim.plan.get_task", lambda name: entry)
    with pytest.raises(LandwardError, match="'foreign' is no velocity task of Landward's"):
        play_configuration("foreign")
