"""The flat velocity task of Go1, on a CPU with three environments."""

from importlib.metadata import version

import pytest
import torch

pytestmark = [pytest.mark.mjlab, pytest.mark.slow]
pytest.importorskip("mjlab", reason="needs mjlab: make setup-mjlab")

from agents.mjlab import train_config  # noqa: E402
from landward.constraint import Constraint  # noqa: E402
from landward.errors import LandwardError, RegistryError  # noqa: E402
from sims.check import check_env  # noqa: E402
from sims.mjlab import tasks  # noqa: E402, F401 - registers the family
from sims.mjlab.cfg import MjlabCfg  # noqa: E402
from sims.registry import get_task, make_env  # noqa: E402

TASK = "mjlab:Mjlab-Velocity-Flat-Unitree-Go1"
LEGS = ("FR", "FL", "RR", "RL")
JOINTS = tuple(f"{leg}_{joint}_joint" for leg in LEGS for joint in ("hip", "thigh", "calf"))
TORQUE = Constraint("torque", "joint_torque", 20.0, "N m")


@pytest.fixture(scope="module")
def env():
    cfg = MjlabCfg(constraints=(TORQUE,))
    made = get_task(TASK).make_env(TASK, cfg, 3, 1, None)
    yield made
    made.close()


def test_the_spec_is_the_tasks_own_by_name(env):
    spec = env.spec
    assert (spec.task, spec.robot, spec.control_period, spec.actor) == (TASK, "go1", 0.02, ("actor",))
    terms = {term.name: term for term in spec.group("actor")}
    assert {name: term.kind for name, term in terms.items()} == {
        "base_lin_vel": "linear_velocity",
        "base_ang_vel": "angular_velocity",
        "projected_gravity": "projected_gravity",
        "joint_pos": "joint_position",
        "joint_vel": "joint_velocity",
        "actions": "last_action",
        "command": "command",
    }
    robot = env.lab.scene["robot"]
    default = tuple(robot.data.default_joint_pos[0].tolist())
    assert terms["joint_pos"].names == terms["joint_vel"].names == tuple(robot.joint_names) == JOINTS
    assert terms["joint_pos"].offset == pytest.approx(default)
    assert terms["joint_pos"].noise.scale == pytest.approx(0.01)
    assert (terms["base_ang_vel"].frame, terms["base_ang_vel"].unit) == ("imu", "rad/s")
    assert terms["command"].names == ("vx", "vy", "wz")
    forces = {term.name: term for term in spec.group("critic")}["foot_contact_forces"]
    assert (forces.kind, forces.unit) == ("contact_force", "1")  # mjlab takes their logarithm
    (action,) = spec.actions
    assert (action.kind, action.unit, action.names) == (
        "joint_position_target",
        "rad",
        terms["actions"].names,
    )
    assert dict(zip(action.names, action.offset, strict=True)) == pytest.approx(
        dict(zip(robot.joint_names, default, strict=True))
    )
    assert len(action.stiffness) == len(action.damping) == len(action.effort_limit) == 12


def test_it_keeps_the_contract(env):
    errors = {finding.check: finding for finding in check_env(env) if finding.level == "error"}
    # Both are the task's own: it shows its actor what no sensor of the robot measures, and its reward
    # feet_swing_height remembers the highest swing over a reset.
    assert set(errors) <= {"privileged", "seeds"}, errors
    assert "base_lin_vel" in errors["privileged"].message


def test_the_same_seed_gives_the_same_episodes(env):
    seen = []
    for _ in range(2):
        generator = torch.Generator().manual_seed(7)
        rollout = [env.reset(seed=5)["actor"]]
        rollout += [env.step(torch.randn(3, 12, generator=generator)).obs["actor"] for _ in range(4)]
        seen.append(torch.stack(rollout))
    assert torch.equal(*seen)
    assert not torch.equal(seen[0][0], env.reset(seed=6)["actor"])


def test_an_action_moves_the_joint_that_the_spec_names(env):
    """Gravity pulls all joints, so the target of one is compared with the same start without it."""
    joint = "RL_calf_joint"
    column = env.spec.actions[0].names.index(joint)
    robot = env.lab.scene["robot"]
    seen = []
    for push in (0.0, 1.0):
        env.reset(seed=5)
        raw = torch.zeros(3, 12)
        raw[:, column] = push
        for _ in range(3):
            env.step(raw)
        seen.append(robot.data.joint_pos[0].clone())
    moved = (seen[1] - seen[0]).abs()
    assert tuple(robot.joint_names)[int(moved.argmax())] == joint
    assert seen[1][int(moved.argmax())] > seen[0][int(moved.argmax())]


def test_the_clock_truncates_and_a_fall_terminates(env):
    env.reset(seed=2)
    env.step(torch.zeros(3, 12))
    steps = env.episode_steps.clone()
    steps[0] = env.max_episode_steps - 1
    env.episode_steps = steps
    robot = env.lab.scene["robot"]
    pose = torch.cat([robot.data.root_link_pos_w, robot.data.root_link_quat_w], 1)[1:2].clone()
    pose[:, 2] += 0.5
    pose[:, 3:] = torch.tensor([0.0, 1.0, 0.0, 0.0])  # (w, x, y, z): on its back
    robot.write_root_link_pose_to_sim(pose, env_ids=torch.tensor([1]))
    step = env.step(torch.zeros(3, 12))
    assert step.truncated.tolist() == [True, False, False]
    assert step.terminated.tolist() == [False, True, False]
    assert env.episode_steps.tolist() == [0, 0, 2]
    # the last observation is the one on its back, the next one stands
    gravity = env.spec.group("actor")
    start = sum(term.size for term in gravity[: [term.name for term in gravity].index("projected_gravity")])
    assert float(step.final_obs["actor"][1, start + 2]) > 0.5
    assert float(step.obs["actor"][1, start + 2]) < -0.5
    assert torch.equal(step.final_obs["actor"][2], step.obs["actor"][2])


def test_measurements_give_the_managers_own_observation(env):
    env.reset(seed=3)
    for _ in range(3):
        step = env.step(0.3 * torch.randn(3, 12))
    measured, start = env.measurements(), 0
    own = env.lab.observation_manager._obs_buffer["actor"]
    assert not step.truncated.any() and not step.terminated.any()
    for term in env.spec.group("actor"):
        column, start = own[:, start : start + term.size], start + term.size
        if term.kind == "last_action":
            assert term.name not in measured
            continue
        scale, offset = torch.tensor(term.scale), torch.tensor(term.offset)
        torch.testing.assert_close(
            (measured[term.name] - offset) * scale, column, rtol=0.0, atol=1e-6, msg=term.name
        )
    noise = measured["joint_pos"] - env.lab.scene["robot"].data.joint_pos_biased
    assert 0.0 < float(noise.abs().max()) <= 0.01 + 1e-6  # what an encoder reads, in radians


def test_constraints_read_the_state_before_the_reset(env):
    env.reset(seed=4)
    step = env.step(torch.zeros(3, 12))
    torque = env.lab.scene["robot"].data.qfrc_actuator
    assert step.constraints["torque"].shape == (3, 12)
    torch.testing.assert_close(step.constraints["torque"], torque.abs() - 20.0)


def test_overrides_reach_the_task():
    cfg = MjlabCfg(overrides=("episode_length_s=1", "observations.actor.enable_corruption=False"))
    with get_task(TASK).make_env(TASK, cfg, 2, 1, None) as made:
        assert made.max_episode_steps == 50
        noise = {term.name: term.noise for term in made.spec.group("actor")}
        measured = made.measurements()["joint_pos"]
        assert noise["joint_pos"] is None
        torch.testing.assert_close(measured, made.lab.scene["robot"].data.joint_pos_biased)


def test_an_unknown_task_lists_the_closest():
    with pytest.raises(RegistryError, match="did you mean Mjlab-Velocity-Flat-Unitree-G"):
        make_env("mjlab:Mjlab-Velocity-Flat-Unitree-Go2", 2)


def test_a_file_that_a_task_needs_is_named():
    with pytest.raises(LandwardError, match="asks for the file '', .* commands.motion.motion_file=PATH"):
        make_env("mjlab:Mjlab-Tracking-Flat-Unitree-G1", 2)


def test_training_says_what_it_needs():
    if version("rsl-rl-lib").startswith("5.4"):
        with pytest.raises(LandwardError, match="needs rsl-rl-lib 5.5.1, mjlab pins 5.4"):
            train_config(TASK)
